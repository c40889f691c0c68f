// Git objects, .gitmodules files and answers of Git LFS servers of foreign bytes: read or refused, never more; and what is
// signed is never what the signature itself says.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mirror/git_object.h"
#include "mirror/large_files.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

template <typename Parse>
void Try(const Parse& parse) {
  try {
    parse();
  } catch (const nachbau::ParseError&) {
  }
}

}  // namespace

FUZZ_TARGET(git_object) {
  namespace mirror = nachbau::mirror;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const mirror::GitIrregularity pass = [](const std::string&) {};
  Try([&] {
    std::size_t bytes = 0;
    for (const mirror::GitTreeItem& item : mirror::ParseGitTree(input, "fuzz", pass)) {
      if (item.id.size() != 40 || item.name.find('\0') != item.name.npos) std::abort();
      bytes += item.name.size() + 22;
    }
    if (bytes > input.size()) std::abort();
  });
  Try([&] {
    const mirror::GitHeaders commit = mirror::ParseGitCommit(input, "fuzz", pass);
    if (commit.signature.empty() != commit.payload.empty() || commit.payload.size() >= input.size() + 1) std::abort();
  });
  Try([&] {
    const mirror::GitHeaders tag = mirror::ParseGitTag(input, "fuzz", pass);
    if (!tag.signature.empty() && tag.payload + tag.signature != input) std::abort();
  });
  Try([&] {
    if (mirror::ParseLargeFilePointer(input, "fuzz").sha256.size() != 64) std::abort();
  });
  Try([&] {
    for (const mirror::GitModule& module : mirror::ParseGitModules(input, "fuzz")) {
      if (module.path.empty() || module.url.empty()) std::abort();
    }
  });
  Try([&] {
    for (const mirror::LargeFileAction& action : mirror::ParseLargeFileAnswer(input, "fuzz")) {
      for (const std::string& header : action.headers) {
        if (header.find('\n') != header.npos) std::abort();
      }
    }
  });
  return 0;
}
