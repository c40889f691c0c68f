#include "sbom/validation/contents.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/error.h"
#include "model/licence_expression.h"
#include "sbom/purl/purl.h"
#include "sbom/validation/schema.h"
#include "sbom/validation/suggestion.h"

namespace nachbau::sbom {
namespace {

using Index = JsonTree::Index;
using Type = JsonTree::Type;

// Hexadecimal digits; BLAKE3 has any length.
constexpr std::array<std::pair<std::string_view, std::size_t>, 13> kHashLengths = {{{"MD5", 32},
                                                                                    {"SHA-1", 40},
                                                                                    {"SHA-256", 64},
                                                                                    {"SHA-384", 96},
                                                                                    {"SHA-512", 128},
                                                                                    {"SHA3-256", 64},
                                                                                    {"SHA3-384", 96},
                                                                                    {"SHA3-512", 128},
                                                                                    {"BLAKE2b-256", 64},
                                                                                    {"BLAKE2b-384", 96},
                                                                                    {"BLAKE2b-512", 128},
                                                                                    {"Streebog-256", 64},
                                                                                    {"Streebog-512", 128}}};

bool IsHex(std::string_view text, std::size_t size) {
  return text.size() == size &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool Take(std::string_view& text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text.starts_with(word)) return text.remove_prefix(word.size()), true;
  }
  return false;
}

// SWHID specification, version 1.2: the core identifier, then qualifiers.
bool IsSwhid(std::string_view text) {
  if (!Take(text, {"swh:1:"}) || !Take(text, {"snp:", "rel:", "rev:", "dir:", "cnt:"})) return false;
  const std::size_t end = std::min(text.find(';'), text.size());
  return IsHex(text.substr(0, end), 40) && (end == text.size() || text.find('=', end) != text.npos);
}

// The gitoid URI scheme.
bool IsOmniborId(std::string_view text) {
  if (!Take(text, {"gitoid:"}) || !Take(text, {"blob:", "tree:", "commit:", "tag:"})) return false;
  return Take(text, {"sha256:"}) ? IsHex(text, 64) : Take(text, {"sha1:"}) && IsHex(text, 40);
}

void CheckHash(const JsonTree& tree, Index hash, ProblemList& problems) {
  const Index algorithm = tree.Find(hash, "alg"), content = tree.Find(hash, "content");
  if (algorithm == JsonTree::kNone || content == JsonTree::kNone) return;
  if (!tree.Is(algorithm, Type::kString) || !tree.Is(content, Type::kString)) return;
  const auto known = std::find_if(kHashLengths.begin(), kHashLengths.end(),
                                  [&](const auto& entry) { return entry.first == tree.Text(algorithm); });
  const std::size_t size = tree.Text(content).size();
  if (known == kHashLengths.end() || known->second == size) return;
  const auto fitting =
      std::find_if(kHashLengths.begin(), kHashLengths.end(), [&](const auto& entry) { return entry.second == size; });
  problems.Add(ProblemLevel::kViolation,
               {content, "hash-length", std::string(known->first),
                Msg("{} has {} hexadecimal digits, this has {}", known->first, known->second, size),
                fitting == kHashLengths.end() ? Message{} : Msg("{} has that many", fitting->first)});
}

void CheckPackageUrl(const JsonTree& tree, Index value, ProblemList& problems) {
  const std::string_view text = tree.Text(value);
  Purl purl;
  try {
    purl = ParsePurl(text);
  } catch (const ParseError& error) {
    problems.Add(ProblemLevel::kViolation,
                 {value, "purl", "", Msg("{} is no package URL", InQuotes(text)), error.parts().back()});
    return;
  }
  const std::vector<PurlProblem> found = CheckPurl(purl);
  for (const PurlProblem& problem : found) {
    problems.Add(problem.is_violation ? ProblemLevel::kViolation : ProblemLevel::kAdvice,
                 {value, problem.is_violation ? "purl" : "purl-type", "", problem.message, {}});
  }
  const std::string canonical = FormatPurl(purl);
  if (canonical != text) {
    problems.Add(ProblemLevel::kAdvice, {value, "purl-canonical", "", Msg("{} is not the canonical form", InQuotes(text)),
                                         Msg("write {}", InQuotes(canonical))});
  }
}

void CheckLicenceIdentifier(std::string_view identifier, Index value, ProblemList& problems) {
  if (identifier.empty() || IsOwnLicence(identifier)) return;
  const auto known = FindSpdxLicense(identifier);
  if (!known) {
    const bool nothing = identifier == "NOASSERTION" || identifier == "NONE";
    problems.Add(ProblemLevel::kViolation,
                 {value, "licence-id", std::string(identifier.substr(0, kMaxQuoted)),
                  Msg("{} is not in the SPDX licence list", InQuotes(identifier)),
                  nothing ? Msg("leave the licence out when it is not known")
                          : Msg("use an SPDX identifier, or {} for a licence that SPDX does not list",
                                InQuotes("LicenseRef-" + std::string(identifier.substr(0, kMaxQuoted))))});
  } else if (*known != identifier) {
    problems.Add(ProblemLevel::kAdvice,
                 {value, "licence-spelling", *known, Msg("SPDX writes {} as {}", InQuotes(identifier), *known), {}});
  }
}

void CheckLicenceExpression(const JsonTree& tree, Index value, ProblemList& problems) {
  const std::string_view text = tree.Text(value);
  LicenceExpression expression;
  try {
    expression = ParseLicenceExpression(text, "");
  } catch (const ParseError& error) {
    problems.Add(ProblemLevel::kViolation, {value, "licence-expression", "",
                                            Msg("{} is no SPDX licence expression", InQuotes(text)), error.parts().back()});
    return;
  }
  ForEachLicence(expression, [&](const LicenceExpression& licence) {
    CheckLicenceIdentifier(WithoutPlus(licence.licence), value, problems);
    CheckLicenceIdentifier(licence.exception, value, problems);
  });
}

}  // namespace

void CheckContent(Meaning meaning, const JsonTree& tree, Index value, ProblemList& problems) {
  if (meaning == Meaning::kHash) return CheckHash(tree, value, problems);
  if (!tree.Is(value, Type::kString)) return;
  switch (meaning) {
    case Meaning::kPurl:
      return CheckPackageUrl(tree, value, problems);
    case Meaning::kLicenceExpression:
      return CheckLicenceExpression(tree, value, problems);
    case Meaning::kSwhid:
      if (IsSwhid(tree.Text(value))) return;
      return problems.Add(ProblemLevel::kViolation, {value, "swhid", "", Msg("{} is no SWHID", InQuotes(tree.Text(value))),
                                                     Msg("write it like {}", std::string_view("swh:1:cnt:HEX"))});
    case Meaning::kOmniborId:
      if (IsOmniborId(tree.Text(value))) return;
      return problems.Add(
          ProblemLevel::kViolation,
          {value, "omnibor-id", "", Msg("{} is no OmniBOR artifact identifier", InQuotes(tree.Text(value))),
           Msg("write it like {}", std::string_view("gitoid:blob:sha256:HEX"))});
    default:
      return;
  }
}

void CheckSchemaMember(const JsonTree& tree, ProblemList& problems) {
  const Index schema = tree.Find(0, "$schema"), version = tree.Find(0, "specVersion");
  if (schema == JsonTree::kNone || version == JsonTree::kNone) return;
  if (!tree.Is(schema, Type::kString) || !tree.Is(version, Type::kString)) return;
  const std::string_view text = tree.Text(schema);
  constexpr std::string_view kName = "/bom-";
  const std::size_t place = text.rfind(kName);
  if (place == text.npos) return;
  std::string_view named = text.substr(place + kName.size());
  named = named.substr(0, named.find_first_not_of("0123456789."));
  while (named.ends_with('.')) named.remove_suffix(1);
  if (named.empty() || named == tree.Text(version)) return;
  problems.Add(ProblemLevel::kViolation,
               {schema, "schema-version", "",
                Msg("names the schema of version {}, the document is of version {}", named, InQuotes(tree.Text(version))),
                Msg("let both name the same version")});
}

}  // namespace nachbau::sbom
