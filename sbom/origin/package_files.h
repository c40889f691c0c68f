// The files inside a binary package, by kind.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "sbom/origin/elf_file.h"
#include "sbom/origin/file_ids.h"

namespace nachbau::sbom {

// BSI TR-03183-2 v2.1.0, section 3.2.1 wants each executable and each archive named; a shared library and a script
// count as executable (section 8.1.4).
enum class FileKind { kData, kElf, kScript, kArchive };
std::string_view Name(FileKind kind);  // "data", "elf", "script", "archive"

// By the first bytes, the name and the permissions. `begin`: at least the first 512 bytes, or all of them.
FileKind KindOf(std::string_view path, mode_t mode, std::string_view begin);

struct PackagedFile {
  std::string path;  // "/usr/sbin/dnsmasq"; of a maintainer script "DEBIAN/postinst"
  FileKind kind = FileKind::kData;
  FileIds ids;
  std::optional<ElfFile> elf;            // kElf, where it can be read
  std::optional<Sha256Digest> unpacked;  // of a compressed file (gzip, xz …): digest of what is in it
};

// Regular files of data.tar and the maintainer scripts of control.tar, in the order of the package. `sink` gets the
// bytes too; they live until it returns. Files beyond kMaxElf come without bytes and are never kElf. Hard links come as
// a file of their own. Throws ParseError for a damaged package.
void ReadPackageFiles(const FileDescriptor& deb, std::string_view name,
                      const std::function<void(PackagedFile&&, std::string_view bytes)>& sink);

// The wanted files of a package: path → bytes, of those that are there. For archives that a linker was given.
std::vector<std::pair<std::string, std::string>> ReadFilesOf(const FileDescriptor& deb, std::string_view name,
                                                             const std::vector<std::string>& paths);

}  // namespace nachbau::sbom
