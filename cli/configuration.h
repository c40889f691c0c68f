// nachbau.toml, the workspace's configuration. docs/formats/nachbau.toml.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mirror/retention.h"
#include "model/lock.h"

namespace nachbau::cli {

struct Configuration {
  struct TrustedKeyFile {
    std::string name;            // who
    std::filesystem::path file;  // public key, PEM; relative to the workspace
  };
  struct GitSigner {
    std::string name;                            // who
    std::filesystem::path openpgp;               // OpenPGP keys, or
    std::filesystem::path ssh;                   // SSH public keys or allowed signers; relative to the workspace
    std::filesystem::path revoked;               // of ssh: revoked keys; may be empty
    std::vector<std::string> repositories;       // products that they may sign in; empty: all
  };
  std::vector<std::string> origins = {"Debian"};
  std::optional<std::filesystem::path> apt_root;
  std::string architecture;
  std::map<std::string, std::uint32_t> max_age_days;  // see mirror::MirrorConfig
  std::optional<std::filesystem::path> home;
  std::optional<std::filesystem::path> policy;
  std::string rebuilder;  // URI of who rebuilds; empty: made of the key id
  std::optional<SbomCreator> sbom_creator;  // for new locks
  std::string operator_name;  // who is on record for what is changed; empty: the login name
  std::string operator_role;
  std::optional<std::filesystem::path> passphrase_file;  // of the signing key, for work without a terminal
  std::vector<TrustedKeyFile> trusted_keys;
  std::uint64_t store_quota = 0;  // bytes; 0: none
  mirror::Retention retention;
  std::uint32_t grace_days = 7;
  std::uint32_t trash_days = 7;
  std::vector<GitSigner> git_signers;
  std::optional<std::filesystem::path> known_hosts, ssh_key;     // of git over ssh; relative to the workspace
  std::optional<std::vector<std::string>> developer_keyrings;    // instead of Debian's; relative to the workspace
  std::uint64_t memory_limit = 0;  // bytes
  std::uint32_t jobs = 0;
};

// Strict: an unknown key or a wrong type is a ParseError with its line.
Configuration ParseConfiguration(std::string_view text, std::string_view name);

}  // namespace nachbau::cli
