// What a build does, whatever kind of recipe says so.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/lock.h"
#include "store/store.h"

namespace nachbau::builder {

inline constexpr const char* kSourceDirectory = "/build/source";  // where the source files are shown, read-only
inline constexpr const char* kBuildDirectory = "/build/reproducible-path";  // as on Debian's build daemons

struct Recipe {
  std::string build_path;                          // /build/reproducible-path/<source>-<upstream version>
  std::vector<std::string> command;                // for the record
  std::map<std::string, std::string> environment;  // of the command; nothing else is there
  std::string script;  // shell text that unpacks the source, has the line kUnpacked, and runs the command
  std::map<std::string, std::string> files;        // put into the root for the build: path relative to it → content
  // What build_path is in: the build user's own. A .buildinfo file may name another one than Debian's build daemons have.
  std::string build_directory = kBuildDirectory;
  // Beneath build_directory: where the outputs are. Empty: in it itself, as dpkg-buildpackage leaves them.
  std::string output_directory;
};

inline constexpr const char* kUnpacked = "# unpacked\n";

// By the kind that the lock names. Throws MissingError or ParseError for a lock that cannot be built.
Recipe MakeRecipe(const Lock& lock, const Store& store, std::uint32_t parallel);

}  // namespace nachbau::builder
