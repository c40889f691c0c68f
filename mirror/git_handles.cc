#include "mirror/git_handles.h"

#include <mutex>

#include "base/encoding.h"

namespace nachbau::mirror {

void StartGit() {
  static std::once_flag once;
  std::call_once(once, [] {
    git_libgit2_init();
    for (const int level :
         {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
  });
}

Message GitLastError() {
  const git_error* error = git_error_last();
  return Msg("{}", Printable(error == nullptr || error->message == nullptr ? "libgit2 says nothing" : error->message));
}

void GitRequire(int code, const Message& doing) {
  if (code >= 0) return;
  Error error(GitLastError());
  error.AddContext(doing);
  throw error;
}

std::string GitHex(const git_oid& id) {
  char text[GIT_OID_HEXSZ + 1] = {};
  git_oid_tostr(text, sizeof text, &id);
  return text;
}

bool IsGitId(std::string_view text) {
  return text.size() == GIT_OID_HEXSZ && text.find_first_not_of("0123456789abcdef") == text.npos;
}

git_oid ParseGitId(const std::string& text, const std::string& name) {
  git_oid id;
  if (!IsGitId(text) || git_oid_fromstr(&id, text.c_str()) < 0) {
    throw ParseError(name, 0, Msg("not the name of a git object: {}", Printable(text)));
  }
  return id;
}

}  // namespace nachbau::mirror
