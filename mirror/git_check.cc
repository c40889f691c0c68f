#include "mirror/git_check.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "mirror/git_handles.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxLooked = 1ULL << 30;  // bytes of one object; its name was checked when the pack was indexed

int Collect(const git_oid* id, void* ids) {
  try {
    static_cast<std::vector<git_oid>*>(ids)->push_back(*id);
    return 0;
  } catch (const std::bad_alloc&) {
    return GIT_ERROR;
  }
}

class Checker {
 public:
  Checker(git_odb* own, git_odb* all, GitCheckResult& result) : own_(own), all_(all), result_(result) {}

  void Check(const git_oid& id) {
    const std::string name = GitHex(id);
    ++result_.objects;
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (git_odb_read_header(&size, &type, own_, &id) == 0 && size > kMaxLooked) {
      Add(name, "larger than is looked at", false);
      return;
    }
    git_odb_object* raw = nullptr;
    if (git_odb_read(&raw, own_, &id) < 0) {
      Add(name, "cannot be read: " + Render(GitLastError()), true);
      return;
    }
    const GitOdbObject object(raw);
    const std::string_view bytes(static_cast<const char*>(git_odb_object_data(raw)), git_odb_object_size(raw));
    std::set<std::string> irregular;
    const GitIrregularity note = [&](const std::string& detail) { irregular.insert(detail); };
    try {
      switch (git_odb_object_type(raw)) {
        case GIT_OBJECT_BLOB: Blob(name, bytes, note); break;
        case GIT_OBJECT_TREE: Tree(name, bytes, note); break;
        case GIT_OBJECT_COMMIT: Commit(name, bytes, note); break;
        case GIT_OBJECT_TAG: Tag(name, bytes, note); break;
        default: Add(name, "is of a type that git does not have", true);
      }
    } catch (const ParseError& error) {
      Add(name, error.what(), true);
    }
    for (const std::string& detail : irregular) Add(name, detail, false);
  }

 private:
  void Add(const std::string& object, std::string detail, bool damage) {
    ++(damage ? result_.damaged : result_.irregular);
    // Damage is never pushed out by what is merely untidy.
    if (result_.problems.size() < (damage ? 2 : 1) * kMaxGitProblems) {
      result_.problems.push_back({object, std::move(detail), damage});
    }
  }
  void Need(const std::string& object, const std::string& needed, const char* what) {
    if (known_.contains(needed)) return;
    const git_oid id = ParseGitId(needed, object);
    if (git_odb_exists(all_, &id) == 1) {
      known_.insert(needed);
    } else {
      Add(object, std::string("needs the ") + what + " " + needed + ", which is not there", true);
    }
  }
  void Blob(const std::string& name, std::string_view bytes, const GitIrregularity& note) {
    if (!IsLargeFilePointer(bytes)) return;
    try {
      const LargeFilePointer pointer = ParseLargeFilePointer(bytes, name);
      result_.large_files.emplace(pointer.sha256, pointer);
    } catch (const ParseError& error) {
      note(std::string("looks like a Git LFS pointer, but is none: ") + error.what());
    }
  }
  void Tree(const std::string& name, std::string_view bytes, const GitIrregularity& note) {
    for (const GitTreeItem& item : ParseGitTree(bytes, name, note)) {
      if (!item.IsSubmodule()) Need(name, item.id, item.IsDirectory() ? "tree" : "blob");
    }
  }
  void Commit(const std::string& name, std::string_view bytes, const GitIrregularity& note) {
    const GitHeaders headers = ParseGitCommit(bytes, name, note);
    Need(name, headers.tree, "tree");
    for (const std::string& parent : headers.parents) Need(name, parent, "commit");
    if (!headers.signature.empty()) result_.signed_objects.push_back(name);
  }
  void Tag(const std::string& name, std::string_view bytes, const GitIrregularity& note) {
    const GitHeaders headers = ParseGitTag(bytes, name, note);
    Need(name, headers.target, "object");
    if (!headers.signature.empty()) result_.signed_objects.push_back(name);
  }

  git_odb* own_;
  git_odb* all_;
  GitCheckResult& result_;
  std::set<std::string> known_;
};

}  // namespace

GitCheckResult CheckGitPacks(const std::vector<std::filesystem::path>& indexes, git_odb* all,
                             const std::atomic<bool>* cancelled, Progress::Task& task) {
  GitCheckResult result;
  git_odb* raw = nullptr;
  GitRequire(git_odb_new(&raw), Msg("open packs"));
  const GitOdb own(raw);
  for (const std::filesystem::path& index : indexes) {
    git_odb_backend* backend = nullptr;
    GitRequire(git_odb_backend_one_pack(&backend, index.c_str()), Msg("open the pack {}", index.native()));
    GitRequire(git_odb_add_backend(raw, backend, 1), Msg("open the pack {}", index.native()));
  }
  std::vector<git_oid> ids;
  GitRequire(git_odb_foreach(raw, Collect, &ids), Msg("list the objects of packs"));
  task.SetTotal(ids.size());
  Checker checker(raw, all, result);
  for (const git_oid& id : ids) {
    if (cancelled != nullptr && *cancelled) throw CancelledError();
    checker.Check(id);
    task.Advance(1);
  }
  std::sort(result.problems.begin(), result.problems.end(), [](const GitProblem& left, const GitProblem& right) {
    return std::tie(right.damage, left.object, left.detail) < std::tie(left.damage, right.object, right.detail);
  });
  if (result.problems.size() > kMaxGitProblems) result.problems.resize(kMaxGitProblems);
  std::sort(result.signed_objects.begin(), result.signed_objects.end());
  result.signed_objects.erase(std::unique(result.signed_objects.begin(), result.signed_objects.end()),
                              result.signed_objects.end());
  return result;
}

}  // namespace nachbau::mirror
