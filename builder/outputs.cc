#include "builder/outputs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/recipe.h"

namespace nachbau::builder {
namespace {

constexpr std::uint64_t kMaxOutput = 16ULL << 30;  // bytes of one output
constexpr std::size_t kMaxOutputs = 4000;
constexpr std::uint64_t kMaxChanges = 16 << 20;

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool IsOutputName(std::string_view name) {
  return name.ends_with(".deb") || name.ends_with(".udeb") || name.ends_with(".buildinfo") || name.ends_with(".changes");
}

// `all`: not only the files that dpkg-buildpackage makes.
std::vector<std::string> OutputNames(const FileDescriptor& directory, bool all) {
  FileDescriptor copy(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy.valid()) throw SystemError(errno, Msg("list the build's outputs"));
  const std::unique_ptr<DIR, DirectoryCloser> stream(::fdopendir(copy.get()));
  if (!stream) throw SystemError(errno, Msg("list the build's outputs"));
  copy.Release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (all ? name != "." && name != ".." : IsOutputName(name)) names.emplace_back(name);
    if (names.size() > kMaxOutputs) return names;
  }
  if (errno != 0) throw SystemError(errno, Msg("list the build's outputs"));
  std::sort(names.begin(), names.end());
  return names;
}

// A regular file with no second name: a second one could be another output, or a way to change it.
bool IsPlain(const struct stat& status) { return S_ISREG(status.st_mode) && status.st_nlink == 1; }

// The build directory belongs to the build user, who may have closed it or its files to everybody else.
void MakeReadable(const IdMap& map, const std::filesystem::path& upper, const std::filesystem::path& place, bool all) {
  const FileDescriptor top = OpenDirectory(upper);
  InUserNamespace(map, [&] {
    std::filesystem::path path;
    for (const std::filesystem::path& part : place) {
      path /= part;
      const FileDescriptor directory = OpenBeneath(top, path, O_RDONLY | O_DIRECTORY);
      if (::fchmod(directory.get(), 0755) != 0) throw SystemError(errno, Msg("change mode of {}", path.native()));
    }
    const FileDescriptor directory = OpenBeneath(top, path, O_RDONLY | O_DIRECTORY);
    for (const std::string& name : OutputNames(directory, all)) {
      struct stat status {};
      if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !IsPlain(status)) continue;
      const FileDescriptor fd = OpenBeneath(directory, name, O_RDONLY | O_NONBLOCK);
      if (::fchmod(fd.get(), 0644) != 0) throw SystemError(errno, Msg("change mode of {}", Printable(name)));
    }
  });
}

std::string Collect(const FileDescriptor& directory, bool all, Store& store, std::vector<Artifact>& artifacts) {
  const std::vector<std::string> names = OutputNames(directory, all);
  if (names.size() > kMaxOutputs) return "the build made more than " + std::to_string(kMaxOutputs) + " packages";
  for (const std::string& name : names) {
    if (!IsSafeFileName(name) || !IsUtf8(name)) return "the build made a file with the name " + Printable(name);
    struct stat status {};
    if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      throw SystemError(errno, Msg("look at {}", name));
    }
    if (!IsPlain(status)) return "the output " + name + " is not a regular file of its own";
    if (static_cast<std::uint64_t>(status.st_size) > kMaxOutput) return "the output " + name + " is too large";
    const FileDescriptor fd = OpenBeneath(directory, name, O_RDONLY | O_NONBLOCK);
    artifacts.push_back({name, store.PutFile(fd, name)});
  }
  return "";
}

}  // namespace

Outputs CollectOutputs(const IdMap& map, const std::filesystem::path& upper, Store& store,
                       const std::string& output_directory, const std::string& build_directory) {
  Outputs outputs;
  const bool all = !output_directory.empty();
  std::filesystem::path place = std::filesystem::path(build_directory).relative_path();
  if (all) place /= output_directory;
  const FileDescriptor top = OpenDirectory(upper);
  FileDescriptor directory;
  try {
    MakeReadable(map, upper, place, all);
    directory = OpenBeneath(top, place, O_RDONLY | O_DIRECTORY);
  } catch (const SystemError& error) {
    if (error.error_number() != ELOOP && error.error_number() != ENOTDIR && error.error_number() != ENOENT) throw;
    outputs.problem = "the build has replaced its own directory";
    return outputs;
  }
  outputs.problem = Collect(directory, all, store, outputs.artifacts);
  if (all && outputs.problem.empty() && outputs.artifacts.empty()) outputs.problem = "the build made no output";
  if (all || !outputs.problem.empty()) return outputs;
  std::vector<Artifact> others;
  const Artifact* changes = nullptr;
  for (const Artifact& artifact : outputs.artifacts) {
    if (!artifact.name.ends_with(".changes")) {
      others.push_back(artifact);
    } else if (changes != nullptr) {
      outputs.problem = "the build made more than one .changes file";
      return outputs;
    } else {
      changes = &artifact;
    }
  }
  if (changes == nullptr) {
    outputs.problem = "the build made no .changes file";
  } else if (changes->content.size > kMaxChanges) {
    outputs.problem = "the output " + changes->name + " is too large";
  } else {
    outputs.problem = CheckChanges(store.Read(changes->content.sha256, kMaxChanges), changes->name, others);
  }
  return outputs;
}

std::string CheckChanges(std::string_view changes, const std::string& changes_name,
                         const std::vector<Artifact>& artifacts) {
  try {
    const auto paragraphs = ParseParagraphs(changes, changes_name);
    if (paragraphs.size() != 1) return changes_name + " does not have one paragraph";
    std::set<std::string_view> listed;
    for (const std::string_view line : Paragraph::Lines(paragraphs[0].Get("Checksums-Sha256"))) {
      const auto words = SplitWords(line);
      if (words.size() != 3) return changes_name + " has a malformed list of files";
      const auto found = std::find_if(artifacts.begin(), artifacts.end(),
                                      [&](const Artifact& artifact) { return artifact.name == words[2]; });
      if (found == artifacts.end()) return Printable(words[2]) + " is named in " + changes_name + " but was not made";
      if (found->content.sha256.Hex() != words[0] || std::to_string(found->content.size) != words[1]) {
        return found->name + " is not what " + changes_name + " says";
      }
      if (!listed.insert(found->name).second) return changes_name + " names " + found->name + " twice";
    }
    for (const Artifact& artifact : artifacts) {
      if (!listed.contains(artifact.name)) return changes_name + " does not name " + artifact.name;
    }
    return "";
  } catch (const ParseError& error) {
    return Printable(error.what());
  }
}

}  // namespace nachbau::builder
