#include "model/product.h"

#include <algorithm>
#include <array>

namespace nachbau {
namespace {

constexpr const char* kProductFormat = "nachbau-product/1";
constexpr const char* kMax = "max";
constexpr std::array<std::string_view, 4> kKinds = {"debian", "git", "tarball", "npm"};

void Write(const ProductVersion& version, Json& json) {
  json["version"] = version.version;
  json["added"] = FormatTime(version.added);
  json["closure"] = version.closure.Hex();
  if (version.lock) json["lock"] = version.lock->Hex();
}

ProductVersion ReadVersion(JsonReader& reader) {
  ProductVersion version;
  version.version = reader.Text("version");
  version.added = ParseTime(reader.Text("added"), reader.PlaceOf("added"));
  version.closure = ParseSha256(reader.Text("closure"), reader.PlaceOf("closure"));
  if (reader.FindMember("lock") != nullptr) {
    version.lock = ParseSha256(reader.Text("lock"), reader.PlaceOf("lock"));
  }
  return version;
}

std::uint32_t ReadDepth(JsonReader& reader) {
  const Json& depth = reader.Member("depth");
  if (depth == kMax) return kFullDepth;
  if (!depth.is_number_unsigned() || depth.get<std::uint64_t>() >= kFullDepth) {
    reader.Refuse("depth", "a number of levels or \"max\"");
  }
  return depth.get<std::uint32_t>();
}

}  // namespace

std::string_view Name(ProductKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

bool IsProductName(std::string_view name) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 200 && letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return letter_or_digit(c) || c == '+' || c == '-' || c == '.' || c == '_';
         });
}

Json ToJson(const Product& product) {
  Json json = {{"format", kProductFormat},
               {"kind", Name(product.kind)},
               {"name", product.name},
               {"origin", product.origin},
               {"architecture", product.architecture},
               {"addedBy", product.added_by},
               {"earlier", Json::array()}};
  if (product.depth == kFullDepth) {
    json["depth"] = kMax;
  } else {
    json["depth"] = product.depth;
  }
  Write(product.current, json);
  for (const ProductVersion& version : product.earlier) {
    json["earlier"].push_back(Json::object());
    Write(version, json["earlier"].back());
  }
  return json;
}

Product ProductFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kProductFormat) reader.Refuse("format", kProductFormat);
  Product product;
  const auto kind = std::find(kKinds.begin(), kKinds.end(), reader.Text("kind"));
  if (kind == kKinds.end()) reader.Refuse("kind", "debian, git, tarball or npm");
  product.kind = static_cast<ProductKind>(kind - kKinds.begin());
  product.name = reader.Text("name");
  if (!IsProductName(product.name)) reader.Refuse("name", "a name of letters, digits, +, -, . and _");
  product.origin = reader.Text("origin");
  product.architecture = reader.Text("architecture");
  product.depth = ReadDepth(reader);
  product.added_by = reader.Text("addedBy");
  product.current = ReadVersion(reader);
  for (const Json& item : reader.Array("earlier")) {
    JsonReader entry(item, reader.PlaceOf("earlier/" + std::to_string(product.earlier.size())));
    product.earlier.push_back(ReadVersion(entry));
    entry.Done();
  }
  reader.Done();
  return product;
}

}  // namespace nachbau
