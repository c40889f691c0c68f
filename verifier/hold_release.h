// The release of a legal hold: one statement, signed by two different people whom the hold names. docs/formats/hold.md
//
// A file with DSSE envelopes over the same bytes, one per person. It can travel: the second person signs it on another
// machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/hold.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

// The file with the first signature.
Json AskForHoldRelease(const HoldRelease& release, const SigningKey& key);
// The file with one more signature, or with the one by this key made anew. Throws ParseError.
Json CosignHoldRelease(const Json& file, const std::string& place, const SigningKey& key);
// What the envelopes of a file say, without any check of their signatures. Throws ParseError, also when they do not all
// say the same.
HoldRelease ReadHoldRelease(const Json& file, const std::string& place);

struct HoldReleaseCheck {
  std::vector<std::string> signers;  // names of the hold's keys whose good signature is there, each once
  Message problem;                   // text is empty when it may be released
  bool Released() const { return problem.text.empty() && signers.size() >= kHoldReleaseSigners; }
};
// Whether kHoldReleaseSigners different keys that the hold names have signed that exactly this hold be released. Throws
// ParseError for a file that is none.
HoldReleaseCheck CheckHoldRelease(const Json& file, const std::string& place, const Hold& hold);

}  // namespace nachbau::verifier
