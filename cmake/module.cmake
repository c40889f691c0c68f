# nachbau_module(NAME [SOURCES …] [HEADERS …] [DEPS …] [PRIVATE_DEPS …])
#
# One room of the house: the static library nachbau_NAME. Only the rooms named in DEPS can be reached from it;
# a call into any other room fails to link in that room's own test program.
include_guard()

set(NACHBAU_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
                     -Wnull-dereference -Wformat=2 -Werror)
# GCC 12 reports these inside its own standard library headers when it inlines with optimisation or sanitizers.
set(NACHBAU_WARNINGS_OFF -Wno-null-dereference -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow
                         -Wno-array-bounds -Wno-dangling-pointer)

function(nachbau_settings target)
  target_compile_options(${target} PRIVATE ${NACHBAU_WARNINGS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE ${NACHBAU_WARNINGS_OFF})
  endif()
  if(NACHBAU_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${NACHBAU_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${NACHBAU_SANITIZE})
    # What UBSan finds is a trap, which AddressSanitizer reports with its place (sanitizer_defaults.cc): the tables that its
    # own reports need are 100 MB of a program's data, registered and searched each time it starts. Without `vptr`, which
    # cannot trap.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NACHBAU_SANITIZE MATCHES "address.*undefined")
      target_compile_options(${target} PRIVATE -fsanitize-undefined-trap-on-error)
      get_target_property(type ${target} TYPE)
      if(type STREQUAL "EXECUTABLE")
        target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/sanitizer_defaults.cc)
        set_source_files_properties(${PROJECT_SOURCE_DIR}/cmake/sanitizer_defaults.cc TARGET_DIRECTORY ${target}
                                    PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
      endif()
    endif()
  endif()
endfunction()

# For the programs of the tests. These three of UBSan's checks take much of the time to compile them, with the macros of
# gmock; the rooms under test have them all, and AddressSanitizer sees what comes of a null pointer.
function(nachbau_lighter_sanitizers target)
  if(NACHBAU_SANITIZE)
    target_compile_options(${target} PRIVATE -fno-sanitize=vptr,null,alignment)
  endif()
endfunction()

# With NACHBAU_PRECOMPILED, what nearly every file reads is parsed once: halves the time of a test build. One set for the
# rooms, one for the programs of the tests.
#
# The preset asan makes programs for fixed addresses: the sanitizers' tables would have four million addresses to be adjusted
# each time a program starts (half a second), and to be written by the linker.
function(nachbau_precompiled name kind)
  cmake_parse_arguments(ARG "" "" "HEADERS;DEPS" ${ARGN})
  set(source "")
  if(kind STREQUAL "executable")
    set(source "int main() {}\n")
  endif()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/precompiled/${name}.cc CONTENT "${source}")
  cmake_language(CALL add_${kind} ${name} ${PROJECT_BINARY_DIR}/precompiled/${name}.cc)
  target_precompile_headers(${name} PRIVATE <algorithm> <filesystem> <functional> <map> <memory> <optional> <string>
                                            <vector> <nlohmann/json.hpp> ${ARG_HEADERS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  nachbau_settings(${name})
endfunction()

function(nachbau_reuse target precompiled)
  if(TARGET ${precompiled})
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
  endif()
endfunction()

# With NACHBAU_TOGETHER, sources that have no name of their own in common are compiled as one: the libraries' headers and
# templates, which take most of the time, are compiled once for all of them. For builds of everything; hides a missing
# #include.
function(nachbau_together target)
  if(NOT NACHBAU_TOGETHER)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "^[a-z0-9_/]+[.]cc$")
  execute_process(COMMAND python3 ${PROJECT_SOURCE_DIR}/cmake/groups.py ${sources}
                  WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE groups COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" groups "${groups}")
  set(number 0)
  foreach(group IN LISTS groups)
    math(EXPR number "${number} + 1")
    string(REPLACE " " ";" group "${group}")
    set_source_files_properties(${group} PROPERTIES UNITY_GROUP ${number})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # GCC takes the one file that includes the sources for the place of no class's definition.
  target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})
endfunction()

function(nachbau_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(nachbau_${name} STATIC ${ARG_SOURCES})
  target_sources(nachbau_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_link_libraries(nachbau_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  nachbau_settings(nachbau_${name})
  nachbau_reuse(nachbau_${name} precompiled_rooms)
  nachbau_together(nachbau_${name})
endfunction()

# nachbau_test(ROOM SOURCES … [DEPS …] [SHARDS N | APART]): the test program of one room; links only that room and what DEPS
# names. A test of ctest is the whole program, or one of N parts of it: starting a program of this size under
# AddressSanitizer for each of its tests takes longer than most of them. APART: each test in a process of its own, for tests
# whose children must not begin with the memory of all tests before.
function(nachbau_test room)
  cmake_parse_arguments(ARG "APART" "SHARDS" "SOURCES;DEPS" ${ARGN})
  add_executable(${room}_test ${ARG_SOURCES})
  target_link_libraries(${room}_test PRIVATE nachbau_${room} ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_include_directories(${room}_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${room}_test PRIVATE NACHBAU_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  nachbau_settings(${room}_test)
  nachbau_lighter_sanitizers(${room}_test)
  nachbau_reuse(${room}_test precompiled_tests)
  nachbau_together(${room}_test)
  if(ARG_APART)
    gtest_discover_tests(${room}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${room} TIMEOUT 300)
    return()
  endif()
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  foreach(shard RANGE 1 ${ARG_SHARDS})
    math(EXPR index "${shard} - 1")
    add_test(NAME unit.${room}.${shard} COMMAND ${room}_test --gtest_brief=1)
    set_tests_properties(unit.${room}.${shard} PROPERTIES LABELS ${room} TIMEOUT 1500
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()
