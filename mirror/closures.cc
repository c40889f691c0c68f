#include "mirror/closures.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "mirror/download.h"
#include "mirror/resolver.h"
#include "mirror/source_resolver.h"
#include "mirror/url.h"

namespace nachbau::mirror {
namespace {

using Key = std::pair<std::string, std::string>;  // source package and version

Key KeyOf(const FoundSource& found) { return {found.source.name, found.source.version}; }

ClosureFile ToClosureFile(const LockedFile& file, ClosureRole role, std::uint32_t level) {
  return {file.sha256,       file.size, file.file_name, role, level, file.package, file.version,
          file.architecture, file.path, file.index,     {}};
}

// One product's closure while it grows.
class Growth {
 public:
  Growth(SourceResolver& resolver, const ResolvedSource& product) : resolver_(resolver) {
    const Key key = KeyOf(product.found);
    AddFiles(product.found, ClosureRole::kSource, 0);
    sources_[key] = {key.first, key.second, 0, {}, {}, {}};
    followed_.insert(key);
    AddEnvironment(key, product, 0);
    for (const LockedFile& file : product.references) Add(ToClosureFile(file, ClosureRole::kReference, 0));
  }

  // Sources whose environments come next.
  const std::vector<Key>& frontier() const { return frontier_; }

  // The environments of the frontier's sources, which become level `level`; `resolved_of` gives nothing for a source
  // that is in no index.
  void Grow(std::uint32_t level, const std::function<const ResolvedSource*(const Key&)>& resolved_of) {
    const std::vector<Key> now = std::move(frontier_);
    frontier_.clear();
    for (const Key& key : now) {
      if (const ResolvedSource* resolved = resolved_of(key)) AddEnvironment(key, *resolved, level);
    }
  }

  Closure Finish() {
    Closure closure;
    for (auto& [sha256, file] : files_) closure.files.push_back(std::move(file));
    for (auto& [key, source] : sources_) closure.sources.push_back(std::move(source));
    return closure;
  }

 private:
  void AddEnvironment(const Key& key, const ResolvedSource& resolved, std::uint32_t level) {
    ClosureSource& source = sources_.at(key);
    if (resolved.problem) {
      source.problem = resolved.problem->what();
      return;
    }
    source.environment = static_cast<std::uint32_t>(resolved.environment.size());
    std::set<Key> built_using;
    packages_.resize(std::max(packages_.size(), resolver_.package_count()));
    for (const std::uint32_t number : resolved.environment) {
      if (packages_[number]) continue;
      packages_[number] = true;
      Add(ToClosureFile(resolver_.EnvironmentFile(number), ClosureRole::kEnvironment, level));
      const SolvedPackage& package = resolver_.Package(number);
      const Key of_package{package.source, package.source_version};
      AddSource(of_package, ClosureRole::kEnvironmentSource, level);
      if (followed_.insert(of_package).second) frontier_.push_back(of_package);
      built_using.insert(package.built_using.begin(), package.built_using.end());
    }
    // Kept, not followed: what these are built with shows in the environments that they were copied from.
    for (const Key& one : built_using) AddSource(one, ClosureRole::kBuiltUsing, level);
  }

  void AddSource(const Key& key, ClosureRole role, std::uint32_t level) {
    const auto [entry, is_new] = sources_.try_emplace(key, ClosureSource{key.first, key.second, level + 1, {}, {}, {}});
    if (!is_new) return;
    if (const auto& found = resolver_.Find(key.first, key.second)) {
      AddFiles(*found, role, level);
    } else {
      entry->second.missing = Msg("no index offers this version").text;
    }
  }

  void AddFiles(const FoundSource& found, ClosureRole role, std::uint32_t level) {
    std::vector<LockedFile> files;
    AddSourceFiles(InputRole::kEnvironmentSource, found, files);
    for (const LockedFile& file : files) Add(ToClosureFile(file, role, level));
  }

  void Add(ClosureFile file) { files_.try_emplace(file.sha256, std::move(file)); }

  SourceResolver& resolver_;
  std::map<Sha256Digest, ClosureFile> files_;
  std::map<Key, ClosureSource> sources_;
  std::set<Key> followed_;
  std::vector<bool> packages_;  // that are in, by number
  std::vector<Key> frontier_;
};

// Environments that were resolved, for all products.
class Environments {
 public:
  Environments(SourceResolver& resolver, Progress& progress) : resolver_(resolver), progress_(progress) {}

  void Resolve(const std::set<Key>& keys, std::uint32_t level) {
    std::vector<WantedSource> wanted;
    for (const Key& key : keys) {
      if (known_.contains(key)) continue;
      if (const auto& found = resolver_.Find(key.first, key.second)) wanted.push_back({*found, RecipeFor({})});
    }
    if (wanted.empty()) return;
    const auto task = progress_.Start(
        Msg("Resolving level {}: build environments of {} source packages", level, wanted.size()), Unit::kItems,
        wanted.size());
    std::vector<ResolvedSource> resolved = resolver_.Resolve(wanted, [&] { task->Advance(1); });
    for (ResolvedSource& one : resolved) {
      const Key key = KeyOf(one.found);
      one.found = {};
      one.references.clear();
      known_.emplace(key, std::move(one));
    }
    task->Succeed();
  }
  const ResolvedSource* Find(const Key& key) const {
    const auto found = known_.find(key);
    return found == known_.end() ? nullptr : &found->second;
  }

 private:
  SourceResolver& resolver_;
  Progress& progress_;
  std::map<Key, ResolvedSource> known_;
};

std::string UrlOfFile(const Closure& closure, const ClosureFile& file) {
  if (!file.Indexed()) return file.path;
  return UrlOf(closure.releases.at(closure.indexes.at(file.index).release).uri, file.path);
}

bool AllAmong(const std::vector<ClosureFile>& files, const std::vector<ClosureFile>& others) {  // both sorted
  return std::includes(others.begin(), others.end(), files.begin(), files.end(),
                       [](const ClosureFile& left, const ClosureFile& right) { return left.sha256 < right.sha256; });
}

}  // namespace

std::vector<ClosedProduct> Close(const CloseRequest& request, const Snapshot& snapshot, const MirrorConfig& config,
                                 const Store& store, Progress& progress) {
  const auto reading = progress.Start(Msg("Reading the indexes"), Unit::kItems, 2);
  SourceResolver resolver(snapshot, config, store, *reading);
  std::vector<WantedSource> wanted;
  std::vector<const ResolveRequest*> requests;
  std::set<std::string> names;
  for (const ResolveRequest& one : request.sources) {
    FoundSource found = resolver.Choose(one.source, one.version);
    if (!names.insert(found.source.name).second) continue;
    wanted.push_back({std::move(found), RecipeFor(one)});
    requests.push_back(&one);
  }
  reading->Succeed();

  const auto task =
      progress.Start(Msg("Resolving {} source packages", wanted.size()), Unit::kItems, wanted.size());
  const std::vector<ResolvedSource> resolved = resolver.Resolve(wanted, [&] { task->Advance(1); });
  task->Succeed();
  std::vector<ClosedProduct> products;
  std::vector<std::optional<Growth>> growths(resolved.size());
  for (std::size_t i = 0; i < resolved.size(); ++i) {
    const ResolvedSource& one = resolved[i];
    ClosedProduct product{one.found.source.name, one.found.source.version, {}, {}, one.problem};
    if (!one.problem) {
      NoteBinNmu(one, *requests[i], resolver.architecture(), progress);
      product.lock = resolver.MakeLock(one, true, progress);
      growths[i].emplace(resolver, one);
    }
    products.push_back(std::move(product));
  }

  Environments environments(resolver, progress);
  for (std::uint32_t level = 1; level <= request.depth; ++level) {
    std::set<Key> keys;
    for (const auto& growth : growths) {
      if (growth) keys.insert(growth->frontier().begin(), growth->frontier().end());
    }
    if (keys.empty()) break;
    ThrowIfCancelled(config);
    environments.Resolve(keys, level);
    for (auto& growth : growths) {
      if (growth) growth->Grow(level, [&](const Key& key) { return environments.Find(key); });
    }
  }
  for (std::size_t i = 0; i < products.size(); ++i) {
    if (!growths[i]) continue;
    ClosedProduct& product = products[i];
    product.closure = growths[i]->Finish();
    product.closure.product = product.name;
    product.closure.version = product.version;
    product.closure.architecture = product.lock.architecture;
    product.closure.releases = product.lock.releases;
    product.closure.indexes = product.lock.indexes;
  }
  return products;
}

FetchCounts FetchClosures(std::vector<ClosedProduct>& products, const MirrorConfig& config, Store& store,
                          Progress& progress) {
  struct Use {
    const Closure* closure;
    const ClosureFile* file;
  };
  std::vector<Use> uses;
  for (const ClosedProduct& product : products) {
    for (const ClosureFile& file : product.closure.files) uses.push_back({&product.closure, &file});
  }
  std::stable_sort(uses.begin(), uses.end(), [](const Use& left, const Use& right) {
    return std::pair(!left.file->Needed(), left.file->level) < std::pair(!right.file->Needed(), right.file->level);
  });
  FetchCounts counts;
  std::set<Sha256Digest> all;
  std::vector<WantedObject> wanted;
  for (const auto& [closure, file] : uses) {
    if (!all.insert(file->sha256).second) continue;
    if (store.Has(file->sha256)) {
      ++counts.files_present;
    } else {
      const IndexProof& index = closure->indexes.at(file->index);
      wanted.push_back({file->sha256, file->size, UrlOfFile(*closure, *file), file->name,
                        {index.sha256, closure->releases.at(index.release).in_release}});
    }
  }
  const Downloads downloads = DownloadObjects(wanted, config, store, progress);
  counts.files_fetched = downloads.files;
  counts.bytes_fetched = downloads.bytes;
  counts.files_missing = downloads.reasons.size();
  for (ClosedProduct& product : products) {
    if (product.problem) continue;
    for (ClosureFile& file : product.closure.files) {
      const auto failed = downloads.reasons.find(file.sha256);
      file.missing = failed == downloads.reasons.end() ? "" : failed->second;
      if (file.missing.empty()) {
        const auto content = store.Find(file.sha256);
        if (!content || content->size != file.size) {
          file.missing = Msg("the index names another size than the object has").text;
        }
      }
    }
    for (LockedFile& file : product.lock.files) {
      if (const auto content = store.Find(file.sha256)) file.sha512 = content->sha512;
    }
    if (!CompleteBinNmu(product.lock, store)) {
      progress.Note(Msg("none of the archive's packages at hand has the changelog entry of {} {}", product.name,
                        product.lock.recipe.binary_version));
    }
  }
  return counts;
}

ProductChange KeepProduct(const ClosedProduct& closed, std::uint32_t depth, const std::string& added_by,
                          UnixSeconds now, const ProductList& list, Store& store) {
  NACHBAU_CHECK(!closed.problem);
  const std::optional<Product> before = list.Find(closed.name);
  if (before && before->kind != ProductKind::kDebian) {
    UsageError error(Msg("there is a product {} of another kind: {}", closed.name, Name(before->kind)));
    error.SetHint(Msg("remove it first: nachbau mirror remove {}", closed.name));
    throw error;
  }
  Product product;
  product.kind = ProductKind::kDebian;
  product.name = closed.name;
  for (const LockedFile& file : closed.lock.WithRole(InputRole::kSource)) {
    product.origin = closed.lock.releases.at(closed.lock.indexes.at(file.index).release).origin;
  }
  product.architecture = closed.lock.architecture;
  product.depth = depth;
  product.added_by = added_by;
  product.current.version = closed.version;
  product.current.added = now;
  product.current.lock = store.Put(FormatCanonical(ToJson(closed.lock))).sha256;
  product.current.closure = store.Put(FormatCanonical(ToJson(closed.closure))).sha256;
  ProductChange change = ProductChange::kAdded;
  if (before) {
    product.earlier = before->earlier;
    const bool readable = store.Has(before->current.closure);
    const std::vector<ClosureFile> files =
        readable ? ReadClosure(before->current, store).files : std::vector<ClosureFile>();
    const bool all_among = readable && AllAmong(files, closed.closure.files);
    change = all_among && files.size() == closed.closure.files.size() ? ProductChange::kUnchanged
                                                                      : ProductChange::kUpdated;
    if (!all_among) product.earlier.insert(product.earlier.begin(), before->current);
    if (change == ProductChange::kUnchanged) {
      product.current.added = before->current.added;
      product.added_by = before->added_by;
    }
  }
  list.Save(product);
  return change;
}

}  // namespace nachbau::mirror
