#include "sbom/documents/jsf.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/jcs.h"
#include "sbom/documents/readers.h"
#include "sbom/documents/signature_key.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kSignature = "signature";

const char* ListOf(const Json& signature) {
  if (signature.contains("signers")) return "signers";
  return signature.contains("chain") ? "chain" : nullptr;
}

std::vector<std::string> TextList(const Json& value, const char* key) {
  std::vector<std::string> texts;
  for (const Json& item : ArrayMember(value, key)) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

// Nothing when the signature object has the form of JSF.
std::optional<Message> FindFault(const Json& signature, const char* list) {
  const auto excludes = signature.find("excludes");
  if (excludes != signature.end()) {
    if (!excludes->is_array() || excludes->empty()) return Msg("'excludes' must be a list of names");
    std::set<std::string> seen;
    for (const Json& name : *excludes) {
      if (!name.is_string() || name == kSignature || !seen.insert(name.get<std::string>()).second) {
        return Msg("'excludes' must be a list of names, each once, without the signature itself");
      }
    }
  }
  if (list == nullptr) return std::nullopt;
  if (!signature.at(list).is_array() || signature.at(list).empty())
    return Msg("'{}' must be a list of signatures", std::string_view(list));
  for (const auto& [member, value] : signature.items()) {
    if (member != list && member != "excludes" && member != "extensions") {
      return Msg("'{}' does not stand beside '{}'", Printable(member), std::string_view(list));
    }
  }
  for (const Json& one : signature.at(list)) {
    if (!one.is_object()) return Msg("'{}' must be a list of signatures", std::string_view(list));
    if (one.contains("excludes"))
      return Msg("'excludes' stands beside '{}', not in one of the signatures", std::string_view(list));
  }
  return std::nullopt;
}

class Verifier {
 public:
  explicit Verifier(const std::vector<KnownKey>& known) {
    for (const KnownKey& key : known) known_.push_back({key.name, SignatureKey::FromPem(key.pem, key.name)});
  }

  void Walk(const Json& value, const std::string& pointer) {
    if (value.is_object()) {
      const auto signature = value.find(kSignature);
      // A release note may have a member of that name that is something else.
      if (signature != value.end() && signature->is_object()) CheckObject(value, pointer + "/" + kSignature);
      for (const auto& [key, child] : value.items()) {
        if (child.is_structured() && key != kSignature) Walk(child, PointerTo(pointer, key));
      }
    } else if (value.is_array()) {
      std::size_t i = 0;
      for (const Json& child : value) {
        if (child.is_structured()) Walk(child, PointerTo(pointer, i));
        ++i;
      }
    }
  }

  std::vector<JsfSignature> Take() { return std::move(result_); }

 private:
  struct Known {
    std::string name;
    SignatureKey key;
  };

  JsfSignature& NewSignature(std::string pointer) {
    if (result_.size() >= kMaxSignatures) throw ParseError(pointer, 0, Msg("more than {} signatures", kMaxSignatures));
    result_.emplace_back();
    result_.back().pointer = std::move(pointer);
    return result_.back();
  }

  static void Fail(JsfSignature& signature, JsfOutcome outcome, Message reason) {
    signature.outcome = outcome;
    signature.reason = std::move(reason);
  }

  void CheckObject(const Json& object, const std::string& pointer) {
    const Json& signature = object.at(kSignature);
    const char* list = ListOf(signature);
    if (const auto fault = FindFault(signature, list)) {
      Fail(NewSignature(pointer), JsfOutcome::kMalformed, *fault);
      return;
    }
    const std::size_t count = list == nullptr ? 1 : signature.at(list).size();
    if (count > kMaxSignatures) throw ParseError(pointer, 0, Msg("more than {} signatures", kMaxSignatures));
    for (std::size_t i = 0; i < count; ++i) {
      const Json& one = list == nullptr ? signature : signature.at(list)[i];
      JsfSignature& found = NewSignature(list == nullptr ? pointer : PointerTo(pointer + "/" + list, i));
      found.excludes = TextList(signature, "excludes");
      CheckOne(object, i, one, signature, found);
    }
  }

  void CheckOne(const Json& object, std::size_t i, const Json& one, const Json& signature, JsfSignature& found) {
    found.algorithm = TextMember(one, "algorithm");
    found.key_id = TextMember(one, "keyId");
    if (signature.contains("extensions")) {
      return Fail(found, JsfOutcome::kUnsupported, Msg("has extensions, which may change what it means"));
    }
    for (const auto& [member, value] : one.items()) {
      if (member != "algorithm" && member != "keyId" && member != "publicKey" && member != "certificatePath" &&
          member != "excludes" && member != "value") {
        return Fail(found, JsfOutcome::kMalformed, Msg("a signature has no member '{}'", Printable(member)));
      }
    }
    const auto bytes = DecodeBase64Url(TextMember(one, "value"));
    if (!bytes || bytes->empty())
      return Fail(found, JsfOutcome::kMalformed, Msg("'value' must be base64url without padding"));
    if (found.algorithm.starts_with("HS")) {
      return Fail(found, JsfOutcome::kUnsupported, Msg("made with a shared secret: whoever can check it can make it"));
    }
    if (!IsKnownAlgorithm(found.algorithm)) {
      return Fail(found, JsfOutcome::kUnsupported, Msg("algorithm {} is not known", Printable(found.algorithm)));
    }
    std::optional<SignatureKey> embedded;
    try {
      if (one.contains("publicKey"))
        embedded = SignatureKey::FromJwk(one.at("publicKey"), found.pointer + "/publicKey");
      const Json& path = ArrayMember(one, "certificatePath");
      if (!embedded && !path.empty() && path[0].is_string()) {
        const auto der = DecodeBase64Url(path[0].get<std::string>());
        embedded = SignatureKey::FromCertificate(der.value_or(""), found.pointer + "/certificatePath/0");
        found.subject = embedded->subject();
      }
    } catch (const ParseError& error) {
      return Fail(found, JsfOutcome::kMalformed, Msg("the key: {}", std::string_view(error.what())));
    }
    if (embedded) {
      found.key_kind = embedded->kind();
      found.fingerprint = embedded->fingerprint();
      return CheckBy(*embedded, object, i, *bytes, found);
    }
    // Without a key in the document: any of the known ones.
    if (known_.empty()) return Fail(found, JsfOutcome::kNotChecked, Msg("names no key, and none is known here"));
    for (const Known& known : known_) {
      JsfSignature attempt = found;
      attempt.key_kind = known.key.kind();
      attempt.fingerprint = known.key.fingerprint();
      CheckBy(known.key, object, i, *bytes, attempt);
      if (attempt.outcome != JsfOutcome::kGood) continue;
      found = std::move(attempt);
      return;
    }
    Fail(found, JsfOutcome::kBad, Msg("none of the {} known keys has signed this document", known_.size()));
  }

  void CheckBy(const SignatureKey& key, const Json& object, std::size_t i, const std::string& bytes,
               JsfSignature& found) {
    auto check = key.Verify(found.algorithm, JsfSigningInput(object, i), bytes);
    if (check == SignatureKey::Check::kMismatch) {
      Json bare = object;
      bare.erase(kSignature);
      if (key.Verify(found.algorithm, FormatJcs(bare), bytes) == SignatureKey::Check::kGood) {
        check = SignatureKey::Check::kGood;
        found.covers_itself = false;
        found.excludes.clear();
      }
    }
    switch (check) {
      case SignatureKey::Check::kGood:
        found.outcome = JsfOutcome::kGood;
        break;
      case SignatureKey::Check::kWrongKind:
        return Fail(found, JsfOutcome::kMalformed,
                    Msg("a key of kind {} makes no {} signatures", key.kind(), found.algorithm));
      case SignatureKey::Check::kMalformed:
        return Fail(found, JsfOutcome::kMalformed, Msg("not a signature by {}", found.algorithm));
      default:
        return Fail(found, JsfOutcome::kBad, Msg("the document is not what was signed"));
    }
    for (const Known& known : known_) {
      if (known.key.fingerprint() == key.fingerprint()) found.signer = known.name;
    }
  }

  std::vector<Known> known_;
  std::vector<JsfSignature> result_;
};

}  // namespace

std::string_view Name(JsfOutcome outcome) {
  switch (outcome) {
    case JsfOutcome::kNotChecked:
      return "not checked";
    case JsfOutcome::kUnsupported:
      return "unsupported";
    case JsfOutcome::kMalformed:
      return "malformed";
    case JsfOutcome::kBad:
      return "bad";
    case JsfOutcome::kGood:
      return "good";
  }
  return "not checked";
}

std::string JsfSigningInput(const Json& object, std::size_t index) {
  Json copy = object;
  Json& signature = copy.at(kSignature);
  for (const std::string& name : TextList(signature, "excludes")) copy.erase(name);
  signature.erase("excludes");
  const char* list = ListOf(signature);
  if (list == nullptr) {
    signature.erase("value");
  } else {
    Json& all = signature.at(list);
    Json rest = Json::array();
    if (std::string_view(list) == "chain") {
      for (std::size_t i = 0; i < index; ++i) rest.push_back(all.at(i));
    }
    Json own = all.at(index);
    own.erase("value");
    rest.push_back(std::move(own));
    all = std::move(rest);
  }
  return FormatJcs(copy);
}

std::vector<JsfSignature> VerifyJsf(const Json& document, const std::vector<KnownKey>& known) {
  Verifier verifier(known);
  verifier.Walk(document, "");
  return verifier.Take();
}

JsfSigner Ed25519Signer(std::string_view raw_public_key, std::string key_id,
                        std::function<std::string(std::string_view)> sign) {
  return {"Ed25519",
          {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", EncodeBase64Url(raw_public_key)}},
          std::move(key_id),
          std::move(sign)};
}

Json SignJsf(Json document, const JsfSigner& signer, SignMode mode) {
  if (TextMember(document, "bomFormat") != "CycloneDX") {
    MissingError error(Msg("only a CycloneDX document has room for a signature"));
    error.SetHint(Msg("'nachbau sbom sign --detached' writes one beside it"));
    throw error;
  }
  if (mode == SignMode::kReplace) document.erase(kSignature);
  Json own = {{"algorithm", signer.algorithm}, {"publicKey", signer.public_key}};
  if (!signer.key_id.empty()) own["keyId"] = signer.key_id;
  std::size_t index = 0;
  const char* list = mode == SignMode::kSigners ? "signers" : mode == SignMode::kChain ? "chain" : nullptr;
  if (document.contains(kSignature)) {
    const Json& there = document.at(kSignature);
    if (list == nullptr || !there.is_object() || !there.contains(list) || !there.at(list).is_array()) {
      Error error(Msg("the document is signed already"));
      error.SetHint(
          Msg("--replace takes that signature away; --add appends to a list of signatures, which must have been made "
              "as one"));
      throw error;
    }
    index = there.at(list).size();
    document[kSignature][list].push_back(std::move(own));
  } else if (list != nullptr) {
    document[kSignature] = Json::object();
    document[kSignature][list] = Json::array({std::move(own)});
  } else {
    document[kSignature] = std::move(own);
  }
  const std::string value = EncodeBase64Url(signer.sign(JsfSigningInput(document, index)));
  (list == nullptr ? document[kSignature] : document[kSignature][list][index])["value"] = value;
  return document;
}

}  // namespace nachbau::sbom
