// Owners for what libgit2 hands out. Only for the sources of this room that talk to it.
#pragma once

#include <git2.h>

#include <memory>
#include <string>

#include "base/error.h"
#include "base/freed_by.h"

namespace nachbau::mirror {

using GitRepository = std::unique_ptr<git_repository, FreedBy<&git_repository_free>>;
using GitRemote = std::unique_ptr<git_remote, FreedBy<&git_remote_free>>;
using GitReference = std::unique_ptr<git_reference, FreedBy<&git_reference_free>>;
using GitCommit = std::unique_ptr<git_commit, FreedBy<&git_commit_free>>;
using GitTree = std::unique_ptr<git_tree, FreedBy<&git_tree_free>>;
using GitTreeEntry = std::unique_ptr<git_tree_entry, FreedBy<&git_tree_entry_free>>;
using GitBlob = std::unique_ptr<git_blob, FreedBy<&git_blob_free>>;
using GitObject = std::unique_ptr<git_object, FreedBy<&git_object_free>>;
using GitOdb = std::unique_ptr<git_odb, FreedBy<&git_odb_free>>;
using GitOdbObject = std::unique_ptr<git_odb_object, FreedBy<&git_odb_object_free>>;
using GitIndexer = std::unique_ptr<git_indexer, FreedBy<&git_indexer_free>>;

// Once per process. Without the search paths no configuration of user or machine is read: "url.insteadOf" or
// "http.sslVerify" there would change where a source comes from and who vouches for it. What is written is synced.
void StartGit();

// What libgit2 says went wrong, printable.
Message GitLastError();
// Throws Error with that, and what was being done, for a negative code.
void GitRequire(int code, const Message& doing);

std::string GitHex(const git_oid& id);
// Throws ParseError naming `name` for anything but 40 hexadecimal digits.
git_oid ParseGitId(const std::string& text, const std::string& name);
// 40 lower-case hexadecimal digits.
bool IsGitId(std::string_view text);

}  // namespace nachbau::mirror
