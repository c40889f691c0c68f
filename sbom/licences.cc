#include "sbom/licences.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/deb822.h"
#include "sbom/schema.h"

namespace nachbau::sbom {

// Generated at build time from licences.txt.
std::string_view LicenceTable();

namespace {

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

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
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    result += fine ? std::string(1, c) : c == '+' ? "-or-later" : "-";
  }
  return result;
}

std::string Identifier(std::string_view name) {
  if (const auto known = Table().find(Lower(name)); known != Table().end()) return known->second;
  return IsSpdxLicense(name) ? std::string(name) : LicenseRef(name);
}

// Exceptions Debian writes in words, and their SPDX identifiers (SPDX licence exceptions list).
std::string Exception(const std::string& words) {
  static const std::map<std::string, std::string> known = {
      {"openssl exception", "OpenSSL-Exception"},     {"autoconf exception", "Autoconf-exception-generic"},
      {"libtool exception", "Libtool-exception"},     {"bison exception", "Bison-exception-2.2"},
      {"classpath exception", "Classpath-exception-2.0"}, {"font exception", "Font-exception-2.0"},
      {"gcc exception", "GCC-exception-3.1"}};
  const auto found = known.find(Lower(words));
  return found == known.end() ? std::string() : found->second;
}

// "GPL-2+ with Autoconf exception", or a plain name.
std::string Licence(const std::vector<std::string_view>& words) {
  if (words.empty()) return LicenseRef("unnamed");
  if (words.size() > 2 && Lower(words[1]) == "with") {
    std::string exception;
    for (std::size_t i = 2; i < words.size(); ++i) exception += (i == 2 ? "" : " ") + std::string(words[i]);
    const std::string spdx = Exception(exception);
    if (!spdx.empty()) return Identifier(words[0]) + " WITH " + spdx;
  }
  if (words.size() == 1) return Identifier(words[0]);
  std::string name;
  for (const std::string_view word : words) name += (name.empty() ? "" : "-") + std::string(word);
  return LicenseRef(name);
}

// Words up to the operator `which`, applied recursively: "or" binds weaker than "and", and a comma before an operator
// makes that one the weakest (DEP-5, "Syntax").
std::string Parse(const std::vector<std::string_view>& words, int level) {
  static constexpr std::string_view kOperators[] = {", and", ", or", "or", "and"};
  if (level == 4) return Licence(words);
  const std::string_view wanted = kOperators[level];
  const bool comma = wanted.front() == ',';
  const std::string_view word_wanted = comma ? wanted.substr(2) : wanted;
  std::vector<std::vector<std::string_view>> parts(1);
  for (const std::string_view word : words) {
    const bool after_comma = !parts.back().empty() && parts.back().back().ends_with(',');
    if (Lower(word) == word_wanted && after_comma == comma && !parts.back().empty()) {
      if (comma) parts.back().back().remove_suffix(1);
      parts.emplace_back();
    } else {
      parts.back().push_back(word);
    }
  }
  if (parts.size() == 1) return Parse(words, level + 1);
  std::string result;
  for (const auto& part : parts) {
    std::string expression = Parse(part, level + 1);
    if (expression.find(' ') != expression.npos && expression.find(" WITH ") == expression.npos) {
      expression = "(" + expression + ")";
    }
    result += (result.empty() ? "" : word_wanted == "or" ? " OR " : " AND ") + expression;
  }
  return result;
}

}  // namespace

std::string SpdxExpression(std::string_view synopsis) { return Parse(SplitWords(synopsis), 0); }

std::string JoinWithAnd(const std::set<std::string>& expressions) {
  std::string result;
  for (const std::string& expression : expressions) {
    const bool either = expressions.size() > 1 && expression.find(" OR ") != expression.npos;
    result += (result.empty() ? "" : " AND ") + (either ? "(" + expression + ")" : expression);
  }
  return result;
}

}  // namespace nachbau::sbom
