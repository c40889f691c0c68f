#include "sbom/validation/suggestion.h"

#include <algorithm>

#include "base/encoding.h"
#include "sbom/validation/formats.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxListed = 8;     // words offered where none is near
constexpr std::size_t kMaxCompared = 64;  // bytes of a word that is looked for
constexpr std::size_t kMaxMended = 2048;  // bytes of a text that is written out right

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string Folded(std::string_view text) {
  std::string folded;
  for (const char c : text) {
    if (c != '-' && c != '_' && c != ' ') folded += Lower(c);
  }
  return folded;
}

// Letters to insert, remove or replace.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t k = 0; k <= b.size(); ++k) row[k] = k;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t k = 1; k <= b.size(); ++k) {
      const std::size_t changed = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({changed, row[k] + 1, row[k - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

Message NearestRemedy(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string folded = Folded(word.substr(0, kMaxCompared));
  std::string_view nearest;
  std::size_t least = word.size() > kMaxCompared || folded.empty() ? 0 : folded.size() / 3 + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kMaxCompared) continue;
    const std::size_t distance = Distance(folded, Folded(candidate));
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) return Msg("did you mean {}?", InQuotes(nearest));
  if (known.empty() || known.size() > kMaxListed) return {};
  std::string list;
  for (const std::string_view candidate : known) list += (list.empty() ? "" : ", ") + std::string(candidate);
  return Msg("possible here: {}", list);
}

Message FormatRemedy(std::string_view format, std::string_view text) {
  if (text.size() > kMaxMended) return {};
  if (format == "date-time") {
    if (IsDate(text)) return Msg("add the time of day: {}", std::string(text) + "T00:00:00Z");
    if (IsDateTime(std::string(text) + "Z")) return Msg("add the time zone: {}", std::string(text) + "Z");
    return Msg("write it like {}", std::string_view("2025-05-10T07:16:24Z"));
  }
  if (format == "date") return Msg("write it like {}", std::string_view("2025-05-10"));
  if (format == "idn-email" || format == "email") return Msg("write it like {}", std::string_view("name@example.org"));
  if (format == "uri" && IsIriReference(text)) return Msg("begin with a scheme, like {}", std::string_view("https:"));
  if (format == "uri" || format == "iri-reference") {
    const std::size_t colon = text.find(':'), at = text.find('@');
    if (at < colon && colon != text.npos && text.find("//") == text.npos) {
      const std::string url = "ssh://" + std::string(text.substr(0, colon)) + "/" + std::string(text.substr(colon + 1));
      if (IsIriReference(url)) return Msg("write it as a URL: {}", url.substr(0, kMaxQuoted));
    }
    const std::string encoded = PercentEncode(text, ":/?#[]@!$&'()*+,;=%");
    if (encoded != text && IsIriReference(encoded)) {
      return Msg("percent-encode what is not allowed in a URL: {}", encoded.substr(0, kMaxQuoted));
    }
    return Msg("percent-encode what is not allowed in a URL: a blank is {}, brackets are {} and {}",
               std::string_view("%20"), std::string_view("%5B"), std::string_view("%5D"));
  }
  return {};
}

Message PatternRemedy(std::string_view pattern, std::string_view text) {
  if (pattern.starts_with("^urn:uuid:")) {
    std::string lower(text.substr(0, kMaxQuoted));
    std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
    if (lower.size() == 36 && std::count(lower.begin(), lower.end(), '-') == 4) {
      return Msg("put {} in front", std::string_view("urn:uuid:"));
    }
    if (lower != text && lower.starts_with("urn:uuid:")) return Msg("write it in lower case");
    return Msg("write it like {}", std::string_view("urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"));
  }
  if (pattern.starts_with("^([a-fA-F0-9]{32}|")) {
    return Msg("write the digest in hexadecimal: 32, 40, 64, 96 or 128 digits");
  }
  if (pattern == "^(.*)$") return Msg("write it in one line");
  return {};
}

Message TypeRemedy(std::string_view wanted, std::string_view is) {
  if (wanted == "string" && (is == "integer" || is == "number" || is == "boolean")) return Msg("put it in quotes");
  if (wanted == "array" && is != "null") return Msg("put it in brackets, even when it is the only one");
  if ((wanted == "integer" || wanted == "number" || wanted == "boolean") && is == "string")
    return Msg("leave the quotes out");
  if (is == "null") return Msg("leave it out, or give it a value");
  return {};
}

}  // namespace nachbau::sbom
