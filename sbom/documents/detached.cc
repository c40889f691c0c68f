#include "sbom/documents/detached.h"

#include "base/encoding.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kStatementType = "https://in-toto.io/Statement/v1";

}  // namespace

Json MakeSbomStatement(const Bom& bom, const std::string& file_name, const ContentId& content) {
  Json predicate = {{"documentFormat", FormatName(bom)}};
  if (!bom.serial.empty()) predicate["serialNumber"] = bom.serial;
  return {
      {"_type", kStatementType},
      {"subject", Json::array({{{"name", file_name},
                                {"digest", {{"sha256", content.sha256.Hex()}, {"sha512", content.sha512.Hex()}}}}})},
      {"predicateType", kSbomPredicate},
      {"predicate", predicate}};
}

Message CheckSbomStatement(const Json& statement, const ContentId& content) {
  if (TextMember(statement, "_type") != kStatementType || TextMember(statement, "predicateType") != kSbomPredicate) {
    return Msg("the signature is not one of an SBOM: it says {}", Printable(TextMember(statement, "predicateType")));
  }
  const Json& subjects = ArrayMember(statement, "subject");
  if (subjects.size() != 1 || !subjects[0].is_object() || !subjects[0].contains("digest")) {
    return Msg("the signature does not name one file");
  }
  const Json& digest = subjects[0].at("digest");
  const std::string sha256 = TextMember(digest, "sha256"), sha512 = TextMember(digest, "sha512");
  if (sha256 != content.sha256.Hex() || sha512 != content.sha512.Hex()) {
    return Msg("the signature is over another file: SHA-256 {}, this one has {}", Printable(sha256),
               content.sha256.Hex());
  }
  return {};
}

}  // namespace nachbau::sbom
