#include "cli/configuration.h"

#include <toml++/toml.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::cli {
namespace {

// One table; tells of every key that nobody asked for.
class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string_view name) : table_(table), name_(name) {}

  template <typename T>
  std::optional<T> Find(std::string_view key, const char* expected) {
    read_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<T>();
    if (!value) throw ParseError(name_, node->source().begin.line, Msg("{} must be {}", key, std::string_view(expected)));
    return value;
  }
  std::optional<std::string> Text(std::string_view key) { return Find<std::string>(key, "a string"); }
  std::optional<std::uint64_t> Unsigned(std::string_view key) {
    const auto value = Find<std::int64_t>(key, "a whole number");
    if (!value) return std::nullopt;
    if (*value < 0) throw ParseError(name_, table_.get(key)->source().begin.line, Msg("{} must not be negative", key));
    return static_cast<std::uint64_t>(*value);
  }
  std::optional<std::vector<std::string>> Texts(std::string_view key) {
    read_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    std::vector<std::string> texts;
    const toml::array* array = node->as_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      if (const auto text = array->get(i)->value_exact<std::string>()) texts.push_back(*text);
    }
    if (array == nullptr || texts.size() != array->size()) {
      throw ParseError(name_, node->source().begin.line, Msg("{} must be {}", key, "an array of strings"));
    }
    return texts;
  }
  const toml::node* Node(std::string_view key) {
    read_.emplace_back(key);
    return table_.get(key);
  }
  void Done() const {
    for (const auto& [key, node] : table_) {
      if (std::find(read_.begin(), read_.end(), std::string(key.str())) == read_.end()) {
        throw ParseError(name_, key.source().begin.line, Msg("unknown key: {}", Printable(key.str())));
      }
    }
  }

 private:
  const toml::table& table_;
  std::string_view name_;
  std::vector<std::string> read_;
};

}  // namespace

Configuration ParseConfiguration(std::string_view text, std::string_view name) {
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw ParseError(name, error.source().begin.line, Msg("{}", Printable(error.description())));
  }
  Configuration configuration;
  TomlReader reader(root, name);
  const auto section = [&](std::string_view key, const auto& read) {
    const toml::node* node = reader.Node(key);
    if (node == nullptr) return;
    if (!node->is_table()) throw ParseError(name, node->source().begin.line, Msg("{} must be {}", key, "a table"));
    TomlReader inner(*node->as_table(), name);
    read(inner);
    inner.Done();
  };
  if (const auto home = reader.Text("home")) configuration.home = *home;
  section("mirror", [&](TomlReader& mirror) {
    if (const auto origins = mirror.Texts("origins")) configuration.origins = *origins;
    if (const auto apt_root = mirror.Text("apt_root")) configuration.apt_root = *apt_root;
    if (const auto architecture = mirror.Text("architecture")) configuration.architecture = *architecture;
  });
  section("builder", [&](TomlReader& builder) {
    if (const auto memory = builder.Unsigned("memory_limit")) configuration.memory_limit = *memory;
    if (const auto jobs = builder.Unsigned("jobs")) configuration.jobs = static_cast<std::uint32_t>(*jobs);
  });
  section("store", [&](TomlReader& store) {
    if (const auto quota = store.Unsigned("quota")) configuration.store_quota = *quota;
  });
  section("retention", [&](TomlReader& retention) {
    const auto read = [&](const char* key, auto& value) {
      if (const auto number = retention.Unsigned(key)) value = static_cast<std::uint32_t>(std::min<std::uint64_t>(*number, 1'000'000));
    };
    read("product_versions", configuration.retention.product_versions);
    read("product_days", configuration.retention.product_days);
    read("snapshots_all_days", configuration.retention.snapshots_all_days);
    read("snapshots_daily_days", configuration.retention.snapshots_daily_days);
    read("snapshots_weekly_days", configuration.retention.snapshots_weekly_days);
    read("grace_days", configuration.grace_days);
    read("trash_days", configuration.trash_days);
  });
  section("policy", [&](TomlReader& policy) {
    if (const auto file = policy.Text("file")) configuration.policy = *file;
  });
  section("rebuilder", [&](TomlReader& rebuilder) {
    if (const auto id = rebuilder.Text("id")) configuration.rebuilder = *id;
  });
  section("operator", [&](TomlReader& who) {
    if (const auto name_of = who.Text("name")) configuration.operator_name = *name_of;
    if (const auto role = who.Text("role")) configuration.operator_role = *role;
    if (const auto file = who.Text("passphrase_file")) configuration.passphrase_file = *file;
  });
  if (const toml::node* keys = reader.Node("trusted_keys")) {
    const toml::array* array = keys->as_array();
    if (array == nullptr) {
      throw ParseError(name, keys->source().begin.line, Msg("{} must be {}", "trusted_keys", "an array of tables"));
    }
    for (const toml::node& node : *array) {
      if (!node.is_table()) {
        throw ParseError(name, node.source().begin.line, Msg("{} must be {}", "trusted_keys", "an array of tables"));
      }
      TomlReader entry(*node.as_table(), name);
      const auto who = entry.Text("name");
      const auto file = entry.Text("file");
      entry.Done();
      if (!who || !file) {
        throw ParseError(name, node.source().begin.line, Msg("a trusted key needs 'name' and 'file'"));
      }
      configuration.trusted_keys.push_back({*who, *file});
    }
  }
  reader.Done();
  return configuration;
}

}  // namespace nachbau::cli
