#include "sbom/downgrade.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "sbom/elements.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {
namespace {

constexpr int kMaxDepth = kMaxJsonDepth;
constexpr std::array<std::string_view, 4> kNewReferenceTypes = {"citation", "patent", "patent-assertion",
                                                                "patent-family"};
constexpr std::array<std::string_view, 6> kNewProtocols = {"eap-aka",       "prins", "5g-aka",
                                                           "eap-aka-prime", "dtls",  "quic"};

template <std::size_t Size>
bool Has(const std::array<std::string_view, Size>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Downgrade {
 public:
  Json Run(const Json& document) {
    Json result = document;
    if (result.contains("citations")) LeaveOut("citations", result["citations"].size());
    result.erase("citations");
    if (result.contains("metadata")) Drop(result["metadata"], "distributionConstraints");
    if (result.contains("definitions")) Drop(result["definitions"], "patents");
    Walk(result, 0);
    result["specVersion"] = "1.6";
    result["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json";
    if (const std::string serial = TextMember(document, "serialNumber"); !serial.empty()) {
      result["serialNumber"] = SerialNumber(serial + "#cyclonedx-1.6");
    }
    for (const auto& [what, count] : left_out_) {
      result["properties"].push_back(
          Property(kLeftOut, what + (count > 1 ? " (" + std::to_string(count) + ")" : "")));
    }
    return result;
  }

 private:
  void LeaveOut(const std::string& what, std::size_t count = 1) { left_out_[what] += count; }

  void Drop(Json& object, const char* key) {
    if (!object.is_object() || !object.contains(key)) return;
    object.erase(key);
    LeaveOut(key);
  }

  // A member that 1.6 does not have, kept as a property of its owner.
  static void Keep(Json& object, const char* key, const char* property) {
    const auto member = object.find(key);
    if (member == object.end()) return;
    std::string value = member->is_string() ? member->get<std::string>() : member->dump();
    object.erase(key);
    object["properties"].push_back(Property(property, value));
  }

  void Walk(Json& node, int depth) {
    if (depth > kMaxDepth) throw Error(Msg("the document is nested too deeply"));
    if (node.is_array()) {
      for (Json& item : node) Walk(item, depth + 1);
      return;
    }
    if (!node.is_object()) return;
    Keep(node, "isExternal", "nachbau:component:external");
    Keep(node, "versionRange", "nachbau:component:version-range");
    Drop(node, "patentAssertions");
    Drop(node, "tlsGroups");
    Drop(node, "tlsSignatureSchemes");
    if (node.contains("licenses")) FixLicences(node, node);
    if (node.contains("evidence") && node["evidence"].is_object()) FixLicences(node["evidence"], node);
    if (node.contains("hashes")) FixHashes(node);
    if (node.contains("externalReferences")) FixReferences(node["externalReferences"]);
    FixCryptography(node);
    for (auto& [key, member] : node.items()) {
      if (key != "properties") Walk(member, depth + 1);
    }
  }

  // owner: whose properties take what does not fit.
  void FixLicences(Json& holder, Json& owner) {
    const auto found = holder.find("licenses");
    if (found == holder.end() || !found->is_array()) return;
    std::vector<Json> expressions, licences;
    for (Json& choice : *found) {
      if (choice.contains("expressionDetails")) LeaveOut("expressionDetails");
      choice.erase("expressionDetails");
      if (choice.contains("expression") && choice.contains("licensing")) {
        LeaveOut("licensing of an expression");
        choice.erase("licensing");
      }
      (choice.contains("expression") ? expressions : licences).push_back(choice);
    }
    if (expressions.empty() || (expressions.size() == 1 && licences.empty())) return;
    const bool simple = std::all_of(expressions.begin(), expressions.end(), [](const Json& choice) {
      return FindSpdxLicense(TextMember(choice, "expression")) == TextMember(choice, "expression");
    });
    if (simple) {
      for (Json& choice : expressions) licences.push_back(AsLicence(choice));
      holder["licenses"] = licences;
      return;
    }
    // One expression stays: the concluded one, which says what holds.
    auto kept = std::find_if(expressions.begin(), expressions.end(),
                             [](const Json& choice) { return TextMember(choice, "acknowledgement") == "concluded"; });
    if (kept == expressions.end()) kept = expressions.begin();
    holder["licenses"] = Json::array({*kept});
    for (auto other = expressions.begin(); other != expressions.end(); ++other) {
      if (other != kept) KeepLicence(owner, *other, TextMember(*other, "expression"));
    }
    for (const Json& choice : licences) {
      const Json& licence = choice.at("license");
      const std::string name =
          TextMember(licence, "id").empty() ? TextMember(licence, "name") : TextMember(licence, "id");
      KeepLicence(owner, licence, name);
    }
  }

  static Json AsLicence(const Json& choice) {
    Json licence = choice;
    licence["id"] = licence.at("expression");
    licence.erase("expression");
    return {{"license", std::move(licence)}};
  }

  static void KeepLicence(Json& owner, const Json& stated, const std::string& value) {
    const std::string how = TextMember(stated, "acknowledgement");
    owner["properties"].push_back(Property("nachbau:licence:" + (how.empty() ? "stated" : how), value));
  }

  void FixHashes(Json& owner) {
    Json kept = Json::array();
    for (const Json& hash : ArrayMember(owner, "hashes")) {
      if (TextMember(hash, "alg").starts_with("Streebog")) {
        LeaveOut("Streebog hashes");
      } else {
        kept.push_back(hash);
      }
    }
    owner["hashes"] = std::move(kept);
  }

  void FixReferences(Json& references) {
    if (!references.is_array()) return;
    for (Json& reference : references) {
      if (!reference.is_object()) continue;
      if (reference.contains("properties")) LeaveOut("properties of external references");
      reference.erase("properties");
      const std::string type = TextMember(reference, "type");
      if (!Has(kNewReferenceTypes, type)) continue;
      reference["type"] = "other";
      if (!reference.contains("comment")) reference["comment"] = type;
    }
  }

  void FixCryptography(Json& node) {
    if (TextMember(node, "primitive") == "key-wrap") {
      node["primitive"] = "other";
      LeaveOut("key-wrap");
    }
    const auto protocol = node.find("protocolProperties");
    if (protocol == node.end() || !protocol->is_object()) return;
    if (const std::string type = TextMember(*protocol, "type"); Has(kNewProtocols, type)) {
      (*protocol)["type"] = "other";
      LeaveOut("protocol type " + type);
    }
    // 1.6 has lists of references there, 1.7 objects too.
    const auto transforms = protocol->find("ikev2TransformTypes");
    if (transforms == protocol->end() || !transforms->is_object()) return;
    for (auto& [key, value] : transforms->items()) {
      const bool objects = value.is_array() &&
                           std::any_of(value.begin(), value.end(), [](const Json& item) { return item.is_object(); });
      if (!objects) continue;
      protocol->erase("ikev2TransformTypes");
      LeaveOut("ikev2TransformTypes");
      return;
    }
  }

  std::map<std::string, std::size_t> left_out_;
};

}  // namespace

Json ToCycloneDx16(const Json& document) {
  if (TextMember(document, "bomFormat") != "CycloneDX" || TextMember(document, "specVersion") != "1.7") {
    throw Error(Msg("only a CycloneDX 1.7 document can be written as 1.6"));
  }
  return Downgrade().Run(document);
}

}  // namespace nachbau::sbom
