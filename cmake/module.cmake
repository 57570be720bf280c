# SPDX-License-Identifier: Apache-2.0

# traffictap_module(<name> [USES <modules and libraries>] [SOURCES <files>]): one static library per folder.
# Sources default to every .cc in the folder but main.cc.
function(traffictap_module name)
  cmake_parse_arguments(ARG "" "" "USES;SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS *.cc)
    list(FILTER ARG_SOURCES EXCLUDE REGEX "/main\\.cc$")
  endif()
  list(TRANSFORM ARG_USES REPLACE "^([a-z_]+)$" "traffictap_\\1")
  if(NOT ARG_SOURCES)
    add_library(traffictap_${name} INTERFACE)
    target_include_directories(traffictap_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
    target_link_libraries(traffictap_${name} INTERFACE ${ARG_USES})
    return()
  endif()
  add_library(traffictap_${name} STATIC ${ARG_SOURCES})
  target_include_directories(traffictap_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(traffictap_${name} PUBLIC ${ARG_USES})
  traffictap_precompile(traffictap_${name} traffictap_base <algorithm> <functional> <map> <memory> <optional> <string>
    <utility> <vector> <absl/status/statusor.h> <fmt/format.h>)
endfunction()

# traffictap_precompile(<target> <owner> <headers>): precompiles the headers once, in <owner>, for all that name it. They
# are in angle brackets: a path of the checkout would keep ccache from sharing the result. Every source still includes what
# it needs.
function(traffictap_precompile target owner)
  if(NOT TRAFFICTAP_PRECOMPILE)
    return()
  elseif(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# traffictap_test(<module> [USES <modules and libraries>]): one Boost.Test executable and one ctest label per folder.
function(traffictap_test name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  list(TRANSFORM ARG_USES REPLACE "^([a-z_]+)$" "traffictap_\\1")
  file(GLOB sources CONFIGURE_DEPENDS *_test.cc)
  # A folder below with executables of its own keeps its files.
  file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true *)
  foreach(folder ${folders})
    if(IS_DIRECTORY ${folder} AND NOT EXISTS ${folder}/CMakeLists.txt)
      file(GLOB_RECURSE below CONFIGURE_DEPENDS ${folder}/*_test.cc)
      list(APPEND sources ${below})
    endif()
  endforeach()
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE traffictap_${name} ${ARG_USES} traffictap_test_main)
  traffictap_precompile(${name}_test traffictap_test_main)
  add_test(NAME ${name} COMMAND ${name}_test --log_level=test_suite --report_level=short)
  set_tests_properties(${name} PROPERTIES LABELS ${name} TIMEOUT 300)
endfunction()

# traffictap_fuzzer(<name> [USES ...]): <name>_fuzz.cc as a libFuzzer target, with -DTRAFFICTAP_FUZZ=ON and clang;
# otherwise nothing.
function(traffictap_fuzzer name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  if(NOT TRAFFICTAP_FUZZ)
    return()
  endif()
  list(TRANSFORM ARG_USES REPLACE "^([a-z_]+)$" "traffictap_\\1")
  add_executable(${name}_fuzz ${name}_fuzz.cc)
  target_include_directories(${name}_fuzz PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name}_fuzz PRIVATE ${ARG_USES})
endfunction()
