// Policy files: strict TOML. Every rule has check, severity and both titles; further keys are the check's parameters.
#include <algorithm>
#include <numeric>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "base/toml.h"
#include "policies/policies.h"

namespace nachbau::policies {
namespace {

struct KnownCheck {
  std::string_view name;
  std::vector<std::string_view> parameters;
};
const std::vector<KnownCheck>& KnownChecks() {
  static const std::vector<KnownCheck> checks = {
      {"inputs.proven", {}},      {"build.hermetic", {"guarantees"}}, {"binaries.identical", {}},
      {"licences.free", {"allowed", "accepted"}}, {"sbom.valid", {}}, {"attestation.trusted", {}},
      {"sources.mirrored", {}},
  };
  return checks;
}

// The number of letters to change, insert or remove to make one word of another.
std::size_t Distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({changed, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

// The known word most like `word`; nothing when none is like it.
std::string_view Suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  constexpr std::size_t kMaxLength = 100, kMaxDistance = 3;
  std::string_view best;
  std::size_t distance = std::min(kMaxDistance, word.size() / 2) + 1;
  if (word.size() > kMaxLength) return best;
  for (const std::string_view candidate : known) {
    if (const std::size_t here = Distance(word, candidate); here < distance) {
      distance = here;
      best = candidate;
    }
  }
  return best;
}

class Reader {
 public:
  Reader(const toml::table& table, std::string_view name) : table_(table), name_(name) {}

  [[noreturn]] void Refuse(const toml::node& node, Message detail) const {
    throw ParseError(name_, node.source().begin.line, std::move(detail));
  }
  const toml::node& Get(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) throw ParseError(name_, table_.source().begin.line, Msg("key is missing: {}", key));
    return *node;
  }
  std::string Text(std::string_view key) const {
    const toml::node& node = Get(key);
    const auto text = node.value_exact<std::string>();
    if (!text) Refuse(node, Msg("{} must be {}", key, "a string"));
    return *text;
  }
  void AllowOnly(const std::vector<std::string_view>& keys) const {
    for (const auto& [key, node] : table_) {
      if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
        const std::string_view suggestion = Suggestion(key.str(), keys);
        throw ParseError(name_, key.source().begin.line,
                         suggestion.empty() ? Msg("unknown key: {}", Printable(key.str()))
                                            : Msg("unknown key: {}; did you mean {}?", Printable(key.str()), suggestion));
      }
    }
  }

 private:
  const toml::table& table_;
  std::string_view name_;
};

// Parameters as JSON: strings, whole numbers, booleans, arrays and tables of these.
Json ToJson(const toml::node& node, std::string_view name) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return *number;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const toml::array* array = node.as_array()) {
    Json json = Json::array();
    for (const toml::node& item : *array) json.push_back(ToJson(item, name));
    return json;
  }
  if (const toml::table* table = node.as_table()) {
    Json json = Json::object();
    for (const auto& [key, value] : *table) json[std::string(key.str())] = ToJson(value, name);
    return json;
  }
  throw ParseError(name, node.source().begin.line, Msg("only strings, whole numbers, true, false, arrays and tables"));
}

void CheckParameters(const Policy::Rule& rule, std::string_view name, std::uint64_t line) {
  const auto texts = [](const Json& json) {
    return json.is_array() && std::all_of(json.begin(), json.end(), [](const Json& item) { return item.is_string(); });
  };
  for (const char* key : {"guarantees", "allowed"}) {
    if (rule.parameters.contains(key) && !texts(rule.parameters[key])) {
      throw ParseError(name, line, Msg("{} must be {}", std::string_view(key), "an array of strings"));
    }
  }
  for (const Json& item : rule.parameters.value("accepted", Json::array())) {
    if (!item.is_object() || item.size() != 2 || item.value("licence", "").empty() || item.value("reason", "").empty()) {
      throw ParseError(name, line, Msg("an accepted licence needs 'licence' and 'reason'"));
    }
  }
}

Policy::Rule ParseRule(const toml::table& table, std::string_view name) {
  const Reader reader(table, name);
  Policy::Rule rule;
  rule.check = reader.Text("check");
  const auto known = std::find_if(KnownChecks().begin(), KnownChecks().end(),
                                  [&](const KnownCheck& check) { return check.name == rule.check; });
  if (known == KnownChecks().end()) {
    std::string names;
    std::vector<std::string_view> checks;
    for (const KnownCheck& check : KnownChecks()) {
      names += (names.empty() ? "" : ", ") + std::string(check.name);
      checks.push_back(check.name);
    }
    if (const std::string_view suggestion = Suggestion(rule.check, checks); !suggestion.empty()) {
      reader.Refuse(reader.Get("check"), Msg("unknown check: {}; did you mean {}?", Printable(rule.check), suggestion));
    }
    reader.Refuse(reader.Get("check"), Msg("unknown check: {}; there are {}", Printable(rule.check), names));
  }
  rule.severity = reader.Text("severity");
  if (rule.severity != "error" && rule.severity != "warning") {
    reader.Refuse(reader.Get("severity"), Msg("{} must be {}", "severity", "\"error\" or \"warning\""));
  }
  rule.title_en = reader.Text("title_en");
  rule.title_de = reader.Text("title_de");
  std::vector<std::string_view> keys = {"check", "severity", "title_en", "title_de"};
  keys.insert(keys.end(), known->parameters.begin(), known->parameters.end());
  reader.AllowOnly(keys);
  rule.parameters = Json::object();
  for (const std::string_view key : known->parameters) {
    if (const toml::node* node = table.get(key)) rule.parameters[std::string(key)] = ToJson(*node, name);
  }
  CheckParameters(rule, name, table.source().begin.line);
  return rule;
}

}  // namespace

Policy ParsePolicy(std::string_view text, std::string_view name) {
  const toml::table root = ParseToml(text, name);
  const Reader reader(root, name);
  reader.AllowOnly({"name", "version", "title_en", "title_de", "rules"});
  Policy policy;
  policy.name = reader.Text("name");
  const auto version = reader.Get("version").value_exact<std::int64_t>();
  if (!version || *version < 1) reader.Refuse(reader.Get("version"), Msg("{} must be {}", "version", "a whole number from 1"));
  policy.version = static_cast<std::uint64_t>(*version);
  policy.title_en = reader.Text("title_en");
  policy.title_de = reader.Text("title_de");
  const toml::node& rules = reader.Get("rules");
  if (!rules.is_array_of_tables() || rules.as_array()->empty()) {
    reader.Refuse(rules, Msg("a policy without rules would allow everything"));
  }
  for (const toml::node& rule : *rules.as_array()) {
    policy.rules.push_back(ParseRule(*rule.as_table(), name));
    const auto& added = policy.rules.back();
    const auto same = std::count_if(policy.rules.begin(), policy.rules.end(),
                                    [&](const Policy::Rule& other) { return other.check == added.check; });
    if (same > 1) reader.Refuse(rule, Msg("the check {} stands twice", added.check));
  }
  policy.digest = Sha256(text);
  return policy;
}

}  // namespace nachbau::policies
