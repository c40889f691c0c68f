#include "model/archive_keys.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/toml.h"

namespace nachbau {
namespace {

constexpr std::size_t kMaxKeys = 1000;

// A TOML basic string (toml.io, "String"). Names have no control characters.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

class KeysReader {
 public:
  explicit KeysReader(std::string_view name) : name_(name) {}

  ArchiveKeys Read(const toml::table& root) {
    ArchiveKeys keys;
    for (const auto& [key, node] : root) {
      if (key == "signatures") {
        const auto value = node.value_exact<std::int64_t>();
        if (!value || *value < 1 || *value > static_cast<std::int64_t>(kMaxKeys)) {
          Refuse(node, Msg("{} must be {}", "signatures", "a whole number from 1 on"));
        }
        keys.signatures = static_cast<std::uint32_t>(*value);
      } else if (key == "key") {
        ReadKeys(node, keys);
      } else {
        throw ParseError(name_, key.source().begin.line, Msg("unknown key: {}", Printable(key.str())));
      }
    }
    std::sort(keys.keys.begin(), keys.keys.end());
    if (!keys.keys.empty() && keys.signatures > keys.keys.size()) {
      throw ParseError(name_, 0, Msg("{} signatures are asked for, but there are {} keys", keys.signatures, keys.keys.size()));
    }
    return keys;
  }

 private:
  [[noreturn]] void Refuse(const toml::node& node, Message detail) const {
    throw ParseError(name_, node.source().begin.line, std::move(detail));
  }
  std::string Text(const toml::node& node, std::string_view key) const {
    const auto text = node.value_exact<std::string>();
    if (!text) Refuse(node, Msg("{} must be {}", key, "a string"));
    if (!IsUtf8(*text) || text->size() > 300 || std::any_of(text->begin(), text->end(), [](char c) {
          return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        })) {
      Refuse(node, Msg("{} must be {}", key, "one line of text"));
    }
    return *text;
  }
  void ReadKeys(const toml::node& node, ArchiveKeys& keys) {
    const toml::array* array = node.as_array();
    if (array == nullptr) Refuse(node, Msg("{} must be {}", "key", "an array of tables"));
    for (const toml::node& item : *array) {
      if (!item.is_table()) Refuse(item, Msg("{} must be {}", "key", "an array of tables"));
      ArchiveKey key = ReadKey(item);
      if (keys.Find(key.fingerprint) != nullptr) Refuse(item, Msg("the key {} stands there twice", key.fingerprint));
      keys.keys.push_back(std::move(key));
      if (keys.keys.size() > kMaxKeys) Refuse(item, Msg("more than {} keys", kMaxKeys));
    }
  }
  ArchiveKey ReadKey(const toml::node& item) {
    ArchiveKey result;
    for (const auto& [key, node] : *item.as_table()) {
      if (key == "fingerprint") {
        const auto fingerprint = NormalFingerprint(Text(node, key.str()));
        if (!fingerprint) Refuse(node, Msg("not the whole fingerprint of a key: {}", Printable(Text(node, key.str()))));
        result.fingerprint = *fingerprint;
      } else if (key == "name") {
        result.name = Text(node, key.str());
      } else if (key == "by") {
        result.by = Text(node, key.str());
      } else if (key == "added") {
        result.added = ParseTime(Text(node, key.str()), std::string(name_) + ": added");
      } else if (key == "suites") {
        const toml::array* suites = node.as_array();
        if (suites == nullptr || suites->empty()) Refuse(node, Msg("{} must be {}", "suites", "an array of strings"));
        for (const toml::node& suite : *suites) result.suites.push_back(Text(suite, "suites"));
      } else {
        throw ParseError(name_, key.source().begin.line, Msg("unknown key: {}", Printable(key.str())));
      }
    }
    if (result.fingerprint.empty()) Refuse(item, Msg("a key needs its 'fingerprint'"));
    return result;
  }

  std::string_view name_;
};

}  // namespace

const ArchiveKey* ArchiveKeys::Find(std::string_view fingerprint) const {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const ArchiveKey& key) { return key.fingerprint == fingerprint; });
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string> ArchiveKeys::Counting(const std::vector<std::string>& signers, std::string_view suite) const {
  std::vector<std::string> counting;
  for (const std::string& signer : signers) {
    const ArchiveKey* key = Find(signer);
    if (key == nullptr) continue;
    const bool for_suite =
        key->suites.empty() || std::find(key->suites.begin(), key->suites.end(), suite) != key->suites.end();
    if (for_suite) counting.push_back(signer);
  }
  return counting;
}

ArchiveKeys ParseArchiveKeys(std::string_view text, std::string_view name) {
  return KeysReader(name).Read(ParseToml(text, name));
}

std::string FormatArchiveKeys(const ArchiveKeys& keys) {
  std::string text =
      "# The keys that may sign the archives this workspace builds from. Kept in git. Changed by\n"
      "# 'nachbau mirror key add FINGERPRINT' and 'nachbau mirror key remove FINGERPRINT', which put it on record.\n"
      "# As long as there is a key here, no other one counts, whatever apt trusts.\n\n";
  text += "signatures = " + std::to_string(keys.signatures) + "  # so many of these keys must have signed\n";
  for (const ArchiveKey& key : keys.keys) {
    text += "\n[[key]]\nfingerprint = \"" + key.fingerprint + "\"\n";
    if (!key.name.empty()) text += "name = " + Quoted(key.name) + "\n";
    if (!key.suites.empty()) {
      text += "suites = [";
      for (std::size_t i = 0; i < key.suites.size(); ++i) text += (i == 0 ? "" : ", ") + Quoted(key.suites[i]);
      text += "]\n";
    }
    if (key.added != 0) text += "added = \"" + FormatTime(key.added) + "\"\n";
    if (!key.by.empty()) text += "by = " + Quoted(key.by) + "\n";
  }
  return text;
}

std::optional<std::string> NormalFingerprint(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::string fingerprint;
  for (const char c : text) {
    if (c == ' ') continue;
    if (c >= 'a' && c <= 'f') {
      fingerprint += static_cast<char>(c - 'a' + 'A');
    } else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')) {
      fingerprint += c;
    } else {
      return std::nullopt;
    }
  }
  if (fingerprint.size() != 40) return std::nullopt;
  return fingerprint;
}

}  // namespace nachbau
