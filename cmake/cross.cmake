# SPDX-License-Identifier: Apache-2.0

# The toolchain file of a cross build with Debian's compilers: release/cross_build.sh gives TRAFFICTAP_ARCH, as Debian names
# it, and TRAFFICTAP_SYSROOT, the folder that release/sysroot.py made. Libraries and headers come from there alone, programs
# such as protoc and npm from this machine.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TRAFFICTAP_ARCH TRAFFICTAP_SYSROOT)
if(TRAFFICTAP_ARCH STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
else()
  message(FATAL_ERROR "TRAFFICTAP_ARCH is \"${TRAFFICTAP_ARCH}\": only arm64 is built so")
endif()
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_CXX_COMPILER ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-g++)
set(CMAKE_SYSROOT ${TRAFFICTAP_SYSROOT})

set(CMAKE_FIND_ROOT_PATH ${TRAFFICTAP_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${TRAFFICTAP_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
  ${TRAFFICTAP_SYSROOT}/usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-gnu/pkgconfig:${TRAFFICTAP_SYSROOT}/usr/share/pkgconfig)

# Runs what was built, where the build does: the man page is written by the program.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR}-static -L ${TRAFFICTAP_SYSROOT})
