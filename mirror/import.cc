#include "mirror/import.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/archive_state.h"
#include "mirror/closure_proofs.h"
#include "mirror/own_keys.h"
#include "mirror/parallel.h"
#include "mirror/product_list.h"
#include "mirror/root_list.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kPiece = 1 << 20;     // bytes read at once
constexpr std::size_t kBatchObjects = 512;  // that become visible together
constexpr std::uint64_t kBatchBytes = 256ULL << 20;
constexpr std::uint64_t kSpareRoom = 64ULL << 20;  // bytes left on the disk
constexpr UnixSeconds kTolerance = 300;            // seconds the exporting machine's clock may be ahead
constexpr std::uint64_t kMaxLock = kMaxDocumentSize;

void CheckCancelled(const ImportRequest& request) {
  if (request.config.cancelled != nullptr && *request.config.cancelled) throw CancelledError();
}

struct Volume {
  std::string name;  // for messages
  FileDescriptor fd;
  VolumeHead head;
};

FileDescriptor OpenVolume(const std::filesystem::path& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid()) throw SystemError(errno, Msg("open {}", path.native()));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw SystemError(errno, Msg("inspect {}", path.native()));
  if (!S_ISREG(status.st_mode)) throw UsageError(Msg("{} is neither a file nor a folder", path.native()));
  return fd;
}

std::vector<std::filesystem::path> VolumePaths(const std::vector<std::filesystem::path>& given) {
  std::vector<std::filesystem::path> paths;
  for (const std::filesystem::path& path : given) {
    if (!std::filesystem::is_directory(path)) {
      paths.push_back(path);
      continue;
    }
    const std::size_t before = paths.size();
    for (const std::filesystem::path& file : ListFiles(path)) {
      if (!file.has_parent_path() && file.native().starts_with("volume-") && file.extension() == ".tar") {
        paths.push_back(path / file);
      }
    }
    if (paths.size() == before) throw UsageError(Msg("{} has no file volume-NNNN.tar in it", path.native()));
  }
  return paths;
}

// The files whose manifest a trusted key signed; all of one export. The others are named in `result`.
std::vector<Volume> OpenTrusted(const ImportRequest& request, const CheckSigner& check, ImportResult& result) {
  std::vector<Volume> volumes;
  std::exception_ptr first_failure;
  for (const std::filesystem::path& path : VolumePaths(request.paths)) {
    try {
      Volume volume{path.native(), OpenVolume(path), {}};
      volume.head = ReadVolumeHead(ReadAtOf(volume.fd, volume.name), volume.name);
      const Sha256Digest manifest = Sha256(volume.head.manifest_text);
      const std::string signer = check(ParseJson(volume.head.bundle, volume.name + ": signature"), manifest);
      if (!volumes.empty() && manifest != result.manifest) {
        UsageError error(Msg("{} is of another export than {}", volume.name, volumes.front().name));
        error.SetHint(Msg("import one export after the other"));
        throw error;
      }
      result.manifest = manifest;
      result.signer = signer;
      volumes.push_back(std::move(volume));
    } catch (const UsageError&) {
      throw;
    } catch (const SystemError&) {
      throw;
    } catch (const Error& error) {
      if (!first_failure) first_failure = std::current_exception();
      result.damaged.push_back(error.what());
    }
  }
  if (volumes.empty()) std::rethrow_exception(first_failure);
  return volumes;
}

// Copies the objects of volumes into the store.
class Intake {
 public:
  Intake(const ImportRequest& request, const ExportManifest& manifest, Store& store, const Clock& clock,
         ImportResult& result)
      : request_(request), manifest_(manifest), store_(store), clock_(clock), result_(result) {}

  void TakeVolume(const Volume& volume, Progress::Task& task) {
    if (volume.head.number > manifest_.volumes) {
      result_.damaged.push_back(volume.name + ": says it is volume " + std::to_string(volume.head.number) + " of " +
                                std::to_string(manifest_.volumes));
      return;
    }
    const VolumeLayout layout = LayOut(manifest_, volume.head.number, volume.head.bundle, volume.head.manifest_text);
    CheckFrame(volume, layout);
    std::vector<const PlacedObject*> wanted;
    for (const PlacedObject& placed : layout.objects) {
      if (!store_.Has(placed.object.sha256)) wanted.push_back(&placed);
    }
    ForEachInParallel(wanted.size(), [&](std::size_t i) {
      CheckCancelled(request_);
      try {
        TakeObject(volume, *wanted[i], task);
      } catch (const ParseError& error) {  // of this object alone: the others are where they must be
        AddDamage(error.what());
      } catch (const IntegrityError& error) {
        AddDamage(error.what());
      }
    });
    Commit(true);
  }

 private:
  struct Sealed {
    std::vector<Store::Writer> writers;
    std::vector<Acquisition> acquisitions;
    std::uint64_t bytes = 0;
  };

  void AddDamage(std::string text) {
    const std::lock_guard lock(mutex_);
    result_.damaged.push_back(std::move(text));
  }

  // What is no object: the head's padding, the end, and that the file ends there.
  void CheckFrame(const Volume& volume, const VolumeLayout& layout) {
    const ReadAt read = ReadAtOf(volume.fd, volume.name);
    struct stat status {};
    if (::fstat(volume.fd.get(), &status) != 0) throw SystemError(errno, Msg("inspect {}", volume.name));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size != layout.size) {
      result_.damaged.push_back(volume.name + ": has " + std::to_string(size) + " bytes, not " +
                                std::to_string(layout.size));
    } else if (read(0, layout.head.size()) != layout.head ||
               read(layout.size - kTarEnd, kTarEnd) != std::string(kTarEnd, '\0')) {
      result_.damaged.push_back(volume.name + ": there are bytes between its members");
    }
  }

  void TakeObject(const Volume& volume, const PlacedObject& placed, Progress::Task& task) {
    const std::string name = volume.name + ": object " + placed.object.sha256.Hex();
    if (ReadAtOf(volume.fd, name)(placed.offset, placed.header.size()) != placed.header) {
      throw ParseError(name, 0, Msg("its header is not what the manifest says"));
    }
    Store::Writer writer = store_.StartWriting();
    std::vector<char> buffer(std::min<std::uint64_t>(kPiece, placed.object.size + 1));
    for (std::uint64_t done = 0; done < placed.object.size;) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), placed.object.size - done));
      const ssize_t count = ::pread(volume.fd.get(), buffer.data(), size, static_cast<off_t>(placed.data() + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw SystemError(errno, Msg("read {}", volume.name));
      if (count == 0) throw ParseError(name, 0, Msg("cut off after {} of {} bytes", done, placed.object.size));
      writer.Write({buffer.data(), static_cast<std::size_t>(count)});
      done += static_cast<std::uint64_t>(count);
      task.Advance(static_cast<std::uint64_t>(count));
    }
    const std::uint64_t padding = TarPadding(placed.object.size);
    if (ReadAtOf(volume.fd, name)(placed.data() + placed.object.size, padding) != std::string(padding, '\0')) {
      throw ParseError(name, 0, Msg("there are bytes between it and the next"));
    }
    writer.Seal(name, placed.object.sha256);
    {
      const std::lock_guard lock(mutex_);
      sealed_.writers.push_back(std::move(writer));
      sealed_.acquisitions.push_back({placed.object.sha256,
                                      placed.object.size,
                                      placed.object.sha256.Hex(),
                                      clock_.Now(),
                                      volume.name,
                                      Proof::kImport,
                                      {result_.manifest}});
      sealed_.bytes += placed.object.size;
    }
    Commit(false);
  }

  // What is sealed so far, when it is enough to be worth a sync.
  void Commit(bool all) {
    Sealed batch;
    {
      const std::lock_guard lock(mutex_);
      if (!all && sealed_.writers.size() < kBatchObjects && sealed_.bytes < kBatchBytes) return;
      std::swap(batch, sealed_);
    }
    if (batch.writers.empty()) return;
    store_.CommitSealed(std::move(batch.writers));
    AcquisitionLog(request_.config.state_directory).Append(batch.acquisitions);
    const std::lock_guard lock(mutex_);
    result_.objects_added += batch.acquisitions.size();
    result_.bytes_added += batch.bytes;
  }

  const ImportRequest& request_;
  const ExportManifest& manifest_;
  Store& store_;
  const Clock& clock_;
  ImportResult& result_;
  std::mutex mutex_;
  Sealed sealed_;
};

void CheckRoom(const Store& store, std::uint64_t bytes) {
  const std::filesystem::path objects = store.PathOf(Sha256Digest()).parent_path().parent_path();
  struct statvfs status {};
  if (::statvfs(objects.c_str(), &status) != 0) throw SystemError(errno, Msg("inspect {}", objects.native()));
  const std::uint64_t room = std::uint64_t{status.f_bavail} * status.f_frsize;
  if (bytes + kSpareRoom <= room) return;
  Error error(Msg("the import needs {} bytes in {}, but only {} are free", bytes + kSpareRoom, objects.native(), room));
  error.SetHint(
      Msg("make room ('nachbau store gc'), or choose another place with --home DIR; what is held already is "
          "not needed again"));
  throw error;
}

// What becomes visible once its objects are there and proven.
class Adoption {
 public:
  Adoption(const ImportRequest& request, const ExportManifest& manifest, Store& store, const Clock& clock,
           ImportResult& result)
      : request_(request),
        manifest_(manifest),
        store_(store),
        clock_(clock),
        result_(result),
        setup_(ReadAptSetup(request.config.apt_root)) {}

  void TakeSnapshots() {
    ArchiveState state(request_.config.state_directory);
    std::set<UnixSeconds> held;
    for (const HeldSnapshot& one : state.Snapshots()) held.insert(one.snapshot.time);
    for (const Snapshot& snapshot : manifest_.snapshots) {
      const std::string name = "snapshot " + FormatTime(snapshot.time);
      Lock lock;  // what snapshot and lock have in common
      lock.releases = snapshot.releases;
      for (const SnapshotIndex& index : snapshot.indexes) lock.indexes.push_back(index.proof);
      if (held.contains(snapshot.time) || !AllHere(lock)) continue;
      std::vector<std::string> broken = CheckByOwnKeys(lock.releases, setup_, store_);
      if (broken.empty()) broken = CheckProofs(lock, store_);
      // One from the future would be the newest for ever.
      if (snapshot.time > clock_.Now() + kTolerance) broken.push_back("is from the future");
      if (!broken.empty()) {
        Refuse(name, broken);
        continue;
      }
      state.Accept(snapshot);
      ++result_.snapshots;
    }
  }

  void TakeProduct(Product product) {
    const std::string name = "product " + product.name;
    try {
      const std::optional<Closure> closure = ReadIfHere(product);
      if (!closure) {
        result_.incomplete.push_back(product.name);
        return;
      }
      const std::optional<Lock> lock = ReadLock(product.current, store_);
      if (const auto broken = Check(product, *closure, lock); !broken.empty()) return Refuse(name, broken);
      if (!Save(std::move(product))) return;
      if (lock) result_.locks.push_back(*lock);
    } catch (const Error& error) {
      Refuse(name, {error.what()});
    }
  }

  void TakeLock(const Sha256Digest& sha256) {
    const std::string name = "lock " + sha256.Hex();
    try {
      const Lock lock = LockFromJson(ParseJson(store_.Read(sha256, kMaxLock), name), name);
      std::vector<std::string> broken;
      if (DigestOf(lock) != sha256) broken.push_back("is not in canonical form");
      if (!IsProductName(lock.source)) broken.push_back("its source has no name that a file can have");
      if (broken.empty()) broken = CheckByOwnKeys(lock.releases, setup_, store_);
      if (broken.empty()) broken = CheckProofs(lock, store_);
      if (!broken.empty()) return Refuse(name, broken);
      result_.locks.push_back(lock);
    } catch (const Error& error) {
      Refuse(name, {error.what()});
    }
  }

 private:
  void Refuse(const std::string& name, const std::vector<std::string>& reasons) {
    std::string text = name + ": " + reasons.front();
    if (reasons.size() > 1) text += " (and " + std::to_string(reasons.size() - 1) + " more)";
    result_.refused.push_back(Printable(text));
  }

  bool AllHere(const Lock& lock) const {
    const auto here = [&](const Sha256Digest& sha256) { return store_.Has(sha256); };
    return std::all_of(
               lock.releases.begin(), lock.releases.end(),
               [&](const ReleaseProof& release) { return here(release.in_release) && here(release.keyring); }) &&
           std::all_of(lock.indexes.begin(), lock.indexes.end(),
                       [&](const IndexProof& index) { return here(index.sha256); });
  }

  // Nothing while something is still to come with another volume.
  std::optional<Closure> ReadIfHere(const Product& product) const {
    if (!store_.Has(product.current.closure)) return std::nullopt;
    if (product.current.lock && !store_.Has(*product.current.lock)) return std::nullopt;
    for (const Sha256Digest& sha256 : ObjectsOf(product.current, store_)) {
      if (manifest_.Find(sha256) != nullptr && !store_.Has(sha256)) return std::nullopt;
    }
    return ReadClosure(product.current, store_);
  }

  std::vector<std::string> Check(const Product& product, const Closure& closure,
                                 const std::optional<Lock>& lock) const {
    std::vector<std::string> broken;
    if (closure.product != product.name || (lock && lock->source != product.name) ||
        (product.kind == ProductKind::kDebian && !lock)) {
      broken.push_back("lock or closure are of something else");
    }
    if (lock && DigestOf(*lock) != *product.current.lock) broken.push_back("the lock is not in canonical form");
    for (const ClosureFile& file : closure.files) {
      if (file.Needed() && file.missing.empty() && !store_.Has(file.sha256)) {
        broken.push_back(file.name + ": is needed, and the export does not have it");
      }
    }
    if (!broken.empty()) return broken;
    broken = CheckByOwnKeys(closure.releases, setup_, store_);
    if (broken.empty() && lock) broken = CheckByOwnKeys(lock->releases, setup_, store_);
    if (broken.empty() && lock) broken = CheckProofs(*lock, store_);
    if (broken.empty()) broken = CheckClosureProofs(closure, store_);
    return broken;
  }

  // False when what is here stays.
  bool Save(Product product) {
    const ProductList list(request_.products_directory);
    if (const auto own = list.Find(product.name)) {
      if (own->kind != product.kind || own->architecture != product.architecture) {
        Refuse("product " + product.name, {"this machine has another product of this name"});
        return false;
      }
      if (own->current.closure != product.current.closure && own->current.added > product.current.added) {
        result_.kept.push_back(product.name + ": this machine's is of " + FormatTime(own->current.added) +
                               ", newer than " + FormatTime(product.current.added));
        return false;
      }
      product.earlier = own->earlier;
      if (own->current.closure != product.current.closure)
        product.earlier.insert(product.earlier.begin(), own->current);
    }
    list.Save(product);
    result_.products.push_back(std::move(product));
    return true;
  }

  const ImportRequest& request_;
  const ExportManifest& manifest_;
  Store& store_;
  const Clock& clock_;
  ImportResult& result_;
  AptSetup setup_;
};

void CountMissing(const ExportManifest& manifest, const Store& store, ImportResult& result) {
  std::set<std::uint32_t> volumes;
  for (const ExportObject& object : manifest.objects) {
    if (store.Has(object.sha256)) continue;
    ++result.objects_missing;
    result.bytes_missing += object.size;
    if (object.volume == kHeldThere) {
      result.damaged.push_back("object " + object.sha256.Hex() +
                               ": left out because this side was said to have it; export " +
                               "again with a new list of what it has");
    } else {
      volumes.insert(object.volume);
    }
  }
  result.missing_volumes.assign(volumes.begin(), volumes.end());
}

}  // namespace

ImportResult Import(const ImportRequest& request, Store& store, const CheckSigner& check, const Clock& clock,
                    Progress& progress) {
  ImportResult result;
  const std::vector<Volume> volumes = OpenTrusted(request, check, result);
  const std::string& text = volumes.front().head.manifest_text;
  const ExportManifest manifest = ParseManifest(text, volumes.front().name);
  result.exported = manifest.time;
  result.absent = manifest.absent;
  if (manifest.time > clock.Now() + kTolerance) {
    throw Error(Msg("the export is dated {}, later than this machine's clock", FormatTime(manifest.time)));
  }
  std::uint64_t bytes = 0;
  std::set<std::uint32_t> here;
  for (const Volume& volume : volumes) here.insert(volume.head.number);
  Roots roots;
  roots.name = "import-" + result.manifest.Hex().substr(0, 16);
  roots.reason = "an import that is not finished yet: " + volumes.front().name;
  for (const ExportObject& object : manifest.objects) {
    roots.objects.push_back(object.sha256);
    if (store.Has(object.sha256)) {
      ++result.objects_present;
    } else if (here.contains(object.volume)) {
      bytes += object.size;
    }
  }
  CheckRoom(store, bytes);
  SaveRootList(request.roots_directory, roots);  // what comes in part by part is not collected in between

  {
    Intake intake(request, manifest, store, clock, result);
    const auto task = progress.Start(Msg("Importing {} objects", manifest.objects.size()), Unit::kBytes, bytes);
    for (const Volume& volume : volumes) intake.TakeVolume(volume, *task);
    if (result.damaged.empty()) task->Succeed();
  }
  CountMissing(manifest, store, result);
  std::sort(result.damaged.begin(), result.damaged.end());
  CheckCancelled(request);

  const Sha256Digest manifest_object = store.Put(text).sha256;
  const Sha256Digest bundle_object = store.Put(volumes.front().head.bundle).sha256;
  {
    const auto task =
        progress.Start(Msg("Proving {} products", manifest.products.size()), Unit::kItems, manifest.products.size());
    Adoption adoption(request, manifest, store, clock, result);
    adoption.TakeSnapshots();
    if (result.objects_missing == 0) {
      for (const Sha256Digest& lock : manifest.locks) adoption.TakeLock(lock);
    }
    for (const Product& product : manifest.products) {
      CheckCancelled(request);
      adoption.TakeProduct(product);
      task->Advance(1);
    }
    if (result.Good()) task->Succeed();
  }
  if (!result.Good() || !result.Complete()) return result;
  // From here on the products keep their objects; of locks nobody else does.
  roots.reason = "record of an import";
  if (manifest.locks.empty()) roots.objects.clear();
  roots.objects.push_back(manifest_object);
  roots.objects.push_back(bundle_object);
  SaveRootList(request.roots_directory, roots);
  return result;
}

}  // namespace nachbau::mirror
