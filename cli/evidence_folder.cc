#include "cli/evidence_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/error.h"
#include "base/file.h"

namespace nachbau::cli {

EvidenceFolder::EvidenceFolder(const std::filesystem::path& path) : path_(path) {
  if (!std::filesystem::is_directory(path)) {
    MissingError error(Msg("there is no evidence folder {}", path.native()));
    error.SetHint(Msg("'nachbau rebuild' makes one beneath evidence/ in the workspace"));
    throw error;
  }
  for (const std::filesystem::path& file : ListFiles(path)) {
    Remember(file.native(), HashDescriptor(OpenForReading(path / file), file.native()));
  }
}

void EvidenceFolder::Remember(const std::string& file, const ContentId& content) {
  const auto place = std::lower_bound(files_.begin(), files_.end(), file,
                                      [](const auto& left, const std::string& right) { return left.path < right; });
  if (place != files_.end() && place->path == file) {
    place->content = content;
  } else {
    files_.insert(place, {file, content});
  }
}

bool EvidenceFolder::Has(const std::string& file) const {
  return std::any_of(files_.begin(), files_.end(), [&](const auto& known) { return known.path == file; });
}

std::string EvidenceFolder::Read(const std::string& file, const char* made_by) const {
  if (!Has(file)) {
    MissingError error(Msg("{} has no {}", path_.native(), file));
    error.SetHint(Msg("'{}' makes it", std::string_view(made_by)));
    throw error;
  }
  return ReadFile(path_ / file);
}

Json EvidenceFolder::ReadDocument(const std::string& file, const char* made_by) const {
  return ParseJson(Read(file, made_by), (path_ / file).native());
}

void EvidenceFolder::Add(const std::string& file, std::string_view bytes) {
  WriteFileAtomically(path_ / file, bytes);
  Remember(file, HashBytes(bytes));
}

void EvidenceFolder::AddObject(const std::string& file, const Sha256Digest& sha256, const Store& store) {
  const FileDescriptor from = store.Open(sha256);
  const std::filesystem::path target = path_ / file;
  MakeDirectories(target.parent_path());
  ::unlink(target.c_str());
  const FileDescriptor to(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!to.valid()) throw SystemError(errno, Msg("create {}", target.native()));
  ContentHasher hasher;
  ReadPieces(from, file, [&](std::string_view piece) {
    hasher.Update(piece);
    WriteAll(to, piece, target.native());
  });
  if (::fsync(to.get()) != 0) throw SystemError(errno, Msg("fsync {}", target.native()));
  Remember(file, hasher.Finish());
}

UnpublishedFolder::UnpublishedFolder(const std::filesystem::path& parent, const std::string& name)
    : parent_(parent), name_(name) {
  NACHBAU_CHECK(IsSafeFileName(name));
  MakeDirectories(parent);
  std::string pattern = (parent / ("." + name + ".tmp-XXXXXX")).native();
  if (::mkdtemp(pattern.data()) == nullptr) throw SystemError(errno, Msg("make a directory in {}", parent.native()));
  temporary_ = pattern;
  ::chmod(temporary_.c_str(), 0755);
}

UnpublishedFolder::~UnpublishedFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

std::filesystem::path UnpublishedFolder::Publish(const std::string& link) {
  const std::filesystem::path target = parent_ / name_;
  SyncDirectory(temporary_);
  if (::rename(temporary_.c_str(), target.c_str()) != 0) throw SystemError(errno, Msg("rename to {}", target.native()));
  temporary_.clear();
  const std::filesystem::path fresh = parent_ / ("." + link + ".link-" + std::to_string(::getpid()));
  ::unlink(fresh.c_str());
  if (::symlink(name_.c_str(), fresh.c_str()) != 0 || ::rename(fresh.c_str(), (parent_ / link).c_str()) != 0) {
    throw SystemError(errno, Msg("point {} at the new evidence", (parent_ / link).native()));
  }
  SyncDirectory(parent_);
  return parent_ / link;
}

}  // namespace nachbau::cli
