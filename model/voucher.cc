#include "model/voucher.h"

#include <algorithm>
#include <array>

namespace nachbau {
namespace {

constexpr const char* kVoucherFormat = "nachbau-vouchers/1";
constexpr std::array<std::string_view, 7> kOutcomes = {"not-checked", "good",        "unknown-key", "revoked-key",
                                                       "expired-key", "weak-digest", "bad"};

std::string OneOf(JsonReader& reader, const char* key, std::initializer_list<std::string_view> allowed,
                  const char* expected) {
  std::string text = reader.Text(key);
  if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) reader.Refuse(key, expected);
  return text;
}

SignatureVerdict VerdictFrom(JsonReader& reader) {
  SignatureVerdict verdict;
  const auto outcome = std::find(kOutcomes.begin(), kOutcomes.end(), reader.Text("outcome"));
  if (outcome == kOutcomes.end()) reader.Refuse("outcome", "what was found of a signature");
  verdict.outcome = static_cast<SignatureOutcome>(outcome - kOutcomes.begin());
  verdict.signer = reader.TextOr("signer", "");
  verdict.name = reader.TextOr("name", "");
  if (reader.FindMember("time") != nullptr) verdict.time = ParseTime(reader.Text("time"), reader.PlaceOf("time"));
  verdict.detail = reader.TextOr("detail", "");
  return verdict;
}

}  // namespace

std::string_view Name(SignatureOutcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }

std::size_t Vouchers::Count(SignatureOutcome outcome) const {
  return static_cast<std::size_t>(std::count_if(vouchers.begin(), vouchers.end(), [&](const Voucher& voucher) {
    return voucher.verdict.outcome == outcome;
  }));
}

Json ToJson(const SignatureVerdict& verdict) {
  Json json = {{"outcome", Name(verdict.outcome)}};
  if (!verdict.signer.empty()) json["signer"] = verdict.signer;
  if (!verdict.name.empty()) json["name"] = verdict.name;
  if (verdict.time) json["time"] = FormatTime(*verdict.time);
  if (!verdict.detail.empty()) json["detail"] = verdict.detail;
  return json;
}

Json ToJson(const Vouchers& vouchers) {
  Json list = Json::array();
  for (const Voucher& voucher : vouchers.vouchers) {
    Json json = ToJson(voucher.verdict);
    json["role"] = voucher.role;
    json["kind"] = voucher.kind;
    json["file"] = voucher.file;
    json["sha256"] = voucher.sha256.Hex();
    json["keys"] = voucher.keys;
    list.push_back(std::move(json));
  }
  return {{"format", kVoucherFormat},
          {"source", vouchers.source},
          {"version", vouchers.version},
          {"vouchers", list},
          {"problems", vouchers.problems}};
}

Vouchers VouchersFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  if (reader.Text("format") != kVoucherFormat) reader.Refuse("format", kVoucherFormat);
  Vouchers vouchers;
  vouchers.source = reader.Text("source");
  vouchers.version = reader.Text("version");
  std::size_t position = 0;
  for (const Json& entry : reader.Array("vouchers")) {
    JsonReader inner(entry, reader.PlaceOf("vouchers") + "/" + std::to_string(position++));
    Voucher voucher;
    voucher.role = OneOf(inner, "role", {"maintainer", "upstream"}, "\"maintainer\" or \"upstream\"");
    voucher.kind = OneOf(inner, "kind", {"openpgp", "minisign", "signify", "ssh"}, "a kind of signature");
    voucher.file = inner.Text("file");
    voucher.sha256 = ParseSha256(inner.Text("sha256"), inner.PlaceOf("sha256"));
    voucher.keys = inner.Text("keys");
    voucher.verdict = VerdictFrom(inner);
    inner.Done();
    vouchers.vouchers.push_back(std::move(voucher));
  }
  vouchers.problems = reader.Texts("problems");
  reader.Done();
  return vouchers;
}

}  // namespace nachbau
