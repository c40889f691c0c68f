// Unpacks one binary package (deb(5)) into a directory, without trusting it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "builder/sandbox/sandbox.h"

namespace nachbau::builder {

// One member of data.tar.
struct UnpackedEntry {
  bool directory = false;
  mode_t mode = 0;  // permission bits
  uid_t uid = 0;    // inside
  gid_t gid = 0;
  UnixSeconds mtime = 0;
  std::string path;  // relative, no "." or ".." in it; "." for the root
  auto operator<=>(const UnpackedEntry&) const = default;
};

// kIgnored: in a user namespace of one id, where nobody else could own a file.
enum class Owners { kKept, kIgnored };
inline Owners OwnersFor(const IdMap& map) { return map.HasOneId() ? Owners::kIgnored : Owners::kKept; }

// Puts the content of data.tar beneath `directory`/data with owners, modes and times, the members of control.tar into
// `directory`/control (plain files), and the list of what data.tar contains, parents first, into `directory`/entries. To
// be called as root in a user namespace: an owner outside its ids is an error. Refuses with ParseError: paths that are
// absolute, contain ".." or pass through a symbolic link, devices, sockets, the same file twice. `name` is the package's
// file name, for messages.
void UnpackDeb(const FileDescriptor& deb, const FileDescriptor& directory, std::string_view name,
               Owners owners = Owners::kKept);

// Reads `directory`/entries. Throws ParseError.
std::vector<UnpackedEntry> ReadEntries(const FileDescriptor& directory, std::string_view name);

// One line per entry: "d|f mode uid gid mtime path\n", mode octal. A path has no line end in it.
std::string FormatEntries(const std::vector<UnpackedEntry>& entries);
std::vector<UnpackedEntry> ParseEntries(std::string_view text, std::string_view name);

}  // namespace nachbau::builder
