#include "mirror/git_repository.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::mirror {
namespace {

constexpr const char* kKnown = "nachbau-packs";  // "FILE SHA256" per line
constexpr std::uint64_t kMaxKnown = 64 << 20;    // bytes

std::filesystem::path PackOf(std::filesystem::path index) { return index.replace_extension(".pack"); }

}  // namespace

std::filesystem::path GitCachePath(const std::filesystem::path& state_directory, const std::string& origin) {
  return state_directory / "git" / (Sha256(origin).Hex().substr(0, 32) + ".git");
}

GitCache::GitCache(const std::filesystem::path& path) : path_(path) {
  StartGit();
  MakeDirectories(path.parent_path(), 0700);
  git_repository* opened = nullptr;
  if (git_repository_open_bare(&opened, path.c_str()) < 0) {
    GitRequire(git_repository_init(&opened, path.c_str(), 1), Msg("make the repository {}", path.native()));
  }
  repository_.reset(opened);
  const auto fd = OpenForReadingIfExists(path / kKnown);
  if (!fd) return;
  const std::string text = ReadDescriptor(*fd, (path / kKnown).native(), kMaxKnown);
  for (const std::string_view line : SplitTrimmed(text, '\n')) {
    const std::vector<std::string_view> words = SplitWords(line);
    if (words.size() != 2) continue;  // a cache: what cannot be read is made again
    if (std::filesystem::exists(path / "objects" / "pack" / words[0])) {
      known_.emplace(words[0], ParseSha256(words[1], (path / kKnown).native()));
    }
  }
}

GitOdb GitCache::OpenObjects() const {
  git_odb* raw = nullptr;
  GitRequire(git_odb_open(&raw, (path_ / "objects").c_str()), Msg("open the repository {}", path_.native()));
  return GitOdb(raw);
}

void GitCache::AddPacks(const std::vector<GitPack>& packs, const Store& store) {
  const std::filesystem::path directory = path_ / "objects" / "pack";
  MakeDirectories(directory, 0700);
  std::set<Sha256Digest> present;
  for (const auto& [file, sha256] : known_) {
    if (std::filesystem::exists(directory / file)) present.insert(sha256);
  }
  for (const GitPack& pack : packs) {
    if (present.contains(pack.sha256)) continue;
    git_indexer* raw = nullptr;
    git_indexer_options options = GIT_INDEXER_OPTIONS_INIT;
    GitRequire(git_indexer_new(&raw, directory.c_str(), 0, nullptr, &options), Msg("index a pack"));
    const GitIndexer indexer(raw);
    git_indexer_progress progress = {};
    const std::string name = "object " + pack.sha256.Hex();
    const FileDescriptor fd = store.Open(pack.sha256);
    ReadPieces(fd, name, [&](std::string_view piece) {
      GitRequire(git_indexer_append(raw, piece.data(), piece.size(), &progress), Msg("index the pack {}", name));
    });
    GitRequire(git_indexer_commit(raw, &progress), Msg("index the pack {}", name));
    Remember("pack-" + std::string(git_indexer_name(raw)) + ".pack", pack.sha256);
  }
  git_odb* objects = nullptr;
  GitRequire(git_repository_odb(&objects, get()), Msg("open the repository {}", path_.native()));
  const GitOdb owner(objects);
  GitRequire(git_odb_refresh(objects), Msg("open the repository {}", path_.native()));
}

void GitCache::SetRefs(const GitRefs& refs) {
  std::map<std::string, std::string> wanted = refs.refs;
  wanted.insert(refs.seen.begin(), refs.seen.end());
  git_strarray names = {};
  GitRequire(git_reference_list(&names, get()), Msg("list the refs of {}", path_.native()));
  std::vector<std::string> present(names.strings, names.strings + names.count);
  git_strarray_dispose(&names);
  // First what goes: "refs/heads/a" must go before "refs/heads/a/b" can come.
  for (const std::string& name : present) {
    if (!wanted.contains(name)) {
      GitRequire(git_reference_remove(get(), name.c_str()), Msg("remove the ref {}", name));
    }
  }
  for (const auto& [name, id] : wanted) {
    git_oid now;
    const git_oid oid = ParseGitId(id, name);
    if (git_reference_name_to_id(&now, get(), name.c_str()) == 0 && git_oid_equal(&now, &oid) == 1) continue;
    git_reference* made = nullptr;
    GitRequire(git_reference_create(&made, get(), name.c_str(), &oid, 1, nullptr), Msg("make the ref {}", name));
    const GitReference owner(made);
  }
  if (!refs.head.empty()) GitRequire(git_repository_set_head(get(), refs.head.c_str()), Msg("set HEAD"));
}

std::vector<std::filesystem::path> GitCache::Indexes() const {
  std::vector<std::filesystem::path> indexes;
  const std::filesystem::path directory = path_ / "objects" / "pack";
  if (!std::filesystem::exists(directory)) return indexes;
  for (const std::filesystem::path& file : ListFiles(directory)) {
    if (file.extension() != ".idx") continue;
    if (std::filesystem::exists(PackOf(directory / file))) indexes.push_back(directory / file);
  }
  return indexes;
}

std::vector<std::filesystem::path> GitCache::NewIndexes(const std::vector<GitPack>& held) const {
  std::vector<std::filesystem::path> indexes = Indexes();
  std::erase_if(indexes, [&](const std::filesystem::path& index) {
    const auto known = known_.find(PackOf(index).filename().native());
    return known != known_.end() && std::any_of(held.begin(), held.end(), [&](const GitPack& pack) {
             return pack.sha256 == known->second;
           });
  });
  return indexes;
}

GitPack GitCache::Keep(const std::filesystem::path& index, std::uint64_t objects, Store& store) {
  const std::filesystem::path pack = PackOf(index);
  const ContentId content = store.PutFile(OpenForReading(pack), pack.native());
  Remember(pack.filename().native(), content.sha256);
  return {content.sha256, content.size, objects};
}

void GitCache::Remove(const std::filesystem::path& index) {
  std::filesystem::remove(PackOf(index));
  std::filesystem::remove(index);
}

void GitCache::Remember(const std::string& file, const Sha256Digest& sha256) {
  known_.insert_or_assign(file, sha256);
  std::string text;
  for (const auto& [name, digest] : known_) text += name + " " + digest.Hex() + "\n";
  WriteFileAtomically(path_ / kKnown, text, 0600);
}

}  // namespace nachbau::mirror
