// The .changes file that a build made: any bytes are an answer, and only a list of exactly the artifacts is a good one.
#include <cstdint>

#include "builder/outputs.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(changes) {
  using nachbau::Artifact;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const std::vector<Artifact> kMade = {{"a.deb", nachbau::HashBytes("a")}};
  const std::string problem = nachbau::builder::CheckChanges(text, "p.changes", kMade);
  if (problem.empty() && text.find(kMade[0].content.sha256.Hex()) == text.npos) __builtin_trap();
  if (problem.find('\n') != problem.npos) __builtin_trap();
  return 0;
}
