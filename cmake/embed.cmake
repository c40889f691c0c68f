# nachbau_embed(TARGET NAMESPACE::Function FILE [DEPENDS …])
#
# Compiles the bytes of FILE into TARGET as `std::string_view NAMESPACE::Function()`. FILE may be generated.
# Also run as a script (cmake -P) at build time to write the C++ source.
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(READ "${INPUT}" hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX MATCH "^(.*)::([^:]+)$" unused "${FUNCTION}")
  file(WRITE "${OUTPUT}"
       "#include <string_view>\n\nnamespace ${CMAKE_MATCH_1} {\n\n"
       "std::string_view ${CMAKE_MATCH_2}();\n\n"
       "namespace {\nconst unsigned char kBytes[] = {\n${bytes}0x00};\n}  // namespace\n\n"
       "std::string_view ${CMAKE_MATCH_2}() {\n"
       "  return {reinterpret_cast<const char*>(kBytes), ${size}};\n}\n\n}  // namespace ${CMAKE_MATCH_1}\n")
  return()
endif()

include_guard()
set(NACHBAU_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(nachbau_embed target function file)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  string(MAKE_C_IDENTIFIER "embedded_${function}" identifier)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${identifier}.cc)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${source} -DFUNCTION=${function} -P ${NACHBAU_EMBED_SCRIPT}
    DEPENDS ${file} ${ARG_DEPENDS} ${NACHBAU_EMBED_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${source})
  set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)  # one number after the other
endfunction()
