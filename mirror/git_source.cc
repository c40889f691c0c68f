// libgit2 1.5 cannot ask for a single commit: branches and tags are fetched, each with its history. The repository is
// kept, so that it is once.
#include "mirror/git_source.h"

#include <git2.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/commit_tarball.h"
#include "mirror/git_handles.h"
#include "mirror/git_mirror.h"
#include "mirror/git_object.h"
#include "mirror/git_repository.h"
#include "mirror/git_transport.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxReceived = 8ULL << 30;  // bytes of one fetch
constexpr std::uint64_t kMaxBlob = 1ULL << 30;      // bytes of one file
constexpr std::uint64_t kMaxTree = 8ULL << 30;      // bytes of all files
constexpr std::uint64_t kMaxEntries = 1'000'000;
constexpr int kMaxDepth = 200;

void FetchAll(git_repository* repository, const std::string& origin, const MirrorConfig& config, Progress& progress) {
  git_remote* opened = nullptr;
  git_remote_create_options creation = GIT_REMOTE_CREATE_OPTIONS_INIT;
  creation.repository = repository;
  creation.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  GitRequire(git_remote_create_with_opts(&opened, origin.c_str(), &creation), Msg("open {}", origin));
  const GitRemote remote(opened);
  const auto task = progress.Start(Msg("Fetching {}", origin), Unit::kBytes, 0);
  const GitAccess nobody;  // a recipe's repository is public
  GitConnection connection(origin, nobody, config.state_directory, kMaxReceived, config.cancelled, *task);
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.callbacks = connection.Callbacks();
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;  // named below
  options.update_fetchhead = 0;
  options.proxy_opts.type = GIT_PROXY_AUTO;
  options.follow_redirects = GIT_REMOTE_REDIRECT_INITIAL;
  std::string heads = "+refs/heads/*:refs/heads/*", tags = "+refs/tags/*:refs/tags/*";
  char* specifications[] = {heads.data(), tags.data()};
  const git_strarray references = {specifications, 2};
  connection.Require(git_remote_fetch(remote.get(), &references, &options, nullptr));
  task->Succeed();
}

// Writes one commit's tree. Whatever is in it came from outside.
class Exporter {
 public:
  Exporter(git_repository* repository, std::string place, CommitTarball& tarball)
      : repository_(repository), place_(std::move(place)), tarball_(tarball) {}

  void Export(const git_tree* tree, const std::string& prefix, int depth) {
    if (depth > kMaxDepth) throw ParseError(place_, 0, Msg("directories nested too deep"));
    tarball_.Add({TarballEntry::Type::kDirectory, prefix, GitHex(*git_tree_id(tree)), {}});
    for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
      const std::string name = git_tree_entry_name(entry);
      const std::string path = prefix + name;
      if (!IsSafeFileName(name)) throw ParseError(place_, 0, Msg("unsafe path: {}", Printable(path)));
      if (++entries_ > kMaxEntries) throw ParseError(place_, 0, Msg("more than {} files", kMaxEntries));
      switch (static_cast<unsigned>(git_tree_entry_filemode_raw(entry))) {
        case GIT_FILEMODE_TREE: {
          git_tree* found = nullptr;
          GitRequire(git_tree_lookup(&found, repository_, git_tree_entry_id(entry)), Msg("read {}", Printable(path)));
          Export(GitTree(found).get(), path + "/", depth + 1);
          break;
        }
        case GIT_FILEMODE_COMMIT:
          Refuse(path, Msg("is a submodule; recipes cannot have these"),
                 Msg("name a tarball that has all sources in it"));
        case GIT_FILEMODE_LINK:
          AddBlob(entry, path, TarballEntry::Type::kSymlink);
          break;
        case GIT_FILEMODE_BLOB_EXECUTABLE:
          AddBlob(entry, path, TarballEntry::Type::kExecutable);
          break;
        case GIT_FILEMODE_BLOB:
        case 0100664:
          AddBlob(entry, path, TarballEntry::Type::kFile);
          break;  // group-writable: as old versions of git wrote
        default:
          Refuse(path, Msg("is neither file, link nor directory"), Msg("look at the repository with git fsck"));
      }
    }
  }

 private:
  [[noreturn]] void Refuse(const std::string& path, const Message& detail, const Message& hint) const {
    ParseError error(place_ + ": " + Printable(path), 0, detail);
    error.SetHint(hint);
    throw error;
  }
  void AddBlob(const git_tree_entry* entry, const std::string& path, TarballEntry::Type type) {
    git_blob* found = nullptr;
    GitRequire(git_blob_lookup(&found, repository_, git_tree_entry_id(entry)), Msg("read {}", Printable(path)));
    const GitBlob blob(found);
    const std::string_view data(static_cast<const char*>(git_blob_rawcontent(found)), git_blob_rawsize(found));
    bytes_ += data.size();
    if (data.size() > kMaxBlob || bytes_ > kMaxTree) throw ParseError(place_, 0, Msg("too large: {}", Printable(path)));
    if (type == TarballEntry::Type::kSymlink && (data.empty() || data.size() > 4095 || data.find('\0') != data.npos)) {
      throw ParseError(place_, 0, Msg("unsafe path: {}", Printable(path)));
    }
    if (IsLargeFilePointer(data)) {
      Refuse(path, Msg("is kept elsewhere (Git LFS); recipes cannot have such files"),
             Msg("name a tarball that has all sources in it"));
    }
    tarball_.Add({type, path, GitHex(*git_tree_entry_id(entry)), data});
  }

  git_repository* repository_;
  std::string place_;
  CommitTarball& tarball_;
  std::uint64_t entries_ = 0, bytes_ = 0;
};

GitCommit FindCommit(git_repository* repository, const std::string& id) {
  git_oid oid;
  if (git_oid_fromstr(&oid, id.c_str()) < 0) throw ParseError("commit", 0, Msg("not a commit: {}", Printable(id)));
  git_commit* found = nullptr;
  const int code = git_commit_lookup(&found, repository, &oid);
  if (code != GIT_ENOTFOUND) GitRequire(code, Msg("read commit {}", id));
  return GitCommit(found);
}

// The repository that 'mirror git' holds of this origin.
std::optional<GitRefs> FindMirrored(const std::string& origin, const MirrorConfig& config, const Store& store) {
  if (config.products_directory.empty()) return std::nullopt;
  for (const Product& product : ProductList(config.products_directory).All()) {
    if (product.kind == ProductKind::kGit && product.origin == origin) return ReadGitRefs(product, store);
  }
  return std::nullopt;
}

}  // namespace

ContentId FetchCommit(const std::string& origin, const std::string& commit, const MirrorConfig& config, Store& store,
                      Progress& progress) {
  const std::filesystem::path path = GitCachePath(config.state_directory, origin);
  MakeDirectories(path.parent_path(), 0700);
  const FileLock lock(path.native() + ".lock", FileLock::Mode::kExclusive);
  GitCache repository(path);
  GitCommit found = FindCommit(repository.get(), commit);
  if (!found) {
    if (const auto refs = FindMirrored(origin, config, store)) {
      repository.AddPacks(refs->packs, store);
      found = FindCommit(repository.get(), commit);
    }
  }
  if (!found && config.offline) {
    MissingError error(Msg("commit {} of {} is not held, and --offline forbids fetching it", commit, origin));
    error.SetHint(Msg("run the same command once without --offline"));
    throw error;
  }
  if (!found) {
    FetchAll(repository.get(), origin, config, progress);
    found = FindCommit(repository.get(), commit);
  }
  if (!found) throw MissingError(Msg("no branch and no tag of {} leads to commit {}", origin, commit));
  git_tree* tree = nullptr;
  GitRequire(git_commit_tree(&tree, found.get()), Msg("read commit {}", commit));
  const GitTree owner(tree);
  const git_time_t time = git_commit_time(found.get());
  if (time < 0 || time > 077777777777)
    throw ParseError(origin + " " + commit, 0, Msg("a time that no tarball can have"));
  Store::Writer writer = store.StartWriting();
  CommitTarball tarball([&](std::string_view bytes) { writer.Write(bytes); }, commit, time);
  Exporter(repository.get(), origin + " " + commit, tarball).Export(tree, kSourcePrefix, 0);
  tarball.Finish();
  return writer.Commit(origin + " " + commit);
}

}  // namespace nachbau::mirror
