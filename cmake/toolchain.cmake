# SPDX-License-Identifier: Apache-2.0

# Compiler flags, the compiler cache and the libraries that Debian provides.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths below the checkout count as relative, so that a fresh clone is built from the cache as well.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=true CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
# GCC only: what is in cmake/module.cmake's precompiled headers is a third to a half of a compilation. Clang, which builds
# the fuzz targets alone, would refuse a header that was made with other definitions than its user's.
set(TRAFFICTAP_PRECOMPILE OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(TRAFFICTAP_PRECOMPILE ON)
  add_compile_options(-fpch-preprocess)  # ccache asks for it
  add_compile_options(-pthread)  # some libraries ask for it, and the headers are then for all or none
endif()

add_compile_options(-Wall -Wextra -Werror=unused-result -Wno-unused-parameter -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety)
endif()
if(TRAFFICTAP_SANITIZE)
  add_compile_options(-fsanitize=${TRAFFICTAP_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TRAFFICTAP_SANITIZE})
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(cpprestsdk REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS unit_test_framework system)
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++)
pkg_check_modules(ABSL REQUIRED IMPORTED_TARGET absl_status absl_statusor absl_synchronization)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(CLI11 REQUIRED IMPORTED_TARGET CLI11)
