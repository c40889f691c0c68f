// A build root of one static program, for tests of the sandbox.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

class TinyRoot {
 public:
  explicit TinyRoot(const IdMap& map = FindIdMap());
  ~TinyRoot();
  TinyRoot(const TinyRoot&) = delete;
  TinyRoot& operator=(const TinyRoot&) = delete;

  // A request to run the program with these arguments; limits small enough for a test.
  SandboxRequest Request(const std::vector<std::string>& arguments) const;
  const std::filesystem::path& path() const { return area_.path(); }
  const IdMap& map() const { return map_; }

 private:
  TemporaryDirectory area_;
  IdMap map_;
};

struct Ran {
  SandboxResult result;
  std::string output;
};
Ran Run(const SandboxRequest& request);

}  // namespace nachbau::builder
