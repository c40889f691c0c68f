// Whole git repositories in the store: every ref, every object, what was there before, submodules and large files.
// docs/formats/git.md
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mirror/git_check.h"
#include "mirror/git_refs.h"
#include "mirror/git_transport.h"
#include "mirror/mirror.h"
#include "mirror/product_list.h"
#include "mirror/ssh_signature.h"

namespace nachbau::mirror {

struct GitSyncRequest {
  std::string origin;       // as NormaliseGitOrigin gives it
  std::string name;         // of the product; empty: made of the origin ("libmodbus.git"), or the one that has it already
  std::string added_by;     // person or role
  bool submodules = true;
  GitAccess access;
};

// One repository after a sync.
struct GitSynced {
  Product product;
  GitRefs refs;
  Closure closure;         // what is missing stands in it
  bool unchanged = false;  // nothing new: product and documents are those from before
  std::uint64_t new_objects = 0;
  std::uint64_t irregular = 0;         // of the new objects; see GitProblem
  std::vector<GitProblem> problems;    // likewise
  std::vector<std::string> notes;      // English: what could not be followed, refs that were left out
  std::size_t Missing() const;
};

// Brings the product up to date, and those of its submodules: objects first, then documents, then the product file. The
// repository asked for comes first in the result. A repository that sends damaged objects is refused: then nothing of
// that fetch is kept. Throws UsageError, NetworkError, Error, MissingError (offline), CancelledError.
std::vector<GitSynced> SyncGit(const GitSyncRequest& request, const ProductList& products, const MirrorConfig& config,
                               Store& store, const Clock& clock, Progress& progress);

// The newest refs document of a product. Throws MissingError where it has none.
GitRefs ReadGitRefs(const Product& product, const Store& store);

// Whose signatures count.
struct GitSigners {
  std::string keyring;  // OpenPGP, binary; may be empty
  SshSigners ssh;
  bool Empty() const { return keyring.empty() && ssh.allowed.empty(); }
};

struct GitSignature {
  std::string object;             // id of the commit or tag
  GitType type = GitType::kCommit;
  std::string name;               // of a tag
  std::vector<std::string> refs;  // that name it, sorted
  SignatureVerdict verdict;
};

struct GitVerification {
  GitCheckResult check;
  std::vector<std::string> missing;  // English: large files, submodules and refs without their object
  std::vector<GitSignature> signatures;  // tags first, then by id
  std::vector<std::string> unsigned_tags;  // refs of tags that carry no signature, sorted
  bool Sound() const { return check.damaged == 0; }
  std::size_t Count(SignatureOutcome outcome) const;
};

// Makes the repository anew from the store alone and looks at every object and every signature.
GitVerification VerifyGit(const Product& product, const GitSigners& signers, const MirrorConfig& config,
                          const Store& store, const Clock& clock, Progress& progress);

}  // namespace nachbau::mirror
