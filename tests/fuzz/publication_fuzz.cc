// The record of a published suite, damaged: no path in it leads out of the repository.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "mirror/publication.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(publication) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto publication = nachbau::mirror::ParsePublication(text, "fuzz");
    const auto check = [](const std::string& path) {
      if (path.starts_with('/') || ("/" + path + "/").find("/../") != std::string::npos) std::abort();
    };
    for (const auto& file : publication.files) check(file.path);
    for (const auto& path : publication.by_hash) check(path);
    for (const auto& superseded : publication.superseded) check(superseded.path);
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
