#include "sbom/checks/timestamp.h"

#include "base/encoding.h"
#include "sbom/validation/formats.h"

namespace nachbau::sbom {

void JudgeTimestamp(const CheckInput& input, Clause& clause) {
  if (input.sheet.timestamp.values.empty()) clause.Fail("/metadata", "", Msg("there is none"));
  for (const Stated& time : input.sheet.timestamp.values) {
    if (IsDateTime(time.value)) clause.Pass();
    else clause.Fail(time.pointer, "", Msg("no date and time of RFC 3339: {}", Printable(time.value)));
  }
}

}  // namespace nachbau::sbom
