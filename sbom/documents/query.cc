#include "sbom/documents/query.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/documents/identity.h"

namespace nachbau::sbom {
namespace {

std::string LowerCase(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool IsIdentifierCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == ':' || c == '+';
}

// `identifier` as a whole word of an expression. Both in lower case.
bool HasIdentifier(std::string_view expression, std::string_view identifier) {
  for (std::size_t at = expression.find(identifier); at != expression.npos; at = expression.find(identifier, at + 1)) {
    const std::size_t end = at + identifier.size();
    const bool begins = at == 0 || !IsIdentifierCharacter(expression[at - 1]);
    if (begins && (end == expression.size() || !IsIdentifierCharacter(expression[end]))) return true;
  }
  return false;
}

// Paths by whole components from the end.
bool IsPathOf(std::string_view path, std::string_view wanted) {
  while (wanted.starts_with("./")) wanted.remove_prefix(2);
  if (!path.ends_with(wanted)) return false;
  return path.size() == wanted.size() || wanted.starts_with('/') || path[path.size() - wanted.size() - 1] == '/';
}

bool MatchesPurl(const std::string& purl, const PurlText& wanted) {
  if (purl.empty()) return false;
  const PurlText has = SplitPurl(purl);
  if (has.package != wanted.package) return false;
  if (!wanted.version.empty() && has.version != wanted.version) return false;
  if (!wanted.subpath.empty() && has.subpath != wanted.subpath) return false;
  // Every qualifier that was asked for must be there.
  std::string_view rest = wanted.qualifiers;
  const std::string all = "&" + has.qualifiers + "&";
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    if (all.find("&" + std::string(one) + "&") == all.npos) return false;
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  }
  return true;
}

std::string FindDigest(const BomComponent& component, const std::string& digest) {
  for (const BomHash& hash : component.hashes) {
    if (hash.value == digest) return hash.algorithm;
  }
  for (const BomReference& reference : component.references) {
    for (const BomHash& hash : reference.hashes) {
      if (hash.value == digest) return hash.algorithm + " of " + reference.type;
    }
  }
  // gitoid:blob:sha256:…, swh:1:cnt:…
  for (const auto* list : {&component.omnibor_ids, &component.swhids}) {
    for (const std::string& id : *list) {
      if (id.ends_with(":" + digest)) return id;
    }
  }
  for (const BomOccurrence& occurrence : component.occurrences) {
    if (occurrence.context.find(digest) != std::string::npos) return occurrence.location;
  }
  return {};
}

std::string FindLicence(const BomComponent& component, const std::string& wanted) {
  for (const BomLicence& licence : component.licences) {
    const bool found = licence.expression.empty() ? LowerCase(licence.name) == wanted
                                                  : HasIdentifier(LowerCase(licence.expression), wanted);
    if (!found) continue;
    const char* kind = licence.kind == BomLicence::Kind::kDeclared    ? " (declared)"
                       : licence.kind == BomLicence::Kind::kConcluded ? " (concluded)"
                                                                      : "";
    return (licence.expression.empty() ? licence.name : licence.expression) + kind;
  }
  return {};
}

std::string FindSourceFile(const Bom& bom, std::size_t i, const std::string& wanted) {
  for (const BomOccurrence& occurrence : bom.components[i].occurrences) {
    if (IsPathOf(occurrence.location, wanted)) return occurrence.location;
  }
  const BomComponent& component = bom.components[i];
  if (component.type == "file" && IsPathOf(component.name, wanted)) return component.name;
  return {};
}

// A text as it may stand in the JSON: its longest stretch that no escape can change.
std::string Plain(std::string_view text) {
  std::string_view longest, current = text;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool plain = i < text.size() && static_cast<unsigned char>(text[i]) >= 0x20 &&
                       static_cast<unsigned char>(text[i]) < 0x7F && text[i] != '"' && text[i] != '\\' &&
                       text[i] != '/';
    if (plain) continue;
    current = text.substr(begin, i - begin);
    if (current.size() > longest.size()) longest = current;
    begin = i + 1;
  }
  return std::string(longest);
}

}  // namespace

std::vector<QueryMatch> Find(const Bom& bom, const BomQuery& query) {
  const std::string digest =
      LowerCase(query.digest.substr(query.digest.rfind(':') == std::string::npos ? 0 : query.digest.rfind(':') + 1));
  if (!query.digest.empty() && (digest.size() < 32 || digest.size() % 2 != 0 || !DecodeHex(digest))) {
    UsageError error(Msg("{} is no digest in hexadecimal digits", Printable(query.digest)));
    error.SetHint(Msg("'sha256sum FILE' prints one"));
    throw error;
  }
  const PurlText purl = SplitPurl(query.purl);
  const std::string licence = LowerCase(query.licence);
  std::vector<QueryMatch> matches;
  for (std::size_t i = 0; i < bom.components.size(); ++i) {
    const BomComponent& component = bom.components[i];
    QueryMatch match;
    if (!query.name.empty()) {
      if (component.name != query.name && component.group + ":" + component.name != query.name &&
          component.group + "/" + component.name != query.name) {
        continue;
      }
      match.because.push_back("name " + component.name);
    }
    if (!query.purl.empty()) {
      if (!MatchesPurl(component.purl, purl)) continue;
      match.because.push_back(component.purl);
    }
    if (!digest.empty()) {
      const std::string found = FindDigest(component, digest);
      if (found.empty()) continue;
      match.because.push_back("digest: " + found);
    }
    if (!licence.empty()) {
      const std::string found = FindLicence(component, licence);
      if (found.empty()) continue;
      match.because.push_back("licence " + found);
    }
    if (!query.source_file.empty()) {
      const std::string found = FindSourceFile(bom, i, query.source_file);
      if (found.empty()) continue;
      match.because.push_back("source file " + found);
    }
    match.pointer = component.pointer;
    match.name = DisplayName(component);
    match.version = component.version;
    match.purl = component.purl;
    for (std::size_t at = component.parent; at != kNoComponent; at = bom.components[at].parent) {
      match.parents.insert(match.parents.begin(), DisplayName(bom.components[at]));
    }
    matches.push_back(std::move(match));
  }
  return matches;
}

bool MayMatch(std::string_view document, const BomQuery& query) {
  // Escapes can spell any character another way: then nothing can be said without parsing.
  if (document.find("\\u") != document.npos) return true;
  const std::string name = Plain(
      query.name.substr(query.name.find_last_of(":/") == std::string::npos ? 0 : query.name.find_last_of(":/") + 1));
  for (const std::string& needed : {name, Plain(SplitPurl(query.purl).package), Plain(query.source_file)}) {
    if (!needed.empty() && document.find(needed) == document.npos) return false;
  }
  if (!query.digest.empty()) {
    const auto digits =
        query.digest.substr(query.digest.rfind(':') == std::string::npos ? 0 : query.digest.rfind(':') + 1);
    const std::string lower = LowerCase(digits);
    std::string upper = lower;
    for (char& c : upper) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    // A digest in mixed case is one in a thousand; it is not lost, the document is read then.
    if (document.find(lower) == document.npos && document.find(upper) == document.npos) {
      return std::search(document.begin(), document.end(), lower.begin(), lower.end(), [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
             }) != document.end();
    }
  }
  return true;
}

Json ToJson(const QueryMatch& match) {
  return {{"pointer", match.pointer}, {"name", match.name},       {"version", match.version},
          {"purl", match.purl},       {"parents", match.parents}, {"because", match.because}};
}

}  // namespace nachbau::sbom
