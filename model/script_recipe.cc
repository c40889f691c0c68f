#include "model/script_recipe.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/toml.h"

namespace nachbau {
namespace {

constexpr const char* kRecipeFormat = "nachbau-recipe/1";
constexpr std::size_t kMaxEntries = 1000;  // of one list
constexpr std::size_t kMaxText = 64 << 10;

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// `more` are the other characters that it may consist of; it begins with a letter or digit.
bool IsWord(std::string_view text, std::string_view more) {
  return !text.empty() && text.size() <= 64 && IsLetterOrDigit(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return IsLetterOrDigit(c) || more.find(c) != more.npos; });
}

bool IsName(std::string_view text) {
  return IsWord(text, "+-.") && std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool HasControlBytes(std::string_view text, std::string_view allowed) {
  return std::any_of(text.begin(), text.end(), [&](char c) {
    return (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) && allowed.find(c) == allowed.npos;
  });
}

// A URL or a path that can stand in a lock and, its last part, in a shell's quotes. No user name: it would end in
// documents.
bool IsOrigin(std::string_view text) {
  constexpr std::string_view kMore = "/._-+~%:@=,";
  if (text.empty() || text.size() > 1000 || text.back() == '/' || text.front() == '-') return false;
  if (!std::all_of(text.begin(), text.end(),
                   [&](char c) { return IsLetterOrDigit(c) || kMore.find(c) != kMore.npos; })) {
    return false;
  }
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos) return text.find(':') == text.npos && text.find('@') == text.npos;
  const std::string_view rest = text.substr(scheme + 3);
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (text.starts_with("file://")) return host.empty();
  return (text.starts_with("https://") || text.starts_with("http://")) && !host.empty() && host.size() < rest.size() &&
         host.find('@') == host.npos;
}

// Beneath the directory it is relative to, and nothing that a shell reads in another way than as a pattern.
bool IsOutputPattern(std::string_view text) {
  constexpr std::string_view kMore = "._+~/*?@=,-";
  if (text.empty() || text.size() > 500) return false;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('/'));
    const bool last = part.size() == text.size();
    if (part.empty() || part == "." || part == ".." || part.front() == '-' || part.front() == '~') return false;
    if (!std::all_of(part.begin(), part.end(),
                     [&](char c) { return IsLetterOrDigit(c) || kMore.find(c) != kMore.npos; })) {
      return false;
    }
    text.remove_prefix(last ? part.size() : part.size() + 1);
    if (!last && text.empty()) return false;
  }
  return true;
}

// Only its characters: what they mean is the SBOM's and the policy's business.
bool IsLicence(std::string_view text) {
  return !text.empty() && text.size() <= 1000 && std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '-' || c == '.' || c == '+' || c == ' ' || c == '(' || c == ')';
  });
}

bool IsVariable(std::string_view text) {
  return !text.empty() && text.size() <= 200 && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsLetterOrDigit(c) || c == '_'; });
}

// One table; tells of every key that nobody asked for.
class Reader {
 public:
  Reader(const toml::table& table, std::string_view file, std::string prefix)
      : table_(table), file_(file), prefix_(std::move(prefix)) {}

  [[noreturn]] void Refuse(std::uint64_t line, std::string_view key, std::string_view expected) const {
    throw ParseError(file_, line, Msg("{} must be {}", prefix_ + std::string(key), expected));
  }
  [[noreturn]] void Refuse(const toml::node& node, std::string_view key, std::string_view expected) const {
    Refuse(node.source().begin.line, key, expected);
  }
  const toml::node* Find(std::string_view key) {
    read_.emplace(key);
    return table_.get(key);
  }
  const toml::node& Get(std::string_view key) {
    const toml::node* node = Find(key);
    if (node == nullptr) {
      throw ParseError(file_, table_.source().begin.line, Msg("key is missing: {}", prefix_ + std::string(key)));
    }
    return *node;
  }
  std::optional<std::string> FindText(std::string_view key) {
    const toml::node* node = Find(key);
    if (node == nullptr) return std::nullopt;
    auto text = node->value_exact<std::string>();
    if (!text || text->size() > kMaxText || HasControlBytes(*text, "")) Refuse(*node, key, "a string");
    return text;
  }
  std::string Text(std::string_view key, bool (*good)(std::string_view), std::string_view expected) {
    const toml::node& node = Get(key);
    const auto text = FindText(key);
    if (!text || !good(*text)) Refuse(node, key, expected);
    return *text;
  }
  // Strings in order, each with its line.
  std::vector<ScriptRecipe::Package> List(std::string_view key, std::string_view allowed_controls) {
    const toml::node& node = Get(key);
    const toml::array* array = node.as_array();
    if (array == nullptr || array->size() > kMaxEntries) Refuse(node, key, "an array of strings");
    std::vector<ScriptRecipe::Package> list;
    for (const toml::node& item : *array) {
      auto text = item.value_exact<std::string>();
      if (!text || text->empty() || text->size() > kMaxText || HasControlBytes(*text, allowed_controls)) {
        Refuse(item, key, "an array of strings");
      }
      list.push_back({std::move(*text), item.source().begin.line});
    }
    return list;
  }
  std::vector<std::string> FullList(std::string_view key, std::string_view allowed_controls) {
    std::vector<std::string> texts;
    for (auto& [text, line] : List(key, allowed_controls)) texts.push_back(std::move(text));
    if (texts.empty()) Refuse(Get(key), key, "an array of at least one string");
    return texts;
  }
  Reader Table(std::string_view key) {
    const toml::node& node = Get(key);
    if (!node.is_table()) Refuse(node, key, "a table");
    return {*node.as_table(), file_, prefix_ + std::string(key) + "."};
  }
  const toml::table& table() const { return table_; }
  void Done() const {
    for (const auto& [key, node] : table_) {
      if (!read_.contains(key.str())) {
        throw ParseError(file_, key.source().begin.line,
                         Msg("unknown key: {}", Printable(prefix_ + std::string(key.str()))));
      }
    }
  }

 private:
  const toml::table& table_;
  std::string_view file_;
  std::string prefix_;
  std::set<std::string, std::less<>> read_;
};

bool IsCommit(std::string_view text) {
  return text.size() == 40 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && IsCommit(text.substr(0, 40)) && IsCommit(text.substr(24));
}

void ReadSource(Reader reader, ScriptRecipe& recipe) {
  constexpr std::string_view kOrigin = "an https, http or file URL without user name, query and fragment, or a path";
  if (reader.Find("git") != nullptr) {
    recipe.git = reader.Text("git", IsOrigin, kOrigin);
    recipe.commit = reader.Text("commit", IsCommit, "a commit, 40 lower-case hexadecimal digits");
  } else {
    recipe.tarball = reader.Text("tarball", IsOrigin, kOrigin);
    recipe.sha256 =
        ParseSha256(reader.Text("sha256", IsSha256, "a SHA-256, 64 lower-case hexadecimal digits"), "sha256");
  }
  reader.Done();
}

void ReadBuild(Reader reader, ScriptRecipe& recipe) {
  recipe.commands = reader.FullList("commands", "\n\t");
  recipe.outputs = reader.FullList("outputs", "");
  for (const auto& [pattern, line] : reader.List("outputs", "")) {
    if (!IsOutputPattern(pattern)) {
      reader.Refuse(line, "outputs", "paths beneath the source of letters, digits, ._+~@=,-/ and the patterns * and ?");
    }
  }
  if (const auto output = reader.FindText("output")) {
    if (*output != "files" && *output != "tarball")
      reader.Refuse(reader.Get("output"), "output", "\"files\" or \"tarball\"");
    if (*output == "tarball") recipe.output = ScriptRecipe::Output::kTarball;
  }
  if (const toml::node* node = reader.Find("source-date-epoch")) {
    const auto time = node->value_exact<std::int64_t>();
    if (!time || *time < 0 || *time > 253402300799) reader.Refuse(*node, "source-date-epoch", "seconds since 1970");
    recipe.source_date_epoch = *time;
  }
  if (reader.Find("environment") != nullptr) {
    const Reader variables = reader.Table("environment");
    for (const auto& [key, node] : variables.table()) {
      const auto value = node.value_exact<std::string>();
      if (!IsVariable(key.str()) || !value || value->size() > kMaxText || HasControlBytes(*value, "\n\t")) {
        reader.Refuse(node, "environment", "a table of strings with names of variables");
      }
      recipe.environment[std::string(key.str())] = *value;
    }
  }
  reader.Done();
}

}  // namespace

ScriptRecipe ParseScriptRecipe(std::string_view text, std::string_view name) {
  if (text.size() > kMaxRecipe) throw ParseError(name, 0, Msg("larger than {} bytes", kMaxRecipe));
  const toml::table root = ParseToml(text, name);
  Reader reader(root, name, "");
  if (reader.FindText("format") != kRecipeFormat) reader.Refuse(reader.Get("format"), "format", kRecipeFormat);
  ScriptRecipe recipe;
  recipe.name = reader.Text("name", IsName, "a name of lower-case letters, digits, +, - and .");
  recipe.version = reader.Text(
      "version", [](std::string_view version) { return IsWord(version, "+-.~"); },
      "a version of letters, digits, +, -, . and ~");
  if (reader.Find("licence") != nullptr)
    recipe.licence = reader.Text("licence", IsLicence, "an SPDX licence expression");
  if (const auto profile = reader.FindText("profile")) {
    if (*profile != kMatchProfile && *profile != "virtual") {
      reader.Refuse(reader.Get("profile"), "profile", "\"match\" or \"virtual\"");
    }
    recipe.profile = *profile;
  }
  ReadSource(reader.Table("source"), recipe);
  if (reader.Find("environment") != nullptr) {
    Reader environment = reader.Table("environment");
    recipe.packages = environment.List("packages", "");
    environment.Done();
  }
  ReadBuild(reader.Table("build"), recipe);
  reader.Done();
  return recipe;
}

}  // namespace nachbau
