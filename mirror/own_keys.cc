#include "mirror/own_keys.h"

#include "base/error.h"
#include "mirror/clear_signed.h"
#include "mirror/release_file.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxInRelease = 64 << 20;

// Empty when it holds.
std::string Check(const ReleaseProof& proof, const AptSetup& setup, const Store& store) {
  std::string reasons;
  bool configured = false;
  const std::string message = store.Read(proof.in_release, kMaxInRelease);
  for (const AptArchive& archive : setup.archives) {
    if (archive.suite != proof.suite) continue;
    configured = true;
    std::string reason = archive.problem;
    if (reason.empty()) {
      try {
        // As of the moment of the signature: that it was fresh then, the exporting side saw to.
        const VerifiedText verified =
            VerifyClearSigned(message, archive.keyring, proof.suite, std::nullopt, archive.signed_by);
        const ReleaseFile release = ParseRelease(verified.text, proof.suite);
        if (release.origin == proof.origin && release.date == proof.date) return {};
        reason = "the Release file says something else than its proof";
      } catch (const Error& error) {
        reason = error.what();
      }
    }
    reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  if (configured) return proof.uri + " " + proof.suite + ": " + reasons;
  return proof.uri + " " + proof.suite +
         ": no archive with this suite is in this machine's apt configuration, so no key "
         "is known that may sign it (add the archive; it need not be reachable)";
}

}  // namespace

std::vector<std::string> CheckByOwnKeys(const std::vector<ReleaseProof>& releases, const AptSetup& setup,
                                        const Store& store) {
  std::vector<std::string> broken;
  for (const ReleaseProof& release : releases) {
    try {
      if (std::string reason = Check(release, setup, store); !reason.empty()) broken.push_back(std::move(reason));
    } catch (const Error& error) {  // of the store
      broken.push_back(release.uri + " " + release.suite + ": " + error.what());
    }
  }
  return broken;
}

}  // namespace nachbau::mirror
