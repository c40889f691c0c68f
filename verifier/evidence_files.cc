#include "verifier/evidence_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/encoding.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "model/evidence.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kMaxFiles = 100'000;
constexpr std::uint64_t kMaxDocument = 256ULL << 20;

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::vector<std::string> NamesIn(FileDescriptor fd, const std::string& name) {
  const std::unique_ptr<DIR, DirectoryCloser> directory(::fdopendir(fd.get()));
  if (!directory) throw SystemError(errno, Msg("list {}", name));
  fd.Release();  // closedir closes it
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string file = entry->d_name;
    if (file == "." || file == "..") continue;
    if (names.size() == kMaxFiles) throw ParseError(name, 0, Msg("more than {} files", kMaxFiles));
    names.push_back(file);
  }
  if (errno != 0) throw SystemError(errno, Msg("list {}", name));
  std::sort(names.begin(), names.end());
  return names;
}

class Reader {
 public:
  Reader(const std::filesystem::path& folder, Progress& progress)
      : root_(OpenDirectory(folder)),
        task_(progress.Start(Msg("reading the evidence in {}", folder.native()), Unit::kBytes, 0)) {}

  EvidenceFiles Run() {
    ReadDirectory("");
    task_->Succeed();
    return std::move(result_);
  }

 private:
  void Report(const std::string& path, FindingOutcome outcome, Message reason) {
    Finding finding;
    finding.rule = "evidence.files";
    finding.subject = Printable(path);
    finding.outcome = outcome;
    finding.reason = std::move(reason);
    finding.evidence = {Printable(path)};
    result_.findings.push_back(std::move(finding));
  }

  // `path` is empty for the folder itself, else a directory at its top.
  void ReadDirectory(const std::string& path) {
    std::vector<std::string> names;
    try {
      names = NamesIn(OpenBeneath(root_, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY), path.empty() ? "." : path);
    } catch (const SystemError& error) {
      Report(path, FindingOutcome::kUnknown, Msg("{}", Printable(error.what())));
      return;
    } catch (const ParseError& error) {
      Report(path, FindingOutcome::kFail, Msg("{}", Printable(error.what())));
      return;
    }
    if (!path.empty() && names.empty()) {
      Report(path, FindingOutcome::kFail, Msg("an empty directory, which no attestation can name"));
    }
    for (const std::string& name : names) ReadEntry(path.empty() ? name : path + "/" + name);
  }

  void ReadEntry(const std::string& path) {
    if (!IsSafeFileName(path.substr(path.rfind('/') + 1)) || !IsUtf8(path)) {
      Report(path, FindingOutcome::kFail, Msg("not a name for a file of evidence"));
      result_.only_plain_files = false;
      return;
    }
    try {
      // Looked at before it is opened for reading: opening a device does things, opening a pipe waits.
      const FileDescriptor place = OpenBeneath(root_, path, O_PATH);
      struct stat status {};
      if (::fstat(place.get(), &status) != 0) throw SystemError(errno, Msg("inspect {}", path));
      if (S_ISREG(status.st_mode)) {
        ReadRegular(path, OpenBeneath(root_, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
      } else if (S_ISDIR(status.st_mode) && (path == evidence::kArtifacts || path == evidence::kProofs)) {
        ReadDirectory(path);
      } else if (S_ISDIR(status.st_mode)) {
        Report(path, FindingOutcome::kFail, Msg("a directory that does not belong here"));
      } else {
        Report(path, FindingOutcome::kFail, Msg("not a regular file"));
        result_.only_plain_files = false;
      }
    } catch (const ParseError& error) {
      Report(path, FindingOutcome::kFail, Msg("{}", Printable(error.what())));
    } catch (const SystemError& error) {
      if (error.error_number() == ELOOP) {
        Report(path, FindingOutcome::kFail, Msg("a symbolic link; evidence is made of plain files"));
        result_.only_plain_files = false;
      } else {
        Report(path, FindingOutcome::kUnknown, Msg("{}", Printable(error.what())));
      }
    }
  }

  void ReadRegular(const std::string& path, const FileDescriptor& fd) {
    const bool is_document = path.find('/') == path.npos && path != evidence::kBuildLog && path != evidence::kTrace;
    if (is_document) {
      std::string bytes = ReadDescriptor(fd, path, kMaxDocument);
      result_.contents[path] = HashBytes(bytes);
      task_->Advance(bytes.size());
      result_.documents[path] = std::move(bytes);
      return;
    }
    ContentHasher hasher;
    ReadPieces(fd, path, [&](std::string_view piece) {
      hasher.Update(piece);
      task_->Advance(piece.size());
    });
    result_.contents[path] = hasher.Finish();
  }

  FileDescriptor root_;
  std::unique_ptr<Progress::Task> task_;
  EvidenceFiles result_;
};

}  // namespace

EvidenceFiles ReadEvidenceFiles(const std::filesystem::path& folder, Progress& progress) {
  if (!std::filesystem::is_directory(folder)) {
    MissingError error(Msg("there is no evidence folder {}", folder.native()));
    error.SetHint(Msg("'nachbau rebuild' makes one beneath evidence/ in the workspace"));
    throw error;
  }
  return Reader(folder, progress).Run();
}

}  // namespace nachbau::verifier
