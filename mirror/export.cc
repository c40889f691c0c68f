#include "mirror/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "mirror/archive_state.h"
#include "mirror/have_list.h"
#include "mirror/parallel.h"
#include "mirror/product_list.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kBundleSize = 16 << 10;  // at most, bytes; a log of 2^60 entries has a proof of 60 hashes

void CheckCancelled(const ExportRequest& request) {
  if (request.cancelled != nullptr && *request.cancelled) throw CancelledError();
}

// All bytes at a place of their own: several threads write one file.
void WriteAt(const FileDescriptor& fd, std::string_view bytes, std::uint64_t offset, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw SystemError(errno, Msg("write {}", name));
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::vector<Sha256Digest> ObjectsOfLock(const Lock& lock) {
  std::vector<Sha256Digest> objects;
  for (const LockedFile& file : lock.files) objects.push_back(file.sha256);
  for (const IndexProof& index : lock.indexes) objects.push_back(index.sha256);
  for (const ReleaseProof& release : lock.releases) {
    objects.push_back(release.in_release);
    objects.push_back(release.keyring);
  }
  return objects;
}

class Collector {
 public:
  explicit Collector(Store& store) : store_(store) {}

  // Names for messages about what is absent.
  void Name(const Sha256Digest& sha256, const std::string& name) { names_.emplace(sha256, name); }
  void Add(const Sha256Digest& sha256) { wanted_.insert(sha256); }
  void AddAll(const std::vector<Sha256Digest>& objects) { wanted_.insert(objects.begin(), objects.end()); }

  // What other documents lead to must be there, or nobody could use the rest.
  void Require(const Sha256Digest& sha256) {
    if (!store_.Has(sha256)) store_.Open(sha256);  // throws MissingError
    wanted_.insert(sha256);
  }

  void Finish(const std::set<Sha256Digest>& have, ExportManifest& manifest) {
    for (const Sha256Digest& sha256 : wanted_) {
      if (!store_.Has(sha256)) {
        const auto name = names_.find(sha256);
        manifest.absent.push_back((name == names_.end() ? "object" : name->second) + " (" + sha256.Hex() + ")");
        continue;
      }
      struct stat status {};
      const std::filesystem::path path = store_.PathOf(sha256);
      if (::stat(path.c_str(), &status) != 0) throw SystemError(errno, Msg("inspect {}", path.native()));
      manifest.objects.push_back(
          {sha256, static_cast<std::uint64_t>(status.st_size), have.contains(sha256) ? kHeldThere : 1});
    }
    std::sort(manifest.absent.begin(), manifest.absent.end());
  }

 private:
  Store& store_;
  std::set<Sha256Digest> wanted_;
  std::map<Sha256Digest, std::string> names_;
};

// The newest snapshot with all the Release files that a product rests on, so that it resolves again to what it is.
std::optional<Snapshot> SnapshotWith(const std::vector<Snapshot>& snapshots,
                                     const std::vector<ReleaseProof>& releases) {
  const auto has = [](const Snapshot& snapshot, const ReleaseProof& release) {
    return std::any_of(snapshot.releases.begin(), snapshot.releases.end(), [&](const ReleaseProof& other) {
      return other.uri == release.uri && other.suite == release.suite && other.in_release == release.in_release;
    });
  };
  for (auto snapshot = snapshots.rbegin(); snapshot != snapshots.rend(); ++snapshot) {
    if (std::all_of(releases.begin(), releases.end(),
                    [&](const ReleaseProof& release) { return has(*snapshot, release); })) {
      return *snapshot;
    }
  }
  return std::nullopt;
}

ExportManifest Collect(const ExportRequest& request, Store& store, const Clock& clock) {
  ExportManifest manifest;
  manifest.time = clock.Now();
  Collector collector(store);
  std::vector<Snapshot> snapshots;
  for (HeldSnapshot& held : ArchiveState(request.state_directory).Snapshots()) {
    snapshots.push_back(std::move(held.snapshot));
  }
  std::map<UnixSeconds, Snapshot> chosen;
  const auto choose = [&](const std::vector<ReleaseProof>& releases) {
    if (releases.empty()) return;
    if (auto snapshot = SnapshotWith(snapshots, releases)) chosen.insert_or_assign(snapshot->time, *snapshot);
  };
  for (Product product : request.products) {
    product.earlier.clear();
    collector.Require(product.current.closure);
    if (product.current.lock) collector.Require(*product.current.lock);
    const Closure closure = ReadClosure(product.current, store);
    for (const ClosureFile& file : closure.files) collector.Name(file.sha256, file.name);
    collector.AddAll(ObjectsOf(product.current, store));
    choose(closure.releases);
    if (const auto lock = ReadLock(product.current, store)) choose(lock->releases);
    manifest.products.push_back(std::move(product));
  }
  std::sort(manifest.products.begin(), manifest.products.end(),
            [](const Product& left, const Product& right) { return left.name < right.name; });
  for (const Lock& lock : request.locks) {
    manifest.locks.push_back(store.Put(FormatCanonical(ToJson(lock))).sha256);
    collector.Add(manifest.locks.back());
    for (const LockedFile& file : lock.files) collector.Name(file.sha256, file.file_name);
    collector.AddAll(ObjectsOfLock(lock));
    choose(lock.releases);
  }
  std::sort(manifest.locks.begin(), manifest.locks.end());
  manifest.locks.erase(std::unique(manifest.locks.begin(), manifest.locks.end()), manifest.locks.end());
  for (const auto& [time, snapshot] : chosen) {
    for (const ReleaseProof& release : snapshot.releases) {
      collector.Add(release.in_release);
      collector.Add(release.keyring);
    }
    for (const SnapshotIndex& index : snapshot.indexes) collector.Add(index.proof.sha256);
    manifest.snapshots.push_back(snapshot);
  }
  collector.Finish(request.have, manifest);
  return manifest;
}

void WriteVolume(const std::filesystem::path& path, const VolumeLayout& layout, const ExportRequest& request,
                 const Store& store, Progress::Task& task) {
  const std::string& name = path.native();
  const FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd.valid()) throw SystemError(errno, Msg("create {}", name));
  // Says at once when there is no room.
  if (::fallocate(fd.get(), 0, 0, static_cast<off_t>(layout.size)) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    throw SystemError(errno, Msg("make room for {} bytes in {}", layout.size, name));
  }
  if (::ftruncate(fd.get(), static_cast<off_t>(layout.size)) != 0) throw SystemError(errno, Msg("write {}", name));
  WriteAt(fd, layout.head, 0, name);
  ForEachInParallel(layout.objects.size(), [&](std::size_t i) {
    CheckCancelled(request);
    const PlacedObject& placed = layout.objects[i];
    WriteAt(fd, placed.header, placed.offset, name);
    std::uint64_t offset = placed.data();
    ReadPieces(store.Open(placed.object.sha256), placed.object.sha256.Hex(), [&](std::string_view piece) {
      WriteAt(fd, piece, offset, name);
      offset += piece.size();
      task.Advance(piece.size());
    });
    if (offset != placed.data() + placed.object.size) {
      throw IntegrityError(placed.object.sha256.Hex() + ": size", std::to_string(placed.object.size),
                           std::to_string(offset - placed.data()));
    }
  });
  if (::fsync(fd.get()) != 0) throw SystemError(errno, Msg("fsync {}", name));
}

}  // namespace

ExportResult Export(const ExportRequest& request, Store& store, const SignStatement& sign, const Clock& clock,
                    Progress& progress) {
  if (request.products.empty() && request.locks.empty()) {
    MissingError error(Msg("there is nothing to export: no product and no lock"));
    error.SetHint(Msg("'nachbau mirror add SOURCE' makes a product; --lock FILE exports what a lock names"));
    throw error;
  }
  if (std::filesystem::symlink_status(request.output).type() != std::filesystem::file_type::not_found) {
    UsageError error(Msg("{} exists already", request.output.native()));
    error.SetHint(Msg("remove it, or name another file"));
    throw error;
  }
  ExportManifest manifest = Collect(request, store, clock);
  AssignVolumes(manifest, request.volume_size, kBundleSize);
  const std::string text = FormatManifest(manifest);
  ExportResult result;
  result.manifest = Sha256(text);
  result.absent = manifest.absent;
  for (const ExportObject& object : manifest.objects) {
    (object.volume == kHeldThere ? result.objects_there : result.objects) += 1;
    (object.volume == kHeldThere ? result.bytes_there : result.bytes) += object.size;
  }
  const std::string bundle = FormatCanonical(sign(ExportStatement(result.manifest, manifest)));
  NACHBAU_CHECK(bundle.size() <= kBundleSize);

  std::filesystem::path parent = request.output.parent_path();
  if (parent.empty()) parent = ".";
  const TemporaryDirectory aside(parent, ".nachbau-export-");
  const auto task = progress.Start(Msg("Exporting {} objects", result.objects), Unit::kBytes, result.bytes);
  const std::filesystem::path made = aside.path() / "export";
  if (request.volume_size == 0) {
    WriteVolume(made, LayOut(manifest, 1, bundle, text), request, store, *task);
    result.volumes.push_back(request.output);
  } else {
    MakeDirectories(made);
    for (std::uint32_t number = 1; number <= manifest.volumes; ++number) {
      char name[32];
      std::snprintf(name, sizeof name, "volume-%04u.tar", number);
      WriteVolume(made / name, LayOut(manifest, number, bundle, text), request, store, *task);
      result.volumes.push_back(request.output / name);
    }
    SyncDirectory(made);
  }
  // Never over something that came to be meanwhile.
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, request.output.c_str(), RENAME_NOREPLACE) != 0) {
    // FAT and others know no such flag; there the check from above must do.
    if (errno != EINVAL || ::rename(made.c_str(), request.output.c_str()) != 0) {
      throw SystemError(errno, Msg("rename to {}", request.output.native()));
    }
  }
  SyncDirectory(parent);
  task->Succeed();
  return result;
}

std::vector<Sha256Digest> ReadHave(const std::filesystem::path& path) {
  const std::string& name = path.native();
  const FileDescriptor fd = OpenForReading(path);
  const ReadAt read = ReadAtOf(fd, name);
  if (read(0, kHaveMark.size()) == kHaveMark) return ParseHaveList(ReadDescriptor(fd, name), name);
  std::vector<Sha256Digest> digests;
  // Not signed as far as this side knows; what a wrong list leaves out, the other side finds missing and says so.
  for (const ExportObject& object : ParseManifest(ReadVolumeHead(read, name).manifest_text, name).objects) {
    digests.push_back(object.sha256);
  }
  return digests;
}

}  // namespace nachbau::mirror
