#include "builder/trace.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "builder/recipe.h"
#include "builder/sandbox/kernel.h"

namespace nachbau::builder {
namespace {

constexpr int kLevel = 9;
constexpr std::uint64_t kMaxHashed = 1ULL << 30;        // bytes of one file
constexpr std::uint64_t kMaxHashedInAll = 64ULL << 30;  // a build may leave holes, which cost it nothing
constexpr std::uint64_t kMaxList = 64 << 20;
constexpr std::uint64_t kMaxDescription = 4ULL << 30;
constexpr const char* kPackageNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
constexpr const char* kInfo = "var/lib/dpkg/info";

bool BeginsWithDirectory(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

// Those of dpkg-source, which the build script runs first: what they make is the source.
std::vector<bool> FindUnpacking(const Trace& trace) {
  std::vector<bool> unpacking(trace.processes.size(), false);
  bool found = false;
  for (std::size_t i = 0; i < trace.processes.size(); ++i) {
    const TraceProcess& process = trace.processes[i];
    if (process.parent && unpacking[*process.parent]) unpacking[i] = true;
    if (found || process.parent != std::optional<std::uint32_t>(0) || process.programs.empty()) continue;
    unpacking[i] = found = trace.files[process.programs.front().file].path.ends_with("/dpkg-source");
  }
  return unpacking;
}

// What made the first file of each name, as far as the events tell.
enum class Made { kByNobody, kByUnpacking, kByBuild };

std::vector<Made> FindMakers(const Trace& trace) {
  const std::vector<bool> unpacking = FindUnpacking(trace);
  std::vector<Made> made(trace.files.size(), Made::kByNobody);
  const auto make = [&](std::uint32_t file, std::uint32_t process) {
    if (made[file] == Made::kByNobody) made[file] = unpacking[process] ? Made::kByUnpacking : Made::kByBuild;
  };
  for (const TraceEvent& event : trace.events) {
    switch (event.action) {
      case TraceAction::kCreate:
      case TraceAction::kSymlink: make(event.file, event.process); break;
      case TraceAction::kRename:
      case TraceAction::kLink: make(event.other, event.process); break;
      default: break;
    }
  }
  return made;
}

FileOrigin OriginOf(Made made) {
  switch (made) {
    case Made::kByNobody: return FileOrigin::kUnknown;
    case Made::kByUnpacking: return FileOrigin::kSource;
    case Made::kByBuild: return FileOrigin::kBuilt;
  }
  return FileOrigin::kUnknown;
}

// Path as a package names it → package, from the lists of the package database.
std::unordered_map<std::string, std::string> ReadPackageLists(const FileDescriptor& root) {
  std::unordered_map<std::string, std::string> owners;
  FileDescriptor info(OpenAt2(root.get(), kInfo, O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
  if (!info.valid()) return owners;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(::dup(info.get())), ::closedir);
  if (!directory) throw SystemError(errno, Msg("list {}", kInfo));
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (!name.ends_with(".list")) continue;
    std::string_view package = name.substr(0, name.size() - 5);
    package = package.substr(0, package.find(':'));
    if (package.find_first_not_of(kPackageNameCharacters) != package.npos) continue;  // made by a script, not by dpkg
    const FileDescriptor file = OpenBeneath(info, std::string(name), O_RDONLY);
    const std::string text = ReadDescriptor(file, name, kMaxList);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      owners.emplace(text.substr(at, end - at), package);
      at = end + 1;
    }
  }
  return owners;
}

// Packages may still name files by the directories that are links into /usr now.
const std::string* OwnerOf(const std::unordered_map<std::string, std::string>& owners, const std::string& path) {
  auto found = owners.find(path);
  if (found == owners.end() && path.starts_with("/usr/")) found = owners.find(path.substr(4));
  return found == owners.end() ? nullptr : &found->second;
}

class Tree {
 public:
  Tree(const FileDescriptor& upper, const std::vector<FileDescriptor>& lower) : upper_(upper), lower_(lower) {
    for (const FileDescriptor& layer : lower) {
      for (auto& [path, package] : ReadPackageLists(layer)) owners_.emplace(path, package);
    }
  }

  // Origin, package, digest: one line, for the way to the parent process.
  std::string Describe(const std::string& path, Made made) {
    struct stat state {};
    std::optional<FileDescriptor> file = OpenIn(upper_, path, state);
    if (file) return Line(OriginOf(made), "", *file, state);
    const bool whiteout = S_ISCHR(state.st_mode);
    if (!whiteout) {
      for (const FileDescriptor& layer : lower_) {
        file = OpenIn(layer, path, state);
        if (!file && S_ISCHR(state.st_mode)) break;  // removed here: what lies beneath is not seen
        if (!file) continue;
        const std::string* owner = OwnerOf(owners_, path);
        return Line(owner != nullptr ? FileOrigin::kPackage : FileOrigin::kPrepared, owner != nullptr ? *owner : "",
                    *file, state);
      }
    }
    return Line(OriginOf(made), "", FileDescriptor(), state);
  }

 private:
  static std::optional<FileDescriptor> OpenIn(const FileDescriptor& layer, const std::string& path, struct stat& state) {
    state = {};
    FileDescriptor file(OpenAt2(layer.get(), path.c_str() + 1, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
    if (!file.valid() || ::fstat(file.get(), &state) != 0 || S_ISCHR(state.st_mode)) return std::nullopt;
    return file;
  }
  std::string Line(FileOrigin origin, const std::string& package, const FileDescriptor& file, const struct stat& state) {
    std::string line = std::to_string(static_cast<int>(origin)) + " " + package + " ";
    const auto size = static_cast<std::uint64_t>(state.st_size);
    if (!file.valid() || !S_ISREG(state.st_mode) || size > kMaxHashed || hashed_ + size > kMaxHashedInAll) return line + "\n";
    hashed_ += size;
    const FileDescriptor readable(::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC));
    if (!readable.valid()) return line + "\n";
    return line + HashDescriptor(readable, "file of the build").sha256.Hex() + "\n";
  }
  const FileDescriptor& upper_;
  const std::vector<FileDescriptor>& lower_;
  std::unordered_map<std::string, std::string> owners_;
  std::uint64_t hashed_ = 0;
};

// What is known without looking at the tree.
FileOrigin KnownOrigin(const std::string& path, const std::set<std::string>& made) {
  for (const char* top : {"/proc", "/sys", "/dev"}) {
    if (BeginsWithDirectory(path, top)) return FileOrigin::kKernel;
  }
  if (BeginsWithDirectory(path, kSourceDirectory)) return FileOrigin::kSource;
  if (made.contains(path)) return FileOrigin::kSandbox;
  return FileOrigin::kUnknown;
}

void TakeDescription(Trace& trace, const std::vector<std::uint32_t>& asked, std::string_view text) {
  std::size_t at = 0;
  for (const std::uint32_t number : asked) {
    const std::size_t end = text.find('\n', at);
    NACHBAU_CHECK(end != text.npos && end - at >= 3);
    const std::string_view line = text.substr(at, end - at);
    TraceFile& file = trace.files[number];
    file.origin = static_cast<FileOrigin>(line[0] - '0');
    const std::size_t space = line.find(' ', 2);
    file.package = line.substr(2, space - 2);
    if (space + 1 < line.size()) file.digest = ParseSha256(std::string(line.substr(space + 1)), "trace");
    at = end + 1;
  }
}

}  // namespace

void DescribeFiles(Trace& trace, const IdMap& map, const std::filesystem::path& upper,
                   const std::vector<std::filesystem::path>& lower, const std::set<std::string>& made) {
  const std::vector<Made> makers = FindMakers(trace);
  std::vector<std::uint32_t> asked;
  for (std::size_t i = 0; i < trace.files.size(); ++i) {
    trace.files[i].origin = KnownOrigin(trace.files[i].path, made);
    if (trace.files[i].origin == FileOrigin::kUnknown) asked.push_back(static_cast<std::uint32_t>(i));
  }
  const FileDescriptor top = OpenDirectory(upper);
  std::vector<FileDescriptor> layers;
  for (const std::filesystem::path& layer : lower) layers.push_back(OpenDirectory(layer));
  const FileDescriptor result(::memfd_create("trace", MFD_CLOEXEC));
  if (!result.valid()) throw SystemError(errno, Msg("make a memory file"));
  InUserNamespace(map, [&] {
    Tree tree(top, layers);
    std::string text;
    for (const std::uint32_t number : asked) text += tree.Describe(trace.files[number].path, makers[number]);
    WriteAll(result, text, "trace");
  });
  if (::lseek(result.get(), 0, SEEK_SET) != 0) throw SystemError(errno, Msg("read a memory file"));
  TakeDescription(trace, asked, ReadDescriptor(result, "trace", kMaxDescription));
}

Artifact StoreTrace(const Trace& trace, Store& store) {
  const std::string text = FormatCanonical(ToJson(trace));
  std::string compressed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(compressed.data(), compressed.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(size) != 0) throw Error(Msg("compress the trace: {}", std::string_view(ZSTD_getErrorName(size))));
  compressed.resize(size);
  return {kTraceName, store.Put(compressed)};
}

}  // namespace nachbau::builder
