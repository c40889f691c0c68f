// An SBOM from outside, in any format: reading it, and everything that is done with one, answers whatever it holds.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "sbom/documents/convert.h"
#include "sbom/documents/diff.h"
#include "sbom/documents/import_report.h"
#include "sbom/documents/jsf.h"
#include "sbom/documents/merge.h"
#include "sbom/documents/query.h"
#include "sbom/documents/stats.h"

namespace {

// The documents of the corpus are signed by this key or bring their own.
constexpr const char* kKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA/kms9bkrbpI1lPLoM2j2gKySS+k89TOuyvgC43dX+Mk=\n"
    "-----END PUBLIC KEY-----\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nachbau::sbom;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    VerifyJsf(nachbau::ParseJson(text, "sbom"), {{"key", kKey}});
    const Bom bom = ParseBom(text, "sbom");
    Summary(Compare(bom, bom));
    ToJson(Count(bom, size));
    Assess(bom, {});
    BomQuery query;
    query.name = "a";
    query.licence = "MIT";
    Find(bom, query);
    const Conversion spdx = ToSpdx301(bom);
    BomFromJson(spdx.document, "converted");
    BomFromJson(ToCycloneDx17(bom).document, "converted");
  } catch (const nachbau::Error&) {
  }
  return 0;
}
