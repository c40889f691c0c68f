// Runs the maintainer scripts of a composed root in the sandbox.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "builder/dpkg_database.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// The user that builds run as; passwd(5) names for uid and gid 1000.
inline constexpr const char* kBuildUser = "builder";

// In the current directory `configured`/, as root inside: the package database and what the scripts need. With a root
// beneath: what it has installed.
void WriteUnconfigured(const std::vector<UnpackedPackage>& packages, const std::filesystem::path& configured,
                       const InstalledState* installed = nullptr);

// Runs the scripts over the layer `root`/base and those `beneath` it, topmost first; what they write lands in
// `root`/configured. `now` is their SOURCE_DATE_EPOCH; they have half an hour, whatever `limits` says. Throws Error with
// the end of their output when they fail.
void RunMaintainerScripts(const std::filesystem::path& root, const std::vector<std::filesystem::path>& beneath,
                          UnixSeconds now, const IdMap& map, const SandboxLimits& limits,
                          const std::atomic<bool>* cancelled, Progress::Task& task);

// In the current directory `configured`/, as root inside: no time of a file is later than `now`.
void ClampTimes(UnixSeconds now);

// The shell text that RunMaintainerScripts runs.
std::string ConfigureScript(const std::vector<UnpackedPackage>& packages, const InstalledState* installed = nullptr);

}  // namespace nachbau::builder
