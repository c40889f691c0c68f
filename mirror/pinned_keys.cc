#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {

void RequirePinned(const std::vector<std::string>& signers, const std::string& uri, const std::string& suite,
                   const ArchiveKeys& pinned) {
  if (pinned.keys.empty()) return;
  const std::vector<std::string> counting = pinned.Counting(signers, suite);
  if (counting.size() >= pinned.signatures) return;
  std::vector<std::string> others;
  std::set_difference(signers.begin(), signers.end(), counting.begin(), counting.end(), std::back_inserter(others));
  std::string shown;
  for (const std::string& other : others) shown += (shown.empty() ? "" : ", ") + other;
  Error error(others.empty() ? Msg("{} {}: signed by {} of the keys that this workspace has pinned, {} must have signed",
                                   uri, suite, counting.size(), pinned.signatures)
                             : Msg("{} {}: signed by {} of the keys that this workspace has pinned, {} must have signed; "
                                   "signed also by {}, which apt trusts and this workspace has not pinned",
                                   uri, suite, counting.size(), pinned.signatures, shown));
  if (others.empty()) {
    error.SetHint(Msg("'nachbau mirror key list' shows the keys that are pinned"));
  } else {
    error.SetHint(Msg("compare the fingerprint with one you have from elsewhere than this archive; then 'nachbau mirror "
                      "key add {}' takes it in and puts that on record",
                      others.front()));
  }
  throw error;
}

}  // namespace nachbau::mirror
