// nachbau.toml, the workspace's configuration. docs/formats/nachbau.toml.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mirror/retention.h"

namespace nachbau::cli {

struct Configuration {
  struct TrustedKeyFile {
    std::string name;            // who
    std::filesystem::path file;  // public key, PEM; relative to the workspace
  };
  std::vector<std::string> origins = {"Debian"};
  std::optional<std::filesystem::path> apt_root;
  std::string architecture;
  std::optional<std::filesystem::path> home;
  std::optional<std::filesystem::path> policy;
  std::string rebuilder;  // URI of who rebuilds; empty: made of the key id
  std::string operator_name;  // who is on record for what is changed; empty: the login name
  std::string operator_role;
  std::optional<std::filesystem::path> passphrase_file;  // of the signing key, for work without a terminal
  std::vector<TrustedKeyFile> trusted_keys;
  std::uint64_t store_quota = 0;  // bytes; 0: none
  mirror::Retention retention;
  std::uint32_t grace_days = 7;
  std::uint32_t trash_days = 7;
  std::uint64_t memory_limit = 0;  // bytes
  std::uint32_t jobs = 0;
};

// Strict: an unknown key or a wrong type is a ParseError with its line.
Configuration ParseConfiguration(std::string_view text, std::string_view name);

}  // namespace nachbau::cli
