// What takes time is decompressing the indexes (a stable suite has 50 MB of Packages and as much of Sources) and apt's
// own cache. Packages and Sources are therefore read side by side, and of Sources only the paragraphs needed are parsed.
#include "mirror/indexes.h"

#include <fcntl.h>

#include <algorithm>
#include <future>

#include "base/archive.h"
#include "base/error.h"
#include "mirror/resolver.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxIndexSize = 2ULL << 30;     // bytes, decompressed; ten times Debian's largest
constexpr std::uint64_t kMaxReleaseSize = 16ULL << 20;  // bytes

std::string Describe(const Snapshot& snapshot, std::uint32_t index) {
  const IndexProof& proof = snapshot.indexes[index].proof;
  if (proof.release >= snapshot.releases.size()) throw ParseError("snapshot", 0, Msg("index of no release: {}", proof.path));
  return snapshot.releases[proof.release].suite + "/" + proof.path;
}

// Positions of the indexes of one kind, in the order of the archives' configuration.
std::vector<std::uint32_t> IndexesOf(const Snapshot& snapshot, const std::vector<std::string>& architectures) {
  std::vector<std::uint32_t> positions;
  for (std::uint32_t i = 0; i < snapshot.indexes.size(); ++i) {
    const std::string& architecture = snapshot.indexes[i].architecture;
    if (std::find(architectures.begin(), architectures.end(), architecture) != architectures.end()) positions.push_back(i);
  }
  std::stable_sort(positions.begin(), positions.end(), [&](std::uint32_t left, std::uint32_t right) {
    return snapshot.indexes[left].proof.release < snapshot.indexes[right].proof.release;
  });
  return positions;
}

std::vector<NumberedIndex> ReadSources(const Snapshot& snapshot, const std::vector<std::uint32_t>& positions,
                                       const MirrorConfig& config, const Store& store) {
  std::vector<NumberedIndex> sources;
  for (const std::uint32_t position : positions) {
    ThrowIfCancelled(config);
    const std::string name = Describe(snapshot, position);
    std::string text;
    DecompressPieces(store.Open(snapshot.indexes[position].proof.sha256), name, kMaxIndexSize,
                     [&](std::string_view piece) { text += piece; });
    sources.push_back({position, std::make_shared<PackageIndex>(std::move(text), name)});
  }
  return sources;
}

void WritePackages(const Snapshot& snapshot, const std::vector<std::uint32_t>& positions, const MirrorConfig& config,
                   const Store& store, AptTree& tree) {
  for (const std::uint32_t position : positions) {
    ThrowIfCancelled(config);
    const std::string name = Describe(snapshot, position);
    const ReleaseProof& release = snapshot.releases[snapshot.indexes[position].proof.release];
    const auto path = tree.AddIndex(store.Read(release.in_release, kMaxReleaseSize));
    const FileDescriptor directory = OpenDirectory(path.parent_path());
    const FileDescriptor file = OpenBeneath(directory, path.filename(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    DecompressPieces(store.Open(snapshot.indexes[position].proof.sha256), name, kMaxIndexSize,
                     [&](std::string_view piece) { WriteAll(file, piece, path.native()); });
  }
}

}  // namespace

void ThrowIfCancelled(const MirrorConfig& config) {
  if (config.cancelled != nullptr && config.cancelled->load()) throw CancelledError();
}

ResolveDirectory::ResolveDirectory(const std::filesystem::path& state) {
  if (state.empty()) {
    directory_.emplace(std::filesystem::temp_directory_path(), "nachbau-resolve-");
    return;
  }
  const std::filesystem::path parent = state / "resolve";
  MakeDirectories(parent, 0700);
  const std::filesystem::path lock = state / "resolve.lock";
  if (const auto alone = FileLock::TryLock(lock, FileLock::Mode::kExclusive)) {
    for (const auto& left_over : std::filesystem::directory_iterator(parent)) {
      std::error_code ignored;  // tried again next time
      std::filesystem::remove_all(left_over.path(), ignored);
    }
  }
  lock_.emplace(lock, FileLock::Mode::kShared);
  directory_.emplace(parent, "");
}

Indexes::Indexes(const Snapshot& snapshot, const MirrorConfig& config, const Store& store, Progress::Task& task)
    : architecture(ChooseArchitecture(config, snapshot)),
      package_positions(IndexesOf(snapshot, {architecture, "all"})),
      directory_(config.state_directory),
      tree(directory_.path() / "apt") {
  const auto source_positions = IndexesOf(snapshot, {"source"});
  for (const auto& [positions, kind] : {std::pair(&package_positions, "Packages"), {&source_positions, "Sources"}}) {
    if (!positions->empty()) continue;
    MissingError error(Msg("the snapshot has no {} index for {}", kind, architecture));
    error.SetHint(Msg("check the architecture and the sources of the apt configuration"));
    throw error;
  }
  auto reading = std::async(std::launch::async, ReadSources, std::cref(snapshot), std::cref(source_positions),
                            std::cref(config), std::cref(store));
  WritePackages(snapshot, package_positions, config, store, tree);
  task.Advance(1);
  sources = reading.get();
  task.Advance(1);
  ThrowIfCancelled(config);
}

std::vector<NumberedIndex> Indexes::ReadBinaries() const {
  std::vector<NumberedIndex> binaries;
  for (std::uint32_t i = 0; i < tree.index_count(); ++i) {
    binaries.push_back({package_positions[i], std::make_shared<PackageIndex>(
                                                  ReadFile(tree.PackagesPath(i), kMaxIndexSize), "Packages")});
  }
  return binaries;
}

}  // namespace nachbau::mirror
