// Sources from git repositories, by libgit2.
#pragma once

#include <string>

#include "mirror/mirror.h"

namespace nachbau::mirror {

// Puts the tarball of a commit (commit_tarball.h) into the store. `origin` is an http, https or file URL or a path;
// what it has is kept in a bare repository in config.state_directory, so that a commit that is there is not asked for
// again; and one that 'mirror git' holds of this origin is taken from the store. Every object is checked against its name while it is read. Only the machine's own files and this URL take
// part: no configuration of git, no programs, no credentials.
//
// Throws NetworkError or Error when the repository cannot be had, MissingError when no branch and no tag of it leads to
// the commit (or offline, when it is not held), ParseError for a commit that has submodules, Git LFS pointers, or names
// that no file may have.
ContentId FetchCommit(const std::string& origin, const std::string& commit, const MirrorConfig& config, Store& store,
                      Progress& progress);

}  // namespace nachbau::mirror
