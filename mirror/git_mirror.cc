#include "mirror/git_mirror.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/git_handles.h"
#include "mirror/git_repository.h"
#include "mirror/large_files.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxReceived = 64ULL << 30;  // bytes of one fetch
constexpr std::size_t kMaxRefs = 1'000'000;
constexpr std::uint64_t kMaxModulesFile = 1 << 20;  // bytes of .gitmodules
constexpr int kMaxDepth = 8;                        // of submodules in submodules
constexpr std::size_t kMaxRepositories = 256;       // of one sync
constexpr std::size_t kMaxNotes = 100;

std::string Compact(UnixSeconds time) {
  std::string text = FormatTime(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// "libmodbus.git" of "https://example.org/stephane/libmodbus".
std::string NameOf(const std::string& origin) {
  std::string base = origin;
  while (base.ends_with('/')) base.pop_back();
  base = base.substr(base.find_last_of("/:") + 1);
  if (base.ends_with(".git")) base.resize(base.size() - 4);
  std::string name;
  for (const char c : base.substr(0, 100)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain || (!name.empty() && (c == '.' || c == '-' || c == '_' || c == '+'))) name += c;
  }
  return (name.empty() ? "repository" : name) + ".git";
}

struct Remote {
  std::map<std::string, std::string> refs;
  std::string head;
  bool left_out = false;  // refs that only this program may have
};

Remote Download(GitCache& cache, const GitSyncRequest& request, const MirrorConfig& config, Progress& progress) {
  if (GitTransportOf(request.origin) == GitTransport::kSsh && (git_libgit2_features() & GIT_FEATURE_SSH) == 0) {
    throw UsageError(Msg("the libgit2 of this machine is built without ssh"));
  }
  git_remote* opened = nullptr;
  git_remote_create_options creation = GIT_REMOTE_CREATE_OPTIONS_INIT;
  creation.repository = cache.get();
  creation.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  GitRequire(git_remote_create_with_opts(&opened, request.origin.c_str(), &creation), Msg("open {}", request.origin));
  const GitRemote remote(opened);
  const auto task = progress.Start(Msg("Fetching {}", request.origin), Unit::kBytes, 0);
  GitConnection connection(request.origin, request.access, config.state_directory, kMaxReceived, config.cancelled, *task);
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.callbacks = connection.Callbacks();
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;  // named below
  options.update_fetchhead = 0;
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.follow_redirects = GIT_REMOTE_REDIRECT_INITIAL;
  git_remote_connect_options connecting = GIT_REMOTE_CONNECT_OPTIONS_INIT;
  connecting.callbacks = options.callbacks;
  connecting.proxy_opts = options.proxy_opts;
  connecting.follow_redirects = options.follow_redirects;
  connection.Require(git_remote_connect_ext(remote.get(), GIT_DIRECTION_FETCH, &connecting));
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  connection.Require(git_remote_ls(&heads, &count, remote.get()));
  if (count > kMaxRefs) throw NetworkError(request.origin, 0, Msg("more than {} refs", kMaxRefs));
  Remote found;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = heads[i]->name;
    if (name == "HEAD") {
      if (heads[i]->symref_target != nullptr) found.head = heads[i]->symref_target;
      continue;
    }
    int valid = 0;
    if (name.ends_with("^{}")) continue;  // what a tag leads to
    if (git_reference_name_is_valid(&valid, name.c_str()) < 0 || valid == 0 || !name.starts_with("refs/")) {
      throw NetworkError(request.origin, 0, Msg("a ref that git does not allow: {}", Printable(name)));
    }
    if (name.starts_with(kSeenRefs)) {
      found.left_out = true;
      continue;
    }
    found.refs.emplace(name, GitHex(heads[i]->oid));
  }
  if (!found.refs.contains(found.head)) found.head.clear();
  std::string everything = "+refs/*:refs/*";
  char* specifications[] = {everything.data()};
  const git_strarray references = {specifications, 1};
  connection.Require(git_remote_download(remote.get(), &references, &options));
  git_remote_disconnect(remote.get());
  task->Succeed();
  return found;
}

bool Descends(git_repository* repository, const std::string& after, const std::string& before) {
  const git_oid new_id = ParseGitId(after, "ref"), old_id = ParseGitId(before, "ref");
  return git_graph_descendant_of(repository, &new_id, &old_id) == 1;
}

std::vector<GitRefChange> Compare(git_repository* repository, const std::map<std::string, std::string>& before,
                                  const std::map<std::string, std::string>& after) {
  std::vector<GitRefChange> changes;
  for (const auto& [name, id] : before) {
    const auto now = after.find(name);
    if (now == after.end()) {
      changes.push_back({name, GitChange::kDeleted, id, ""});
    } else if (now->second != id) {
      GitChange change = GitChange::kMoved;
      if (!name.starts_with("refs/tags/") && Descends(repository, now->second, id)) {
        change = GitChange::kAdvanced;
      } else if (name.starts_with("refs/heads/")) {
        change = GitChange::kRewritten;
      }
      changes.push_back({name, change, id, now->second});
    }
  }
  for (const auto& [name, id] : after) {
    if (!before.contains(name)) changes.push_back({name, GitChange::kCreated, "", id});
  }
  std::sort(changes.begin(), changes.end());
  return changes;
}

// Commits of submodules by the URL they are to be had from.
using Modules = std::map<std::string, std::set<std::string>>;

class ModuleFinder {
 public:
  ModuleFinder(git_repository* repository, const GitRefs& refs, std::vector<std::string>& notes)
      : repository_(repository), refs_(refs), notes_(notes) {}

  // At HEAD and at every tag.
  Modules Find() {
    if (const std::string head = refs_.HeadId(); !head.empty()) Look(head, "HEAD");
    for (const auto& [name, id] : refs_.refs) {
      if (name.starts_with("refs/tags/")) Look(id, name);
    }
    return std::move(modules_);
  }

 private:
  void Note(std::string note) {
    if (notes_.size() < kMaxNotes) notes_.push_back(std::move(note));
  }
  void Look(const std::string& id, const std::string& place) {
    const git_oid oid = ParseGitId(id, place);
    git_object* raw = nullptr;
    if (git_object_lookup(&raw, repository_, &oid, GIT_OBJECT_ANY) < 0) return;
    const GitObject object(raw);
    git_object* peeled = nullptr;
    if (git_object_peel(&peeled, raw, GIT_OBJECT_TREE) < 0) return;  // a tag of a file
    const GitObject owner(peeled);
    const auto* tree = reinterpret_cast<const git_tree*>(peeled);
    const git_tree_entry* file = git_tree_entry_byname(tree, ".gitmodules");
    if (file == nullptr || git_tree_entry_type(file) != GIT_OBJECT_BLOB) return;
    git_blob* blob = nullptr;
    if (git_blob_lookup(&blob, repository_, git_tree_entry_id(file)) < 0) return;
    const GitBlob blob_owner(blob);
    const std::string name = place + ":.gitmodules";
    try {
      if (static_cast<std::uint64_t>(git_blob_rawsize(blob)) > kMaxModulesFile) {
        throw ParseError(name, 0, Msg("larger than {} bytes", kMaxModulesFile));
      }
      const std::string_view text(static_cast<const char*>(git_blob_rawcontent(blob)), git_blob_rawsize(blob));
      for (const GitModule& module : ParseGitModules(text, name)) Add(tree, module, name);
    } catch (const Error& error) {
      Note(error.what());
    }
  }
  void Add(const git_tree* tree, const GitModule& module, const std::string& place) {
    git_tree_entry* raw = nullptr;
    if (git_tree_entry_bypath(&raw, tree, module.path.c_str()) < 0) return;  // named, but not there
    const GitTreeEntry entry(raw);
    if (git_tree_entry_filemode_raw(raw) != GIT_FILEMODE_COMMIT) return;
    try {
      modules_[ResolveGitUrl(refs_.origin, module.url)].insert(GitHex(*git_tree_entry_id(raw)));
    } catch (const UsageError& error) {
      Note(place + ": " + error.what());
    }
  }

  git_repository* repository_;
  const GitRefs& refs_;
  std::vector<std::string>& notes_;
  Modules modules_;
};

class Syncer {
 public:
  Syncer(const GitSyncRequest& request, const ProductList& products, const MirrorConfig& config, Store& store,
         const Clock& clock, Progress& progress)
      : request_(request), products_(products), config_(config), store_(store), clock_(clock), progress_(progress) {}

  std::vector<GitSynced> Run() {
    Sync(request_, 0);
    // The one asked for ends last, because its closure tells of its submodules.
    std::rotate(done_.begin(), done_.end() - 1, done_.end());
    return std::move(done_);
  }

 private:
  // Which product an origin has, or gets.
  Product ProductFor(const GitSyncRequest& request) const {
    Product product;
    product.kind = ProductKind::kGit;
    product.origin = request.origin;
    product.name = request.name;
    if (product.name.empty()) {
      for (const Product& known : products_.All()) {
        if (known.kind == ProductKind::kGit && known.origin == request.origin) return known;
      }
      product.name = NameOf(request.origin);
      const auto taken = products_.Find(product.name);
      if (taken || taken_.contains(product.name)) product.name += "-" + Sha256(request.origin).Hex().substr(0, 8);
    }
    if (!IsProductName(product.name)) {
      throw UsageError(Msg("{} cannot be the name of a product", Printable(product.name)));
    }
    if (const auto known = products_.Find(product.name)) {
      if (known->kind != ProductKind::kGit || known->origin != request.origin) {
        UsageError error(Msg("there is a product {} already, from {}", product.name, Printable(known->origin)));
        error.SetHint(Msg("name this one with --name NAME"));
        throw error;
      }
      return *known;
    }
    return product;
  }

  // Takes in what the fetch brought. Damaged packs go.
  void TakeIn(GitCache& cache, GitSynced& synced, std::map<std::string, LargeFilePointer>& large_files) {
    const std::vector<std::filesystem::path> indexes = cache.NewIndexes(synced.refs.packs);
    if (indexes.empty()) return;
    std::vector<std::uint64_t> counts;
    std::vector<std::string> damage;
    {
      const GitOdb all = cache.OpenObjects();
      for (const std::filesystem::path& index : indexes) {
        const auto task = progress_.Start(Msg("Checking the objects of {}", synced.product.origin), Unit::kItems, 0);
        const GitCheckResult check = CheckGitPacks({index}, all.get(), config_.cancelled, *task);
        counts.push_back(check.objects);
        synced.new_objects += check.objects;
        synced.irregular += check.irregular;
        for (const GitProblem& problem : check.problems) {
          if (problem.damage) {
            damage.push_back(problem.object + " " + problem.detail);
          } else if (synced.problems.size() < kMaxGitProblems) {
            synced.problems.push_back(problem);
          }
        }
        large_files.insert(check.large_files.begin(), check.large_files.end());
        task->Succeed();
      }
    }
    if (!damage.empty()) {
      for (const std::filesystem::path& index : indexes) cache.Remove(index);
      Error error(Msg("{} sent damaged objects, the first: {}", synced.product.origin, damage.front()));
      error.SetHint(Msg("nothing of this fetch was kept; 'git fsck' in the repository itself tells more"));
      throw error;
    }
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      synced.refs.packs.push_back(cache.Keep(indexes[i], counts[i], store_));
    }
    std::sort(synced.refs.packs.begin(), synced.refs.packs.end());
  }

  void Remember(GitRefs& refs) const {
    for (const GitRefChange& change : refs.changes) {
      if (change.before.empty() || change.change == GitChange::kAdvanced) continue;
      const std::string name = std::string(kSeenRefs) + "seen/" + Compact(refs.time);
      std::string free = name;
      for (int i = 2; refs.seen.contains(free + "/" + change.ref.substr(5)); ++i) free = name + "-" + std::to_string(i);
      refs.seen.emplace(free + "/" + change.ref.substr(5), change.before);
    }
  }

  // Submodules as entries of the closure, after syncing each.
  void Follow(const Modules& modules, const GitSyncRequest& parent, int depth, Closure& closure) {
    std::map<std::pair<std::string, std::string>, ClosureSource> sources;
    for (const auto& [url, commits] : modules) {
      std::string name = url, reason;
      const auto visited = visited_.find(url);
      if (visited != visited_.end()) {
        name = visited->second;
      } else if (depth + 1 > kMaxDepth) {
        reason = "submodules are nested too deep";
      } else if (visited_.size() >= kMaxRepositories) {
        reason = "more submodules than are followed";
      } else {
        GitSyncRequest inner = parent;
        inner.origin = url;
        inner.name.clear();
        try {
          name = Sync(inner, depth + 1);
        } catch (const CancelledError&) {
          throw;
        } catch (const SystemError&) {
          throw;
        } catch (const Error& error) {
          reason = error.what();
        }
      }
      for (const std::string& commit : commits) {
        ClosureSource source;
        source.name = name;
        source.version = commit;
        source.level = static_cast<std::uint32_t>(depth) + 1;
        source.missing = reason.empty() && !HasCommit(url, commit) ? "no ref of " + url + " leads to this commit" : reason;
        sources.emplace(std::pair(name, commit), source);
      }
    }
    for (auto& [key, source] : sources) closure.sources.push_back(std::move(source));
  }
  bool HasCommit(const std::string& origin, const std::string& commit) const {
    const GitCache cache(GitCachePath(config_.state_directory, origin));
    const git_oid id = ParseGitId(commit, origin);
    return git_odb_exists(cache.OpenObjects().get(), &id) == 1;
  }

  void AddFiles(const GitSynced& synced, const std::optional<Closure>& before,
                const std::map<std::string, LargeFilePointer>& large_files, Closure& closure) {
    std::map<Sha256Digest, ClosureFile> files;
    const auto add = [&](const Sha256Digest& sha256, std::uint64_t size, std::string name, ClosureRole role, std::string version) {
      ClosureFile file;
      file.sha256 = sha256;
      file.size = size;
      file.name = std::move(name);
      file.role = role;
      file.package = synced.product.name;
      file.version = std::move(version);
      file.path = synced.product.origin;
      return &files.emplace(sha256, std::move(file)).first->second;
    };
    std::map<std::string, LargeFilePointer> wanted = large_files;
    if (before) {
      for (const ClosureFile& file : before->files) {
        if (file.role == ClosureRole::kRefs) files.emplace(file.sha256, file);
        if (file.role == ClosureRole::kLargeFile) wanted.emplace(file.sha256.Hex(), LargeFilePointer{file.sha256.Hex(), file.size});
      }
    }
    const ContentId refs = store_.Put(FormatCanonical(ToJson(synced.refs)));
    add(refs.sha256, refs.size, "refs-" + Compact(synced.refs.time) + ".json", ClosureRole::kRefs, FormatTime(synced.refs.time));
    for (const GitPack& pack : synced.refs.packs) {
      add(pack.sha256, pack.size, pack.sha256.Hex().substr(0, 16) + ".pack", ClosureRole::kPack, "");
    }
    std::vector<LargeFilePointer> pointers;
    for (const auto& [sha256, pointer] : wanted) pointers.push_back(pointer);
    const std::map<std::string, std::string> reasons =
        FetchLargeFiles(synced.product.origin, pointers, config_, store_, progress_);
    for (const LargeFilePointer& pointer : pointers) {
      ClosureFile* file = add(ParseSha256(pointer.sha256, synced.product.origin), pointer.size, pointer.sha256,
                              ClosureRole::kLargeFile, "");
      if (const auto reason = reasons.find(pointer.sha256); reason != reasons.end()) file->missing = reason->second;
    }
    for (auto& [sha256, file] : files) closure.files.push_back(std::move(file));
  }

  // Returns the name of the product.
  std::string Sync(const GitSyncRequest& request, int depth) {
    GitSynced synced;
    synced.product = ProductFor(request);
    taken_.insert(synced.product.name);
    visited_.emplace(request.origin, synced.product.name);
    const bool known = products_.Find(synced.product.name).has_value();
    if (config_.offline) {
      MissingError error(Msg("a repository cannot be synced with --offline"));
      error.SetHint(Msg("run the same command once without --offline"));
      throw error;
    }
    const std::filesystem::path path = GitCachePath(config_.state_directory, request.origin);
    MakeDirectories(path.parent_path(), 0700);
    std::optional<Closure> closure_before;
    Modules modules;
    std::map<std::string, LargeFilePointer> large_files;
    {
      const FileLock lock(path.native() + ".lock", FileLock::Mode::kExclusive);
      GitCache cache(path);
      GitRefs before;
      if (known) {
        closure_before = ReadClosure(synced.product.current, store_);
        before = ReadGitRefs(synced.product, store_);
        cache.AddPacks(before.packs, store_);
        cache.SetRefs(before);
      }
      const Remote remote = Download(cache, request, config_, progress_);
      if (remote.left_out) synced.notes.push_back(std::string("refs below ") + kSeenRefs + " were left out");
      synced.refs = before;
      synced.refs.origin = request.origin;
      synced.refs.time = clock_.Now();
      synced.refs.refs = remote.refs;
      synced.refs.head = remote.head;
      TakeIn(cache, synced, large_files);
      synced.refs.changes = Compare(cache.get(), before.refs, remote.refs);
      synced.unchanged = known && synced.refs.changes.empty() && synced.new_objects == 0 && before.head == remote.head;
      if (synced.unchanged) {
        synced.refs = before;
        synced.refs.changes.clear();
      } else {
        if (known) synced.refs.previous = NewestRefs(*closure_before);
        Remember(synced.refs);
      }
      cache.SetRefs(synced.refs);
      if (request.submodules) modules = ModuleFinder(cache.get(), synced.refs, synced.notes).Find();
    }
    Closure& closure = synced.closure;
    closure.product = synced.product.name;
    closure.version = synced.refs.HeadId();
    if (closure.version.empty() && !synced.refs.refs.empty()) closure.version = synced.refs.refs.begin()->second;
    if (request.submodules) {
      Follow(modules, request, depth, closure);
    } else if (closure_before) {
      closure.sources = closure_before->sources;
    }
    if (synced.unchanged) {
      RetryMissing(*closure_before, synced);
    } else {
      AddFiles(synced, closure_before, large_files, closure);
    }
    Save(request, known, closure_before, synced);
    done_.push_back(std::move(synced));
    return done_.back().product.name;
  }

  // What could not be had the last time may be there now.
  void RetryMissing(const Closure& before, GitSynced& synced) {
    synced.closure.files = before.files;
    std::vector<LargeFilePointer> wanted;
    for (const ClosureFile& file : before.files) {
      if (file.role == ClosureRole::kLargeFile) wanted.push_back({file.sha256.Hex(), file.size});
    }
    const auto reasons = FetchLargeFiles(synced.product.origin, wanted, config_, store_, progress_);
    for (ClosureFile& file : synced.closure.files) {
      if (file.role != ClosureRole::kLargeFile) continue;
      const auto reason = reasons.find(file.sha256.Hex());
      file.missing = reason == reasons.end() ? "" : reason->second;
    }
  }

  void Save(const GitSyncRequest& request, bool known, const std::optional<Closure>& before, GitSynced& synced) const {
    const std::string closure = FormatCanonical(ToJson(synced.closure));
    if (before && FormatCanonical(ToJson(*before)) == closure) return;
    // The closure of a repository grows: it has all that earlier ones had, which need not be kept.
    synced.product.current = {synced.closure.version, clock_.Now(), std::nullopt, store_.Put(closure).sha256};
    if (!known || synced.product.added_by.empty()) synced.product.added_by = request.added_by;
    products_.Save(synced.product);
    std::set<Sha256Digest> known_files;
    if (before) {
      for (const ClosureFile& file : before->files) {
        if (file.missing.empty()) known_files.insert(file.sha256);
      }
    }
    const Sha256Digest refs = NewestRefs(synced.closure);
    std::vector<Acquisition> acquisitions;
    for (const ClosureFile& file : synced.closure.files) {
      if (!file.missing.empty() || known_files.contains(file.sha256)) continue;
      acquisitions.push_back({file.sha256, file.size, file.name, clock_.Now(), synced.product.origin, Proof::kCommit, {refs}});
    }
    AcquisitionLog(config_.state_directory).Append(acquisitions);
  }

  Sha256Digest NewestRefs(const Closure& closure) const;

  const GitSyncRequest& request_;
  const ProductList& products_;
  const MirrorConfig& config_;
  Store& store_;
  const Clock& clock_;
  Progress& progress_;
  std::map<std::string, std::string> visited_;  // origin → product
  std::set<std::string> taken_;
  std::vector<GitSynced> done_;
};

GitRefs ReadRefs(const Sha256Digest& sha256, const Store& store) {
  const std::string name = "object " + sha256.Hex();
  return GitRefsFromJson(ParseJson(store.Read(sha256, kMaxDocumentSize), name), name);
}

// The one that no other calls its previous, among those of the last second.
Sha256Digest FindNewestRefs(const Closure& closure, const Store& store) {
  std::string newest;
  for (const ClosureFile& file : closure.files) {
    if (file.role == ClosureRole::kRefs) newest = std::max(newest, file.version);
  }
  std::set<Sha256Digest> candidates;
  for (const ClosureFile& file : closure.files) {
    if (file.role == ClosureRole::kRefs && file.version == newest) candidates.insert(file.sha256);
  }
  if (candidates.size() > 1) {
    for (const Sha256Digest& sha256 : std::set<Sha256Digest>(candidates)) {
      if (const auto previous = ReadRefs(sha256, store).previous) candidates.erase(*previous);
    }
  }
  if (candidates.empty()) throw MissingError(Msg("the closure of {} names no refs", closure.product));
  return *candidates.begin();
}

Sha256Digest Syncer::NewestRefs(const Closure& closure) const { return FindNewestRefs(closure, store_); }

}  // namespace

std::size_t GitSynced::Missing() const {
  const auto files = std::count_if(closure.files.begin(), closure.files.end(),
                                   [](const ClosureFile& file) { return !file.missing.empty(); });
  const auto sources = std::count_if(closure.sources.begin(), closure.sources.end(),
                                     [](const ClosureSource& source) { return !source.missing.empty(); });
  return static_cast<std::size_t>(files + sources);
}

std::vector<GitSynced> SyncGit(const GitSyncRequest& request, const ProductList& products, const MirrorConfig& config,
                               Store& store, const Clock& clock, Progress& progress) {
  StartGit();
  return Syncer(request, products, config, store, clock, progress).Run();
}

GitRefs ReadGitRefs(const Product& product, const Store& store) {
  if (product.kind != ProductKind::kGit) throw UsageError(Msg("{} is not a git repository", product.name));
  return ReadRefs(FindNewestRefs(ReadClosure(product.current, store), store), store);
}

}  // namespace nachbau::mirror
