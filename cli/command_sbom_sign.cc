// nachbau sbom sign, verify-signature.
#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/jcs.h"
#include "base/signature.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "sbom/documents/detached.h"
#include "sbom/documents/jsf.h"
#include "verifier/signed_statement.h"

namespace nachbau::cli {
namespace {

std::filesystem::path OutputFor(const Arguments& arguments, const char* suffix) {
  if (!arguments.output.empty()) return arguments.output;
  return std::filesystem::path(arguments.names.at(0) + suffix);
}

sbom::SignMode ModeOf(const Arguments& arguments) {
  if (arguments.replace) return sbom::SignMode::kReplace;
  if (arguments.add) return sbom::SignMode::kSigners;
  return arguments.chain ? sbom::SignMode::kChain : sbom::SignMode::kNew;
}

int SignBeside(Context& context, const verifier::SigningKey& key) {
  const std::string& name = context.arguments().names.at(0);
  const std::filesystem::path output = OutputFor(context.arguments(), ".sigstore.json");
  const std::string bytes = ReadFile(name, sbom::kMaxBom);
  const Json statement =
      MakeSbomStatement(sbom::ParseBom(bytes, name), std::filesystem::path(name).filename().native(), HashBytes(bytes));
  const Json bundle = verifier::Attest(statement, key, context.LogDirectory(), context.LogOrigin(key), context.clock());
  WriteFileAtomically(output, FormatPretty(bundle));
  if (context.arguments().json) {
    context.PrintJson({{"output", output.native()}, {"keyId", key.key_id}, {"logIndex", verifier::LogIndexOf(bundle)}});
  } else {
    context.Print(Msg("{} written: signed with key {}..., entry {} of the log", output.native(),
                      key.key_id.substr(0, 16), verifier::LogIndexOf(bundle)));
    context.Print(Msg("Next: nachbau sbom verify-signature {} --signature {}", name, output.native()));
  }
  return kGood;
}

int CheckBeside(Context& context) {
  const std::string& name = context.arguments().names.at(0);
  const std::string& signature = context.arguments().signature;
  const ContentId content = HashBytes(ReadFile(name, sbom::kMaxBom));
  // Throws where anything about the bundle does not hold, also for a key that nobody trusts.
  const verifier::SignedStatement opened =
      verifier::OpenBundle(ParseJson(ReadFile(signature, 16 << 20), signature), signature, context.TrustedKeys());
  const Message problem = sbom::CheckSbomStatement(opened.statement, content);
  if (context.arguments().json) {
    context.PrintJson({{"file", name},
                       {"signature", signature},
                       {"signer", opened.signer},
                       {"good", problem.text.empty()},
                       {"reason", Render(problem)}});
  } else if (problem.text.empty()) {
    context.Print(Msg("{}: signed by {}", name, opened.signer));
  } else {
    context.PrintLine(name + ": " + context.Text(problem));
  }
  return problem.text.empty() ? kGood : kBad;
}

Json ToJson(const sbom::JsfSignature& signature) {
  return {{"pointer", signature.pointer},
          {"algorithm", signature.algorithm},
          {"keyId", signature.key_id},
          {"key", signature.key_kind},
          {"fingerprint", signature.fingerprint},
          {"signer", signature.signer},
          {"subject", signature.subject},
          {"excludes", signature.excludes},
          {"coversItself", signature.covers_itself},
          {"outcome", Name(signature.outcome)},
          {"reason", Render(signature.reason)}};
}

void Show(Context& context, const std::string& name, const sbom::JsfSignature& signature) {
  const std::string place = name + Printable(signature.pointer);
  if (signature.outcome != sbom::JsfOutcome::kGood) {
    context.PrintLine(place + ": " + context.Text(signature.reason));
    return;
  }
  if (!signature.signer.empty()) {
    context.Print(Msg("{}: signed by {} ({}, {}...)", place, signature.signer, signature.key_kind,
                      signature.fingerprint.substr(0, 16)));
  } else {
    context.Print(Msg("{}: unchanged since it was signed by a key that nobody here knows ({}, SHA-256 {})", place,
                      signature.key_kind, signature.fingerprint));
  }
  if (!signature.subject.empty()) {
    context.Print(
        Msg("  its certificate claims to be of {}; who issued that was not checked", Printable(signature.subject)));
  }
  if (!signature.covers_itself) {
    context.Print(Msg("  the signature is not made as JSF says: it does not cover the algorithm and key beside it"));
  }
  for (const std::string& member : signature.excludes) {
    context.Print(Msg("  does not cover '{}': anybody can change that", Printable(member)));
  }
}

}  // namespace

int RunSbomSign(Context& context) {
  const std::string& name = context.arguments().names.at(0);
  const verifier::SigningKey key = context.OpenSigningKey();
  if (context.arguments().detached) return SignBeside(context, key);
  const std::filesystem::path output = OutputFor(context.arguments(), "");
  const Ed25519PrivateKey secret = Ed25519PrivateKey::ParsePem(key.private_pem, key.path.native(), {});
  const sbom::JsfSigner signer = sbom::Ed25519Signer(secret.PublicKey().View(), key.key_id,
                                                     [&](std::string_view message) { return secret.Sign(message); });
  const Json document = SignJsf(ParseJson(ReadFile(name, sbom::kMaxBom), name), signer, ModeOf(context.arguments()));
  WriteFileAtomically(output, FormatForeign(document));
  if (context.arguments().json) {
    context.PrintJson({{"output", output.native()}, {"keyId", key.key_id}});
  } else {
    context.Print(Msg("{} written: signed with key {}...", output.native(), key.key_id.substr(0, 16)));
    context.Print(Msg("Next: nachbau sbom verify-signature {}", output.native()));
  }
  return kGood;
}

int RunSbomVerifySignature(Context& context) {
  if (!context.arguments().signature.empty()) return CheckBeside(context);
  std::vector<sbom::KnownKey> known;
  for (const verifier::TrustedKey& key : context.TrustedKeys()) known.push_back({key.name, key.public_pem});
  const std::vector<std::string>& allowed = context.arguments().allow_excluded;
  bool bad = false, unknown = false;
  Json list = Json::array();
  for (const std::string& name : context.arguments().names) {
    const std::vector<sbom::JsfSignature> signatures = VerifyJsf(ParseJson(ReadFile(name, sbom::kMaxBom), name), known);
    Json entries = Json::array();
    for (const sbom::JsfSignature& signature : signatures) {
      const bool excludes_more = std::any_of(
          signature.excludes.begin(), signature.excludes.end(),
          [&](const auto& member) { return std::find(allowed.begin(), allowed.end(), member) == allowed.end(); });
      bad = bad || signature.outcome == sbom::JsfOutcome::kBad || signature.outcome == sbom::JsfOutcome::kMalformed ||
            (signature.outcome == sbom::JsfOutcome::kGood && excludes_more);
      unknown = unknown || signature.outcome == sbom::JsfOutcome::kNotChecked ||
                signature.outcome == sbom::JsfOutcome::kUnsupported || signature.signer.empty();
      if (context.arguments().json)
        entries.push_back(ToJson(signature));
      else
        Show(context, name, signature);
    }
    // A signed part says nothing about the rest.
    const bool whole = std::any_of(signatures.begin(), signatures.end(), [](const sbom::JsfSignature& signature) {
      return signature.pointer.starts_with("/signature");
    });
    bad = bad || !whole;
    if (context.arguments().json) {
      list.push_back({{"file", name}, {"signed", whole}, {"signatures", entries}});
    } else if (!whole) {
      context.Print(signatures.empty() ? Msg("{}: not signed", name) : Msg("{}: only parts of it are signed", name));
    }
  }
  if (context.arguments().json) {
    context.PrintJson(list);
  } else if (unknown && !bad) {
    context.Print(
        Msg("Next: get the signer's public key from the signer, not from the document, and name it with --key FILE"));
  }
  return bad ? kBad : unknown ? kCouldNotCheck : kGood;
}

}  // namespace nachbau::cli
