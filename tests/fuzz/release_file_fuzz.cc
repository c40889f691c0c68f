// Release files of foreign bytes: an answer or a ParseError. Paths that come out stay below the archive.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mirror/release_file.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(release_file) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const nachbau::mirror::ReleaseFile release = nachbau::mirror::ParseRelease(text, "fuzz");
    for (const auto& [path, entry] : release.files) {
      if (path.empty() || path.front() == '/' || ("/" + path + "/").find("/../") != path.npos) std::abort();
      if (path.find('\n') != path.npos || text.find(entry.sha256.Hex()) == text.npos) std::abort();
    }
    // Written and read again, a date is the same.
    if (nachbau::ParseTime(nachbau::FormatTime(release.date), "date") != release.date) std::abort();
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
