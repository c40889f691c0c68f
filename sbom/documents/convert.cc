#include "sbom/documents/convert.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/downgrade.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {

ConversionTarget ParseConversionTarget(std::string_view text) {
  if (text == "cyclonedx-1.7") return ConversionTarget::kCycloneDx17;
  if (text == "cyclonedx-1.6") return ConversionTarget::kCycloneDx16;
  if (text == "spdx-3.0.1") return ConversionTarget::kSpdx301;
  UsageError error(Msg("cannot convert to {}", Printable(text)));
  error.SetHint(Msg("--to cyclonedx-1.7, --to cyclonedx-1.6 or --to spdx-3.0.1"));
  throw error;
}

void Losses::Add(Message loss) {
  if (std::find(list_.begin(), list_.end(), loss) == list_.end()) list_.push_back(std::move(loss));
}

namespace {

// An older document as 1.6: every version takes in what the one before could say.
Conversion AsCycloneDx16(const Bom& bom) {
  Conversion conversion = ToCycloneDx17(bom);
  if (bom.format == BomFormat::kCycloneDx && bom.spec_version == "1.7") {
    conversion.document = ToCycloneDx16(conversion.document);
    for (const Json& property : conversion.document.value("properties", Json::array())) {
      if (property.value("name", "") != kLeftOut) continue;
      conversion.losses.push_back(Msg("CycloneDX 1.6 has no place for: {}", property.value("value", "")));
    }
    return conversion;
  }
  conversion.document["specVersion"] = "1.6";
  conversion.document["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json";
  return conversion;
}

}  // namespace

Conversion Convert(const Bom& bom, ConversionTarget target) {
  if (target == ConversionTarget::kSpdx301) return ToSpdx301(bom);
  Conversion conversion = target == ConversionTarget::kCycloneDx17 ? ToCycloneDx17(bom) : AsCycloneDx16(bom);
  const std::vector<SchemaViolation> violations = Validate(conversion.document);
  if (!violations.empty()) {
    Error error(Msg("{} cannot be converted: the result would not be valid: {}: {}", bom.name, violations[0].pointer,
                    violations[0].detail));
    error.SetHint(Msg("'nachbau sbom validate {}' tells what is wrong with the document itself", bom.name));
    throw error;
  }
  return conversion;
}

}  // namespace nachbau::sbom
