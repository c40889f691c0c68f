#include "sbom/checks/artifact_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kHead = 512;  // enough for the magic of tar

bool IsElfProgram(std::string_view head) {
  if (!head.starts_with("\x7f" "ELF") || head.size() < 18) return false;
  const bool little = head[5] == 1;
  const auto type = static_cast<unsigned char>(head[little ? 16 : 17]);
  return type == 2 || type == 3;  // ET_EXEC, ET_DYN
}

bool IsArchive(std::string_view head, std::string_view name) {
  for (const std::string_view magic : {std::string_view("!<arch>\n"), std::string_view("PK\x03\x04"), std::string_view("070701"),
                                       std::string_view("\xed\xab\xee\xdb"), std::string_view("7z\xbc\xaf\x27\x1c")}) {
    if (head.starts_with(magic)) return true;
  }
  if (head.size() > 262 && head.substr(257, 5) == "ustar") return true;
  return name.find(".tar.") != name.npos || name.ends_with(".tgz");
}

// Takes in a file piece by piece.
class Examiner {
 public:
  void Take(std::string_view piece) {
    if (head_.size() < kHead) head_ += piece.substr(0, kHead - head_.size());
    hasher_.Update(piece);
  }

  ArtifactFile Finish(std::string path, mode_t mode) {
    ArtifactFile file;
    file.content = hasher_.Finish();
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    file.elf = IsElfProgram(head_) && path.find("/usr/lib/debug/") == path.npos;
    file.script = head_.starts_with("#!") && (mode & 0111U) != 0;
    file.archive = IsArchive(head_, name);
    file.path = std::move(path);
    return file;
  }

 private:
  std::string head_;
  ContentHasher hasher_;
};

// A regular file of the folder; nothing for anything else.
std::optional<FileDescriptor> OpenRegular(const FileDescriptor& directory, const std::filesystem::path& name, struct stat& status) {
  try {
    FileDescriptor fd = OpenBeneath(directory, name, O_RDONLY | O_NONBLOCK);
    if (fstat(fd.get(), &status) != 0) throw SystemError(errno, Msg("read {}", name.native()));
    if (!S_ISREG(status.st_mode)) return std::nullopt;
    return fd;
  } catch (const SystemError& error) {
    for (const int other : {ELOOP, ENXIO, ENOENT}) {
      if (error.error_number() == other) return std::nullopt;
    }
    throw;
  }
}

}  // namespace

struct ArtifactFiles::Budget {
  std::uint64_t bytes = 0;
  void Spend(std::uint64_t amount) {
    bytes += amount;
    if (bytes > kMaxBytes) throw Error(Msg("more than {} bytes of artifacts", kMaxBytes));
  }
};

void ArtifactFiles::Add(ArtifactFile file) {
  if (files_.size() >= kMaxFiles) throw Error(Msg("more than {} files of artifacts", kMaxFiles));
  by_name_.emplace(file.path.substr(file.path.rfind('/') + 1), files_.size());
  by_sha512_.emplace(file.content.sha512.Hex(), files_.size());
  files_.push_back(std::move(file));
}

// The files of data.tar, and the maintainer scripts of control.tar.
void ArtifactFiles::ReadPackage(const std::filesystem::path& directory, const std::filesystem::path& name, Budget& budget) {
  struct stat status = {};
  const auto fd = OpenRegular(OpenDirectory(directory), name, status);
  if (!fd) return;
  ArchiveReader members(*fd, ArchiveFormat::kAr, name.native());
  while (const auto member = members.Next()) {
    const bool control = member->path.starts_with("control.tar");
    if (!control && !member->path.starts_with("data.tar")) continue;
    ArchiveReader tar([&] { return members.NextPiece(); }, ArchiveFormat::kTar, name.native() + ":" + member->path);
    while (const auto entry = tar.Next()) {
      if (entry->type != ArchiveEntry::Type::kFile) continue;
      Examiner examiner;
      for (std::string_view piece; !(piece = tar.NextPiece()).empty();) {
        budget.Spend(piece.size());
        examiner.Take(piece);
      }
      const std::string_view path = std::string_view(entry->path).substr(entry->path.starts_with("./") ? 2 : 0);
      ArtifactFile file = examiner.Finish(name.native() + "/" + (control ? "DEBIAN/" : "") + std::string(path), entry->mode);
      if (!control || file.executable()) Add(std::move(file));
    }
  }
}

ArtifactFiles::ArtifactFiles(const std::filesystem::path& directory) {
  Budget budget;
  const FileDescriptor beneath = OpenDirectory(directory);
  for (const std::filesystem::path& name : ListFiles(directory)) {
    struct stat status = {};
    const auto fd = OpenRegular(beneath, name, status);
    if (!fd) continue;
    Examiner examiner;
    ReadPieces(*fd, name.native(), [&](std::string_view piece) {
      budget.Spend(piece.size());
      examiner.Take(piece);
    });
    Add(examiner.Finish(name.native(), status.st_mode));
    if (name.extension() == ".deb" || name.extension() == ".udeb") ReadPackage(directory, name, budget);
  }
}

std::vector<std::size_t> ArtifactFiles::WithName(std::string_view file_name) const {
  std::vector<std::size_t> positions;
  const auto [first, last] = by_name_.equal_range(file_name);
  for (auto at = first; at != last; ++at) positions.push_back(at->second);
  return positions;
}

const ArtifactFile* ArtifactFiles::WithSha512(std::string_view hex) const {
  const auto found = by_sha512_.find(hex);
  return found == by_sha512_.end() ? nullptr : &files_[found->second];
}

}  // namespace nachbau::sbom
