#include "cli/configuration.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/toml.h"
#include "sbom/validation/formats.h"

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

std::uint32_t Days(std::uint64_t days, const toml::node& node, std::string_view name) {
  if (days == 0 || days > 36500) throw ParseError(name, node.source().begin.line, Msg("an age is 1 to 36500 days"));
  return static_cast<std::uint32_t>(days);
}

SbomCreator ReadSbomCreator(TomlReader& table, std::uint64_t line, std::string_view name) {
  const auto creator = table.Text("creator"), email = table.Text("email"), url = table.Text("url");
  if (!creator || creator->empty() || (!email && !url)) {
    throw ParseError(name, line, Msg("[sbom] needs 'creator', and 'email' or 'url'"));
  }
  if (email && !sbom::IsEmail(*email)) throw ParseError(name, line, Msg("{} is no e-mail address", Printable(*email)));
  if (url && !(sbom::IsUri(*url) && (url->starts_with("https://") || url->starts_with("http://")))) {
    throw ParseError(name, line, Msg("{} is no http or https URL", Printable(*url)));
  }
  return {*creator, email.value_or(""), url.value_or("")};
}

}  // namespace

Configuration ParseConfiguration(std::string_view text, std::string_view name) {
  const toml::table root = ParseToml(text, name);
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
    if (const auto days = mirror.Unsigned("max_age")) configuration.max_age_days[""] = Days(*days, root, name);
    if (const toml::node* ages = mirror.Node("max_ages")) {
      if (!ages->is_table()) throw ParseError(name, ages->source().begin.line, Msg("{} must be {}", "max_ages", "a table"));
      TomlReader inner(*ages->as_table(), name);
      for (const auto& [suite, node] : *ages->as_table()) {
        configuration.max_age_days[std::string(suite.str())] = Days(inner.Unsigned(suite.str()).value_or(0), node, name);
      }
    }
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
      constexpr std::uint64_t kForEver = 1'000'000;  // days, or versions
      if (const auto number = retention.Unsigned(key)) value = static_cast<std::uint32_t>(std::min(*number, kForEver));
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
  section("git", [&](TomlReader& git) {
    if (const auto file = git.Text("known_hosts")) configuration.known_hosts = *file;
    if (const auto file = git.Text("ssh_key")) configuration.ssh_key = *file;
  });
  section("vouchers", [&](TomlReader& vouchers) { configuration.developer_keyrings = vouchers.Texts("keyrings"); });
  if (const toml::node* signers = reader.Node("git_signers")) {
    const toml::array* array = signers->as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      throw ParseError(name, signers->source().begin.line, Msg("{} must be {}", "git_signers", "an array of tables"));
    }
    for (const toml::node& node : *array) {
      TomlReader entry(*node.as_table(), name);
      Configuration::GitSigner signer;
      signer.name = entry.Text("name").value_or("");
      signer.openpgp = entry.Text("openpgp").value_or("");
      signer.ssh = entry.Text("ssh").value_or("");
      signer.revoked = entry.Text("revoked").value_or("");
      signer.repositories = entry.Texts("repositories").value_or(std::vector<std::string>());
      entry.Done();
      if (signer.name.empty() || signer.openpgp.empty() == signer.ssh.empty()) {
        throw ParseError(name, node.source().begin.line, Msg("a git signer needs 'name', and either 'openpgp' or 'ssh'"));
      }
      if (!signer.revoked.empty() && signer.ssh.empty()) {
        throw ParseError(name, node.source().begin.line, Msg("'revoked' is for keys of ssh; OpenPGP keys carry it themselves"));
      }
      configuration.git_signers.push_back(std::move(signer));
    }
  }
  section("rebuilder", [&](TomlReader& rebuilder) {
    if (const auto id = rebuilder.Text("id")) configuration.rebuilder = *id;
  });
  section("sbom", [&](TomlReader& table) {
    configuration.sbom_creator = ReadSbomCreator(table, root.get("sbom")->source().begin.line, name);
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
