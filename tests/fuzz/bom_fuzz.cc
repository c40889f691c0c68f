// An SBOM from outside, in any format: reading it, and everything that is done with one, answers whatever it holds. Of a
// small document that is JSON each place is also changed into something of another type.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sbom/documents/convert.h"
#include "sbom/documents/diff.h"
#include "sbom/documents/import_report.h"
#include "sbom/documents/jsf.h"
#include "sbom/documents/query.h"
#include "sbom/documents/stats.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

using namespace nachbau::sbom;
using nachbau::Json;

constexpr std::size_t kMaxShapes = 1000;

// The documents of the corpus are signed by this key or bring their own.
constexpr const char* kKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA/kms9bkrbpI1lPLoM2j2gKySS+k89TOuyvgC43dX+Mk=\n"
    "-----END PUBLIC KEY-----\n";

void Use(const Json& document) {
  try {
    VerifyJsf(document, {{"key", kKey}});
    const Bom bom = BomFromJson(document, "sbom");
    Summary(Compare(bom, bom));
    ToJson(Count(bom, 1));
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
}

void Places(Json& value, std::vector<Json*>& places) {
  if (!value.is_structured()) return;
  for (Json& child : value) {
    places.push_back(&child);
    Places(child, places);
  }
}

}  // namespace

FUZZ_TARGET(bom) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    ParseBom(text, "sbom");
  } catch (const nachbau::Error&) {
  }
  Json document;
  try {
    document = nachbau::ParseJson(text, "sbom");
  } catch (const nachbau::Error&) {
    return 0;
  }
  Use(document);
  std::vector<Json*> places;
  Places(document, places);
  if (places.size() > kMaxShapes) return 0;
  static const std::vector<Json> others = {nullptr, -1, 0.5, "", "x", Json::array(), Json::object(),
                                           Json::array({nullptr, "x"}), Json::object({{"ref", "lib"}, {"name", 1}})};
  // Children before their parents, whose change moves them. Which change it is depends on the size, so that mutations of
  // one document try them all.
  std::size_t next = size;
  for (auto it = places.rbegin(); it != places.rend(); ++it) {
    const Json before = **it;
    **it = others[next++ % others.size()];
    Use(document);
    **it = before;
  }
  return 0;
}
