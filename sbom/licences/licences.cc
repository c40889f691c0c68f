// Grammar of a synopsis (DEP-5, "License"; a comma before an operator makes it bind more weakly):
//
//   synopsis = all *( ", or" all )          all     = either *( ", and" either )     "," alone is ", and"
//   either   = both *( "or" both )          both    = licence *( "and" licence )     "and/or" is "and"
//   licence  = name [ "with" words [ "exception" ] ]
//
// "and/or" is read as "and": who may choose may also take both, who may not is not misled.
#include "sbom/licences/licences.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "base/deb822.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {

// Generated at build time from licences.txt.
std::string_view LicenceTable();

namespace {

constexpr std::size_t kMaxWords = 2000;  // of one synopsis; longer ones are no synopsis
constexpr std::string_view kExceptionPrefix = "with:";

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

const std::map<std::string, std::string>& Table() {
  static const std::map<std::string, std::string> table = [] {
    std::map<std::string, std::string> pairs;
    for (const std::string_view line : SplitTrimmed(LicenceTable(), '\n')) {
      const auto words = SplitWords(line);
      if (words.size() == 2 && words[0] != "#") pairs[Lower(words[0])] = words[1];
    }
    return pairs;
  }();
  return table;
}

// LicenseRef- may hold letters, digits, '-' and '.'.
std::string LicenseRef(std::string_view name) {
  std::string result = "LicenseRef-debian-";
  for (const char c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '.';
    if (c == '+') result += "-or-later";
    else if (fine) result += c;
    else if (result.back() != '-') result += '-';
  }
  while (result.back() == '-') result.pop_back();
  return result == "LicenseRef-debian" ? "LicenseRef-debian-unnamed" : result;
}

// "GPL-2+", "LGPL-2.1", "GFDL-NIV-1.3+": SPDX says "-only" or "-or-later" for GNU licences.
std::optional<std::string> GnuLicence(const std::string& lower) {
  for (const std::string_view family : {"GPL-", "LGPL-", "AGPL-", "GFDL-"}) {
    if (!lower.starts_with(Lower(family))) continue;
    std::string version = lower.substr(family.size());
    const bool no_invariants = family == "GFDL-" && version.starts_with("niv-");
    if (no_invariants) version.erase(0, 4);
    const bool later = version.ends_with('+');
    if (later) version.pop_back();
    if (version.empty() || !std::all_of(version.begin(), version.end(), [](char c) { return IsDigit(c) || c == '.'; })) {
      return std::nullopt;
    }
    if (version.find('.') == version.npos) version += ".0";
    return FindSpdxLicense(std::string(family) + version + (no_invariants ? "-no-invariants" : "") +
                           (later ? "-or-later" : "-only"));
  }
  return std::nullopt;
}

std::string Identifier(std::string_view name) {
  const std::string lower = Lower(name);
  if (const auto known = Table().find(lower); known != Table().end()) return known->second;
  if (const auto gnu = GnuLicence(lower)) return *gnu;
  const bool later = name.size() > 1 && name.ends_with('+');
  if (later) name.remove_suffix(1);
  auto found = FindSpdxLicense(name);
  // DEP-5 leaves out a final ".0": "Apache-2".
  if (!found && !name.empty() && IsDigit(name.back())) found = FindSpdxLicense(std::string(name) + ".0");
  if (!found) return LicenseRef(std::string(name) + (later ? "+" : ""));
  return *found + (later ? "+" : "");
}

// The SPDX identifier of an exception: from the table, or where SPDX has it under the same name.
std::optional<std::string> Exception(std::vector<std::string_view> words) {
  if (words.size() > 1 && Lower(words.back()) == "exception") words.pop_back();
  std::string name;
  for (const std::string_view word : words) name += (name.empty() ? "" : "-") + std::string(word);
  const auto known = Table().find(std::string(kExceptionPrefix) + Lower(name));
  if (known != Table().end()) return known->second;
  if (const auto found = FindSpdxLicense(name + "-exception")) return found;
  if (Lower(name) == "linux-syscall-note") return "Linux-syscall-note";
  return std::nullopt;
}

using Words = std::vector<std::string_view>;

std::string Licence(const Words& words) {
  if (words.empty()) return LicenseRef("unnamed");
  if (words.size() == 1) return Identifier(words[0]);
  if (words.size() > 2 && Lower(words[1]) == "with") {
    const std::string licence = Identifier(words[0]);
    const auto exception = Exception({words.begin() + 2, words.end()});
    if (exception && !licence.starts_with("LicenseRef-")) return licence + " WITH " + *exception;
  }
  std::string name;
  for (const std::string_view word : words) name += (name.empty() ? "" : "-") + std::string(word);
  return LicenseRef(name);
}

// Words and operators: ", and", ", or", "and", "or" are one token each.
Words Tokens(std::string_view synopsis) {
  Words tokens;
  bool comma = false;
  for (std::string_view word : SplitWords(synopsis)) {
    const std::string lower = Lower(word);
    const bool both = lower == "and" || lower == "and/or";
    if (both || lower == "or") {
      tokens.push_back(comma ? (both ? ", and" : ", or") : (both ? "and" : "or"));
      comma = false;
      continue;
    }
    if (comma) tokens.push_back(", and");
    comma = word.ends_with(',');
    if (comma) word.remove_suffix(1);
    if (!word.empty()) tokens.push_back(word);
  }
  return tokens;
}

bool IsOperator(std::string_view token) {
  return token == ", and" || token == ", or" || token == "and" || token == "or";
}

// `level` 0 to 3: the operator split at, weakest first.
std::string Parse(const Words& tokens, std::size_t level) {
  static constexpr std::string_view kOperators[] = {", or", ", and", "or", "and"};
  if (level == std::size(kOperators)) {
    Words words;
    std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(words), [](std::string_view t) { return !IsOperator(t); });
    return Licence(words);
  }
  std::vector<Words> parts(1);
  for (const std::string_view token : tokens) {
    if (token == kOperators[level]) parts.emplace_back();
    else parts.back().push_back(token);
  }
  std::erase_if(parts, [](const Words& part) { return part.empty(); });
  if (parts.empty()) return Licence({});
  if (parts.size() == 1) return Parse(parts[0], level + 1);
  const bool either = level % 2 == 0;
  std::string result;
  for (const Words& part : parts) {
    std::string expression = Parse(part, level + 1);
    const bool inner = expression.find(either ? " AND " : " OR ") != expression.npos;
    if (inner) expression = "(" + expression + ")";
    result += (result.empty() ? "" : either ? " OR " : " AND ") + expression;
  }
  return result;
}

// Takes an expression apart at its outermost ANDs; nothing when its outermost operator is OR.
std::vector<std::string> OuterParts(const std::string& expression) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    depth += expression[i] == '(' ? 1 : expression[i] == ')' ? -1 : 0;
    const std::string_view rest = std::string_view(expression).substr(i);
    if (depth == 0 && rest.starts_with(" OR ")) return {};
    if (depth == 0 && rest.starts_with(" AND ")) {
      parts.emplace_back();
      i += 4;
    } else {
      parts.back() += expression[i];
    }
  }
  return parts;
}

}  // namespace

std::string SpdxExpression(std::string_view synopsis) {
  const Words tokens = Tokens(synopsis);
  if (tokens.empty()) return LicenseRef("unstated");
  if (tokens.size() > kMaxWords) return LicenseRef("overlong");
  return Parse(tokens, 0);
}

std::string JoinWithAnd(const std::set<std::string>& expressions) {
  if (expressions.size() == 1) return *expressions.begin();
  std::set<std::string> all;
  for (const std::string& expression : expressions) {
    const std::vector<std::string> parts = OuterParts(expression);
    if (parts.empty()) all.insert("(" + expression + ")");
    else all.insert(parts.begin(), parts.end());
  }
  std::string result;
  for (const std::string& part : all) result += (result.empty() ? "" : " AND ") + part;
  return result;
}

}  // namespace nachbau::sbom
