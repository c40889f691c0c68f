#include "cli/commands.h"

namespace nachbau::cli {

std::span<const Command> Commands() {
  static const std::vector<Command> commands = {
      {"rebuild", "The main job: everything from the source package to the decision", "", "source",
       "Source packages (or a binary package, then its source), or recipe files (*.toml)", 0, 1000,
       {"version", "lock", "sources", "recipe", "build", "builds", "policy", "passphrase"}, RunRebuild},
      {"resolve", "Find source, build environment and references; write the lock", "", "source",
       "Source package, or recipe file (*.toml)", 1, 1,
       {"version", "sources", "recipe", "output"}, RunResolve},
      {"mirror fetch", "Fetch and prove every file of locks into the store",
       "Sources and build dependencies in your own hands", "lock", "Lock files", 1, 1000, {}, RunMirrorFetch},
      {"build", "Build from a lock whose files are mirrored", "", "lock", "Lock file", 1, 1, {"build", "output"},
       RunBuild},
      {"build-log", "Show or search the log of a build, in lines that are safe on a terminal", "", "evidence",
       "Evidence folder, or a build log", 1, 1, {"log"}, RunBuildLog},
      {"compare", "Compare what was built with the references of the lock", "", "evidence", "Evidence folder", 1, 1, {},
       RunCompare},
      {"sbom create", "Describe what was built: CycloneDX SBOM", "Work with SBOMs", "evidence", "Evidence folder", 1, 1,
       {}, RunSbom},
      {"sbom validate", "Validate CycloneDX documents against the official schemas", "", "file", "CycloneDX JSON files",
       1, 1000, {}, RunSbomValidate},
      {"attest", "Sign and log the provenance of an evidence folder's build", "", "evidence", "Evidence folder", 1, 1,
       {"passphrase"}, RunAttest},
      {"verify", "Check evidence folders again, offline, from their files alone", "", "evidence", "Evidence folders", 1,
       1000, {"key"}, RunVerify},
      {"policy", "Decide again about an evidence folder", "", "evidence", "Evidence folder", 1, 1, {"policy", "key"},
       RunPolicy},
      {"vary", "Rebuild under deliberate differences; find those that change the bits", "", "source", "Source package", 0,
       1, {"version", "lock", "sources", "recipe", "build", "only", "each", "output"}, RunVary},
      {"trace sources", "Which source files went into a file that the build made", "What a build read and wrote",
       "file", "Evidence folder, then a file", 2, 2, {}, RunTraceSources},
      {"trace users", "Which programs read and wrote a file", "", "file", "Evidence folder, then a file", 2, 2, {},
       RunTraceUsers},
      {"trace unread", "Which files of the source the build never read", "", "evidence", "Evidence folder", 1, 1, {},
       RunTraceUnread},
      {"trace outside", "Which files the build read that are neither locked nor its own", "", "evidence",
       "Evidence folder", 1, 1, {}, RunTraceOutside},
      {"shell", "Enter the sandbox as a build saw it; nothing of it is recorded", "", "lock",
       "Lock file; a command may follow after --, without one it is an interactive shell", 0, 1, {"build", "shell"},
       RunShell},
      {"root prepare", "Make the build root of a lock ready", "Build roots", "lock", "Lock file", 1, 1, {},
       RunRootPrepare},
      {"store verify", "Hash every object and name the damaged ones", "The content-addressed store", "", "", 0, 0, {},
       RunStoreVerify},
      {"store list", "List all objects with size and digests", "", "", "", 0, 0, {}, RunStoreList},
      {"store rebuild-index", "Make the index anew from the objects", "", "", "", 0, 0, {}, RunStoreRebuildIndex},
      {"log verify", "Recompute the log from its entries and check its checkpoint", "The append-only log", "", "", 0, 0,
       {"key"}, RunLogVerify},
      {"doctor", "What this machine lacks for rebuilding, and how to mend it", "", "", "", 0, 0, {}, RunDoctor},
  };
  return commands;
}

}  // namespace nachbau::cli
