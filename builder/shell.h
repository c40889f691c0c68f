// A look around in the sandbox as a build saw it. A play area: nothing done there is recorded, compared or attested.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builder/builder.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// What a kept tree was: written into it by a failed build under BuilderConfig::keep_failed.
struct KeptBuild {
  Lock lock;
  BuildRecord record;
};
void DescribeKeptBuild(const std::filesystem::path& tree, const Lock& lock, const BuildRecord& record);
// Throws MissingError when `tree` is none.
KeptBuild ReadKeptBuild(const std::filesystem::path& tree);
// Removes the tree with all that mapped ids left in it.
void RemoveKeptBuild(const std::filesystem::path& tree);

struct ShellRequest {
  std::vector<std::string> command;               // found in the PATH inside; empty: an interactive shell
  std::map<std::string, std::string> additional;  // beside the build's environment
  std::filesystem::path tree;  // of a failed build; empty: a fresh one, source unpacked, removed at the end
  // As SandboxRequest::terminal.
  std::function<void(FileDescriptor)> terminal;
};

// Same root, user, environment, build path and limits as the build (`environment` and `build_path` of the record of a
// kept one), without network. Blocks. Throws as Build does, and Error when the source cannot be unpacked.
SandboxResult EnterShell(const Lock& lock, const ShellRequest& request, const BuilderConfig& config, const Store& store,
                         Progress& progress, const std::function<void(std::string_view)>& output);

}  // namespace nachbau::builder
