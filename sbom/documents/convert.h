// From one format into another. What the other format cannot say is listed, never dropped in silence.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/message.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

enum class ConversionTarget { kCycloneDx17, kCycloneDx16, kSpdx301 };
// "cyclonedx-1.7", "cyclonedx-1.6", "spdx-3.0.1". Throws UsageError for anything else.
ConversionTarget ParseConversionTarget(std::string_view text);

struct Conversion {
  Json document;
  std::vector<Message> losses;  // in the order in which they were met; each said once
};

// Deterministic: a function of the document's content alone. A CycloneDX result is validated against its schema; throws
// Error naming the first violation.
Conversion Convert(const Bom& bom, ConversionTarget target);

// Its parts. The results are not validated.
Conversion ToCycloneDx17(const Bom& bom);
Conversion ToSpdx301(const Bom& bom);

// Notes losses, each once.
class Losses {
 public:
  void Add(Message loss);
  std::vector<Message> Take() { return std::move(list_); }

 private:
  std::vector<Message> list_;
};

}  // namespace nachbau::sbom
