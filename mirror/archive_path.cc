#include "mirror/archive_path.h"

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::mirror {

std::string CleanArchivePath(std::string_view path, std::string_view name, std::uint64_t line) {
  const auto refuse = [&] {
    throw ParseError(name, line, Msg("not a path below the archive: {}", Printable(path.substr(0, 200))));
  };
  if (path.size() > 4096 || (!path.empty() && path.front() == '/')) refuse();
  std::string clean;
  for (std::string_view rest = path; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (!IsSafeFileName(part)) refuse();  // refuses ".." too
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

}  // namespace nachbau::mirror
