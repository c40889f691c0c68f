// The order of steps is that of the specification's "how to parse": from the right the subpath, the qualifiers, then
// from the left scheme and type, from the right the version, the name, and what is left is the namespace.
#include "sbom/purl/purl.h"

#include <algorithm>
#include <functional>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/purl/purl_types.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxShown = 120;  // bytes of a foreign text in a message

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

std::string Show(std::string_view text) { return Printable(text.substr(0, kMaxShown)); }

[[noreturn]] void Refuse(std::string_view purl, Message reason) { throw ParseError(Show(purl), 0, std::move(reason)); }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = IsUpper(c) ? static_cast<char>(c + 32) : c;
  return lower;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = IsLower(c) ? static_cast<char>(c - 32) : c;
  return upper;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view Trim(std::string_view text, char c) {
  while (text.starts_with(c)) text.remove_prefix(1);
  while (text.ends_with(c)) text.remove_suffix(1);
  return text;
}

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = IsUpper(c) ? static_cast<char>(c + 32) : c;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string Decode(std::string_view text, std::string_view purl) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) Refuse(purl, Msg("a percent sign must be followed by two hexadecimal digits"));
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!IsUtf8(decoded)) Refuse(purl, Msg("{} does not decode to UTF-8", Show(text)));
  return decoded;
}

bool IsType(std::string_view type) {
  return !type.empty() && (IsLower(type[0]) || IsUpper(type[0])) && std::all_of(type.begin(), type.end(), [](char c) {
    return IsDigit(c) || IsLower(c) || IsUpper(c) || c == '.' || c == '-';
  });
}

bool IsKey(std::string_view key) {
  return !key.empty() && IsLower(key[0]) && std::all_of(key.begin(), key.end(), [](char c) {
    return IsDigit(c) || IsLower(c) || c == '.' || c == '-' || c == '_';
  });
}

// Nothing that no URL may contain: blanks, control bytes, anything outside ASCII, and some punctuation (RFC 3986).
void CheckCharacters(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos) continue;
    Refuse(text, Msg("{} must be percent-encoded, as %{}", Printable(std::string_view(&c, 1)),
                     EncodeHex(std::string_view(&c, 1))));
  }
}

std::string DecodeSegments(std::string_view text, std::string_view purl,
                           const std::function<bool(std::string_view)>& keep) {
  std::string segments;
  for (const std::string_view raw : Split(text, '/')) {
    const std::string segment = Decode(raw, purl);
    if (segment.find('/') != segment.npos) Refuse(purl, Msg("{} must not hide a slash", Show(raw)));
    if (!keep(segment)) continue;
    segments += (segments.empty() ? "" : "/") + segment;
  }
  return segments;
}

bool IsNotEmpty(std::string_view segment) { return !segment.empty(); }
bool IsStep(std::string_view segment) { return !segment.empty() && segment != "." && segment != ".."; }

std::string EncodeSegments(std::string_view text) {
  std::string encoded;
  for (const std::string_view segment : Split(text, '/')) {
    encoded += (encoded.empty() ? "" : "/") + PercentEncode(segment, ":");
  }
  return encoded;
}

void ReadQualifiers(std::string_view text, std::string_view purl, Purl& result) {
  for (const std::string_view pair : Split(text, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos) Refuse(purl, Msg("the qualifier {} has no value", Show(pair)));
    const std::string key = Lower(pair.substr(0, equals));
    if (!IsKey(key)) Refuse(purl, Msg("{} cannot be the name of a qualifier", Show(key)));
    std::string value = Decode(pair.substr(equals + 1), purl);
    if (value.empty()) continue;  // as if it were not there
    if (!result.qualifiers.emplace(key, std::move(value)).second) {
      Refuse(purl, Msg("the qualifier {} is there twice", Show(key)));
    }
  }
}

std::string WithSingleDashes(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool dash = c == '-' || c == '_' || c == '.';
    if (!dash)
      result += c;
    else if (result.empty() || result.back() != '-')
      result += '-';
  }
  return result;
}

// In the form that the type wants.
void Normalise(Purl& purl) {
  purl.type = Lower(purl.type);
  const PurlType* type = FindPurlType(purl.type);
  if (type == nullptr) return;
  if (type->lower_namespace) purl.namespace_ = Lower(purl.namespace_);
  if (type->upper_namespace) purl.namespace_ = Upper(purl.namespace_);
  if (type->lower_name) purl.name = Lower(purl.name);
  if (type->single_dashes) purl.name = WithSingleDashes(purl.name);
  if (type->lower_version) purl.version = Lower(purl.version);
  // Databricks folds the case of model names, other MLflow servers keep it.
  if (purl.type == "mlflow") {
    const auto repository = purl.qualifiers.find("repository_url");
    if (repository != purl.qualifiers.end() && Lower(repository->second).find("databricks") != std::string::npos) {
      purl.name = Lower(purl.name);
    }
  }
}

}  // namespace

Purl ParsePurl(std::string_view text) {
  CheckCharacters(text);
  Purl purl;
  std::string_view rest = text;
  if (const std::size_t hash = rest.rfind('#'); hash != rest.npos) {
    purl.subpath = DecodeSegments(rest.substr(hash + 1), text, IsStep);
    rest = rest.substr(0, hash);
  }
  if (const std::size_t mark = rest.rfind('?'); mark != rest.npos) {
    ReadQualifiers(rest.substr(mark + 1), text, purl);
    rest = rest.substr(0, mark);
  }
  const std::size_t colon = rest.find(':');
  if (colon == rest.npos || Lower(rest.substr(0, colon)) != "pkg") Refuse(text, Msg("a package URL begins with pkg:"));
  rest = Trim(rest.substr(colon + 1), '/');
  const std::size_t slash = rest.find('/');
  purl.type = Lower(rest.substr(0, slash));
  if (!IsType(purl.type))
    Refuse(text, Msg("{} cannot be a type: letters, digits, dots and dashes, a letter first", Show(purl.type)));
  if (slash == rest.npos) Refuse(text, Msg("there is no name"));
  rest = Trim(rest.substr(slash + 1), '/');
  // An '@' at the beginning of a segment before the last is an npm scope that was not encoded, not a version.
  const std::size_t at = rest.rfind('@');
  const bool is_scope = at != rest.npos && (at == 0 || rest[at - 1] == '/') && rest.find('/', at) != rest.npos;
  if (at != rest.npos && !is_scope) {
    purl.version = Decode(rest.substr(at + 1), text);
    rest = Trim(rest.substr(0, at), '/');
  }
  const std::size_t last = rest.rfind('/');
  purl.name = Decode(last == rest.npos ? rest : rest.substr(last + 1), text);
  if (last != rest.npos) purl.namespace_ = DecodeSegments(rest.substr(0, last), text, IsNotEmpty);
  if (purl.name.empty()) Refuse(text, Msg("there is no name"));
  Normalise(purl);
  return purl;
}

Purl MakePurl(Purl parts) {
  const std::string shown = "pkg:" + parts.type + "/" + parts.name;
  if (!IsType(parts.type)) {
    Refuse(shown, Msg("{} cannot be a type: letters, digits, dots and dashes, a letter first", Show(parts.type)));
  }
  if (parts.name.empty()) Refuse(shown, Msg("there is no name"));
  for (const std::string* part : {&parts.namespace_, &parts.name, &parts.version, &parts.subpath}) {
    if (!IsUtf8(*part)) Refuse(shown, Msg("{} is not UTF-8", Show(*part)));
  }
  for (auto at = parts.qualifiers.begin(); at != parts.qualifiers.end();) {
    if (!IsKey(at->first)) Refuse(shown, Msg("{} cannot be the name of a qualifier", Show(at->first)));
    if (!IsUtf8(at->second)) Refuse(shown, Msg("{} is not UTF-8", Show(at->second)));
    at = at->second.empty() ? parts.qualifiers.erase(at) : std::next(at);
  }
  const auto cleaned = [](std::string_view text, bool (*keep)(std::string_view)) {
    std::string segments;
    for (const std::string_view segment : Split(text, '/')) {
      if (keep(segment)) segments += (segments.empty() ? "" : "/") + std::string(segment);
    }
    return segments;
  };
  parts.namespace_ = cleaned(parts.namespace_, IsNotEmpty);
  parts.subpath = cleaned(parts.subpath, IsStep);
  Normalise(parts);
  return parts;
}

std::string FormatPurl(const Purl& purl) {
  std::string text = "pkg:" + purl.type + "/";
  if (!purl.namespace_.empty()) text += EncodeSegments(purl.namespace_) + "/";
  text += PercentEncode(purl.name, ":");
  if (!purl.version.empty()) text += "@" + PercentEncode(purl.version, ":");
  char separator = '?';
  for (const auto& [key, value] : purl.qualifiers) {
    text += separator + key + "=" + PercentEncode(value, ":");
    separator = '&';
  }
  if (!purl.subpath.empty()) text += "#" + EncodeSegments(purl.subpath);
  return text;
}

std::vector<PurlProblem> CheckPurl(const Purl& purl) {
  std::vector<PurlProblem> problems;
  const PurlType* type = FindPurlType(purl.type);
  if (type == nullptr) {
    problems.push_back({"type", Msg("the type {} is not registered", Show(purl.type)), false});
    return problems;
  }
  const auto add = [&](const char* part, Message message) { problems.push_back({part, std::move(message)}); };
  if (type->namespace_ == Presence::kRequired && purl.namespace_.empty()) {
    add("namespace", Msg("a {} package URL needs a namespace", type->name));
  }
  if (type->namespace_ == Presence::kProhibited && !purl.namespace_.empty()) {
    add("namespace", Msg("a {} package URL has no namespace", type->name));
  }
  const auto segments = static_cast<std::size_t>(std::count(purl.namespace_.begin(), purl.namespace_.end(), '/')) + 1;
  if (type->most_segments != 0 && !purl.namespace_.empty() && segments > type->most_segments) {
    add("namespace", Msg("the namespace of a {} package URL has at most {} segments", type->name, type->most_segments));
  }
  if (type->version == Presence::kRequired && purl.version.empty()) {
    add("version", Msg("a {} package URL needs a version", type->name));
  }
  if (!type->version_starts.empty() && !purl.version.empty() && !purl.version.starts_with(type->version_starts)) {
    add("version", Msg("the version of a {} package URL begins with {}", type->name, type->version_starts));
  }
  if (!type->name_forbids.empty() && purl.name.find(type->name_forbids) != std::string::npos) {
    add("name", Msg("the name of a {} package URL must not contain {}", type->name, type->name_forbids));
  }
  if (!type->name_letters.empty() && purl.name.find_first_not_of(type->name_letters) != std::string::npos) {
    add("name", Msg("the name of a {} package URL has only the characters {}", type->name, type->name_letters));
  }
  for (const std::string& key : type->qualifiers) {
    if (!purl.qualifiers.contains(key)) {
      add("qualifiers", Msg("a {} package URL needs the qualifier {}", type->name, key));
    }
  }
  return problems;
}

Json ToJson(const Purl& purl) {
  Json json = {{"type", purl.type}, {"name", purl.name}};
  if (!purl.namespace_.empty()) json["namespace"] = purl.namespace_;
  if (!purl.version.empty()) json["version"] = purl.version;
  if (!purl.qualifiers.empty()) json["qualifiers"] = purl.qualifiers;
  if (!purl.subpath.empty()) json["subpath"] = purl.subpath;
  return json;
}

std::string DebPurl(std::string_view name, std::string_view version, std::string_view architecture) {
  Purl purl{"deb", "debian", std::string(name), std::string(version), {}, ""};
  if (!architecture.empty()) purl.qualifiers["arch"] = architecture;
  Normalise(purl);
  return FormatPurl(purl);
}

std::string GenericPurl(std::string_view name, std::string_view version) {
  return FormatPurl({"generic", "", std::string(name), std::string(version), {}, ""});
}

}  // namespace nachbau::sbom
