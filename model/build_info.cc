#include "model/build_info.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace nachbau {
namespace {

constexpr std::array<std::string_view, 3> kSignatures = {"unsigned", "unverified", "good"};
constexpr std::string_view kBuild = "/build/";

// By rough subject: languages, build tools, flags, locale, Debian.
constexpr std::array<std::string_view, 47> kVariables = {
    "CC", "CPP", "CXX", "OBJC", "OBJCXX", "PC", "FC", "M2C", "AS", "LD", "AR", "RANLIB", "MAKE", "AWK", "LEX", "YACC",
    "ASFLAGS", "CFLAGS", "CPPFLAGS", "CXXFLAGS", "OBJCFLAGS", "OBJCXXFLAGS", "GCJFLAGS", "DFLAGS", "FFLAGS", "LDFLAGS",
    "ARFLAGS", "MAKEFLAGS", "LANG", "LC_ALL", "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY",
    "LC_MESSAGES", "LC_PAPER", "LC_NAME", "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION",
    "DEB_BUILD_OPTIONS", "DEB_BUILD_PROFILES", "DEB_VENDOR", "DPKG_GENSYMBOLS_CHECK_LEVEL", "SOURCE_DATE_EPOCH"};

bool IsPathPart(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.front() != '-' &&
         std::all_of(part.begin(), part.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '+' ||
                  c == '~' || c == '_' || c == '-';
         });
}

}  // namespace

std::string_view Name(BuildInfoSignature signature) { return kSignatures.at(static_cast<std::size_t>(signature)); }

Json ToJson(const BuildInfoProof& proof) {
  Json json = {{"sha256", proof.sha256.Hex()}, {"signature", Name(proof.signature)}, {"signers", proof.signers}};
  if (proof.keyring) json["keyring"] = proof.keyring->Hex();
  return json;
}

BuildInfoProof BuildInfoProofFromJson(const Json& json, const std::string& place) {
  JsonReader reader(json, place);
  BuildInfoProof proof;
  proof.sha256 = ParseSha256(reader.Text("sha256"), reader.PlaceOf("sha256"));
  const auto known = std::find(kSignatures.begin(), kSignatures.end(), reader.Text("signature"));
  if (known == kSignatures.end()) reader.Refuse("signature", "unsigned, unverified or good");
  proof.signature = static_cast<BuildInfoSignature>(known - kSignatures.begin());
  proof.signers = reader.Texts("signers");
  if (reader.FindMember("keyring") != nullptr) {
    proof.keyring = ParseSha256(reader.Text("keyring"), reader.PlaceOf("keyring"));
  }
  const bool good = proof.signature == BuildInfoSignature::kGood;
  if (good == proof.signers.empty()) reader.Refuse("signers", "fingerprints where the signature is good, and none elsewhere");
  if (good != proof.keyring.has_value()) reader.Refuse("keyring", "there where the signature is good, and nowhere else");
  reader.Done();
  return proof;
}

bool IsBuildPath(std::string_view path) {
  if (!path.starts_with(kBuild) || path.size() > 200) return false;
  std::size_t parts = 0;
  for (std::string_view rest = path.substr(kBuild.size());; ++parts) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (!IsPathPart(rest.substr(0, end)) || (parts == 0 && rest.substr(0, end) == "source")) return false;
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  return parts < 6;
}

bool IsRecordedVariable(std::string_view name) {
  if (std::find(kVariables.begin(), kVariables.end(), name) != kVariables.end()) return true;
  // dpkg-buildflags(1): DEB_CFLAGS_SET, DEB_LDFLAGS_MAINT_APPEND …
  constexpr std::array<std::string_view, 4> kEndings = {"_SET", "_STRIP", "_APPEND", "_PREPEND"};
  return name.starts_with("DEB_") && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; }) &&
         std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

bool IsVariableValue(std::string_view value) {
  return value.size() <= 8192 && IsUtf8(value) && std::none_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

}  // namespace nachbau
