// A place to make build roots in: a store, a cache and a lock of packages.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "builder/root.h"
#include "tests/builder/deb_maker.h"
#include "tests/builder/host_tools.h"

namespace nachbau::builder {

// The package host-tools is in its lock from the beginning.
class Workshop {
 public:
  explicit Workshop(const IdMap& map = FindIdMap())
      : area_("/var/tmp", "nachbau-root-test-"), store_(area_.path() / "store"), map_(map) {
    lock_.source = "p";
    lock_.version = "1";
    UseCache("cache");
    Add("host-tools", HostToolsDeb());
  }
  ~Workshop() {
    for (const auto& entry : std::filesystem::directory_iterator(area_.path())) {
      if (entry.path().filename() != "store") RemoveTree(map_, entry.path());
    }
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  void UseCache(const std::string& name) { config_.cache_directory = area_.path() / name; }
  void Add(const std::string& name, const std::string& deb) {
    lock_.files.push_back(EnvironmentFile(store_, name, deb));
  }
  RootLayers Make() {
    SilentProgress progress;
    return MakeRoot(lock_, config_, map_, store_, progress);
  }
  BuilderConfig& config() { return config_; }
  Lock& lock() { return lock_; }
  const IdMap& map() const { return map_; }
  std::filesystem::path Cache() const {
    for (const auto& entry : std::filesystem::directory_iterator(config_.cache_directory)) {
      if (entry.is_directory()) return entry.path();
    }
    throw MissingError(Msg("no cache"));
  }
  // Names in the cache that are not finished.
  std::vector<std::string> Unfinished() const {
    std::vector<std::string> names;
    for (const char* part : {"packages", "roots"}) {
      for (const auto& entry : std::filesystem::directory_iterator(Cache() / part)) {
        if (entry.path().filename().native().front() == '.') names.push_back(entry.path().filename());
      }
    }
    return names;
  }

 private:
  TemporaryDirectory area_;
  Store store_;
  IdMap map_;
  BuilderConfig config_;
  Lock lock_;
};

inline std::string Script(const std::string& text) { return "#!/bin/sh\nset -e\n" + text; }

// Process id of a child that makes the root and exits with 0, or 1 when it cannot.
inline int MakeInChild(Workshop& shop) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  int status = 1;
  try {
    shop.Make();
    status = 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  ::_exit(status);
}

}  // namespace nachbau::builder
