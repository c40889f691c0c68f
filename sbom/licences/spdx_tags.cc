#include "sbom/licences/spdx_tags.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/deb822.h"
#include "base/encoding.h"
#include "sbom/licences/licences.h"
#include "sbom/validation/schema.h"

namespace nachbau::sbom {
namespace {

// In two parts, so that this file has no tag itself.
constexpr std::string_view kTag = "SPDX-License-" "Identifier:";
constexpr std::string_view kIgnoreStart = "REUSE-Ignore" "Start";
constexpr std::string_view kIgnoreEnd = "REUSE-Ignore" "End";
constexpr std::size_t kMaxValue = 1000;  // bytes
constexpr std::size_t kMaxMalformed = 10;

// What may stand behind the expression on its line: the end of a comment, of a string, of markup.
bool IsEndOfComment(std::string_view rest) {
  static constexpr std::string_view kEnds[] = {"*/", "-->", "--%>", "#}", "}}", "*)", "-}", "*}", "\"", "'", "\\n",
                                               "\\r", "?>", "%>", "//", "<", "#", "|#", "=#", "]]", "*", "`"};
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&](std::string_view end) { return rest.starts_with(end); });
}

bool IsExpressionCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
         c == ':' || c == '(' || c == ')' || c == ' ' || c == '\t';
}

// The expression at the start of a line's rest; nothing where other words follow.
std::optional<LicenceExpression> ReadValue(std::string_view line) {
  const std::size_t end = static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), IsExpressionCharacter) - line.begin());
  std::string_view value = line.substr(0, end);
  const std::string_view rest = line.substr(end);
  if (value.ends_with("--") && rest.starts_with('>')) value.remove_suffix(2);
  else if (value.ends_with('-') && rest.starts_with('}')) value.remove_suffix(1);
  else if (!rest.empty() && !IsEndOfComment(rest)) return std::nullopt;
  value = Trim(value);
  // "dnl", "rem" and the like end no comment, but a row of dashes may.
  while (value.ends_with(" -") || value.ends_with("--")) value = Trim(value.substr(0, value.size() - 1));
  if (auto expression = TryParseLicenceExpression(value)) return expression;
  // "(* … MIT *)" leaves nothing, "(MIT)" in prose: "(SPDX-… MIT)".
  if (value.ends_with(')')) return TryParseLicenceExpression(Trim(value.substr(0, value.size() - 1)));
  return std::nullopt;
}

LicenceExpression Translated(const LicenceExpression& licence, std::string_view source) {
  const bool reference = licence.licence.starts_with("LicenseRef-") || licence.licence.starts_with("DocumentRef-");
  const auto name = reference ? std::optional(licence.licence) : SpdxNameOf(licence.licence);
  auto known = name ? TryParseLicenceExpression(*name) : std::nullopt;
  if (licence.exception.empty()) {
    if (known) return *known;
  } else if (known && known->kind == LicenceExpression::Kind::kLicence && known->exception.empty() &&
             (IsSpdxException(licence.exception) || licence.exception.starts_with("AdditionRef-"))) {
    known->exception = licence.exception;
    // "eCos-2.0 WITH …": deprecated, with an exception inside already.
    if (FindExpressionProblems(Canonical(*known)).empty()) return *known;
  }
  LicenceExpression result;
  result.licence = LicenceReference(
      "upstream", licence.licence + (licence.exception.empty() ? "" : " with " + licence.exception), source);
  return result;
}

void Translate(LicenceExpression& expression, std::string_view source) {
  if (expression.kind == LicenceExpression::Kind::kLicence) {
    LicenceExpression translated = Translated(expression, source);
    expression = std::move(translated);
    return;
  }
  for (LicenceExpression& part : expression.parts) Translate(part, source);
}

}  // namespace

SpdxTags FindSpdxTags(std::string_view head) {
  SpdxTags tags;
  head = head.substr(0, kTagBytes);
  if (head.find('\0') != head.npos) return tags;
  std::size_t ignored_until = 0;
  for (std::size_t at = head.find(kTag); at != head.npos; at = head.find(kTag, at + 1)) {
    // The next block to be ignored, if it begins before this tag.
    for (std::size_t start = head.find(kIgnoreStart, ignored_until); start < at; start = head.find(kIgnoreStart, ignored_until)) {
      const std::size_t end = head.find(kIgnoreEnd, start);
      ignored_until = end == head.npos ? head.size() : end + kIgnoreEnd.size();
    }
    if (at < ignored_until) continue;
    std::string_view line = head.substr(at + kTag.size());
    line = line.substr(0, line.find_first_of("\n\r"));
    // Cut by the end of what was read: nobody knows how it goes on.
    if (line.data() + line.size() == head.data() + head.size() && head.size() == kTagBytes) break;
    // A quotation mark or a placeholder at once: a program that writes tags.
    if (const std::string_view value = Trim(line); value.empty() || !IsExpressionCharacter(value.front())) continue;
    auto expression = ReadValue(line.substr(0, kMaxValue));
    if (expression) tags.expressions.push_back(std::move(*expression));
    else if (tags.malformed.size() < kMaxMalformed) tags.malformed.push_back(Printable(Trim(line.substr(0, 100))));
  }
  return tags;
}

LicenceExpression WithKnownIdentifiers(LicenceExpression expression, std::string_view source) {
  Translate(expression, source);
  return Canonical(std::move(expression));
}

}  // namespace nachbau::sbom
