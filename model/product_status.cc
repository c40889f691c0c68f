#include "model/product_status.h"

#include <algorithm>

namespace nachbau {
namespace {

Json ToJson(const Holding& holding) { return {{"files", holding.files}, {"bytes", holding.bytes}}; }

Json ToJson(const std::vector<ClosureSource>& sources) {
  Json list = Json::array();
  for (const ClosureSource& source : sources) {
    list.push_back({{"name", source.name},
                    {"version", source.version},
                    {"level", source.level},
                    {"reason", source.missing.empty() ? source.problem : source.missing}});
  }
  return list;
}

template <typename Counted>
Json ToJsonOfCounts(const Counted& counted) {
  Json json = {{"held", ToJson(counted.held)},
               {"shared", ToJson(counted.shared)},
               {"missingNeeded", ToJson(counted.missing_needed)},
               {"missingWanted", ToJson(counted.missing_wanted)}};
  if (counted.oldest_proof) json["oldestProof"] = FormatTime(*counted.oldest_proof);
  return json;
}

Json ToJson(const ProductStatus& status, bool with_missing) {
  Json json = ToJsonOfCounts(status);
  json["product"] = ToJson(status.product);
  json["complete"] = status.Complete();
  json["sources"] = status.sources;
  json["unofferedSources"] = ToJson(status.unoffered);
  json["unresolvedSources"] = ToJson(status.unresolved);
  if (!status.damage.empty()) json["damage"] = status.damage;
  if (!with_missing) return json;
  json["missing"] = Json::array();
  for (const ClosureFile& file : status.missing) {
    json["missing"].push_back({{"name", file.name},
                               {"role", Name(file.role)},
                               {"level", file.level},
                               {"package", file.package},
                               {"version", file.version},
                               {"size", file.size},
                               {"sha256", file.sha256.Hex()},
                               {"needed", file.Needed()},
                               {"reason", file.missing}});
  }
  return json;
}

}  // namespace

bool MirrorStatus::Complete() const {
  return std::all_of(products.begin(), products.end(), [](const ProductStatus& one) { return one.Complete(); });
}

Json ToJson(const MirrorStatus& status, bool with_missing) {
  Json json = {{"products", Json::array()}, {"totals", ToJsonOfCounts(status.totals)}, {"complete", status.Complete()}};
  for (const ProductStatus& one : status.products) json["products"].push_back(ToJson(one, with_missing));
  json["totals"]["products"] = status.totals.products;
  json["totals"]["unofferedSources"] = status.totals.unoffered_sources;
  return json;
}

}  // namespace nachbau
