// The recipe `debian`: how a Debian build daemon builds a source package.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/lock.h"

namespace nachbau::builder {

struct DebianRecipe {
  std::string dsc;                                 // file name of the .dsc
  std::string build_path;                          // /build/reproducible-path/<source>-<upstream version>
  std::vector<std::string> command;                // dpkg-buildpackage …
  std::map<std::string, std::string> environment;  // of the command; nothing else is there
  std::string script;                              // shell text that unpacks the source and runs the command
};

inline constexpr const char* kSourceDirectory = "/build/source";  // where the source files are shown, read-only
inline constexpr const char* kBuildDirectory = "/build/reproducible-path";  // as on Debian's build daemons

// Throws MissingError when the lock names no .dsc; ParseError when it names two, or for a source, version or file name that
// is none.
DebianRecipe MakeDebianRecipe(const Lock& lock, std::uint32_t parallel, bool run_tests);

}  // namespace nachbau::builder
