// The command line as plain values; CLI11 stays inside arguments.cc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/catalogue.h"

namespace nachbau::cli {

struct Arguments {
  // Which command: "rebuild", "store verify"…; empty when help or the version was asked for (text is in `help`).
  std::string command;
  std::string help;

  // For every command.
  std::filesystem::path directory = ".";      // workspace
  std::optional<std::filesystem::path> home;  // store, cache, keys, log
  std::optional<std::filesystem::path> apt_root;
  std::vector<std::string> origins;
  std::string architecture;
  bool json = false;
  bool quiet = false;
  bool offline = false;
  bool allow_expired = false;
  bool allow_rollback = false;
  std::string at;                             // --at: a moment, see ParseMoment
  std::string language;
  std::string actor;                          // --as: who is on record for what is changed
  std::string role;
  std::string reason;                         // why: of a check that was switched off, of a hold; for the record

  // For some.
  std::vector<std::string> names;             // source packages, or the paths a command works on
  std::string version;                        // of the source package
  std::filesystem::path output;
  std::optional<std::filesystem::path> lock;  // rebuild --lock
  std::vector<std::filesystem::path> keys;    // verify --key
  std::optional<std::filesystem::path> build_info;   // resolve --buildinfo
  std::vector<std::filesystem::path> keyrings;       // resolve --keyring
  std::vector<std::string> suites;            // mirror key add --suite
  std::optional<std::filesystem::path> policy;
  std::optional<std::filesystem::path> passphrase_file;
  bool without_environment_sources = false;
  std::string profile = "match";
  bool no_trace = false;
  bool run_tests = false;
  std::vector<std::string> build_profiles;
  bool arch_only = false;
  bool indep_only = false;
  bool keep_failed = false;
  bool show_log = false;
  std::optional<std::string> failed;          // shell --failed: name or path of a kept tree
  bool remove = false;                        // shell --remove
  std::vector<std::string> program;           // shell: what follows "--"
  std::vector<std::string> variations;        // vary --only
  bool each = false;                          // vary --each
  std::vector<std::filesystem::path> locks;   // mirror publish, mirror export --lock
  std::vector<std::string> products;          // mirror publish --product
  std::vector<std::filesystem::path> evidence;  // mirror publish --evidence
  std::string suite = "nachbau";              // mirror publish --suite
  std::string label = "Nachbau";              // mirror publish --label
  std::uint32_t valid_days = 14;              // mirror publish --valid-days
  std::uint32_t keep_days = 7;                // mirror publish --keep-days
  bool hard_links = false;                    // mirror publish --hard-links
  std::optional<std::filesystem::path> archive_key;  // mirror publish --archive-key
  std::optional<std::filesystem::path> archive_passphrase_file;
  std::string gpg_key;                        // mirror publish --gpg-key
  std::uint64_t volume_size = 0;              // mirror export --volume-size, bytes
  std::vector<std::filesystem::path> have;    // mirror export --have
  std::string grep;                           // build-log --grep
  std::optional<std::uint64_t> tail;          // build-log --tail
  bool failure = false;                       // build-log --failure
  std::string depth = "0";                    // mirror add --depth: a number or "max"
  bool list_missing = false;                  // mirror status --missing
  std::uint32_t builds = 1;                   // rebuild --builds
  std::string part;  // the one source that this process rebuilds for another (rebuild_at_once.h)
  std::string product;                        // --name
  bool without_submodules = false;            // mirror git
  std::string sha256;                         // mirror tarball
  std::string signature;                      // mirror tarball: URL or path
  std::string registry;                       // mirror npm
  std::string repository;                     // mirror swhid --git
  std::vector<std::string> words;             // the command line, without the name of the program
  bool delete_garbage = false;                // store gc --delete
  bool empty_trash = false;                   // store gc --empty-trash
  std::optional<std::uint32_t> grace_days;    // store gc --grace-days
  std::string explain;                        // store gc --explain
  std::vector<std::filesystem::path> forget;  // store gc --forget
  std::uint64_t rate = 0;                     // store scrub --rate: bytes per second
  std::uint64_t max_time = 0;                 // store scrub --max-time: seconds
  std::uint32_t older_than_days = 0;          // store scrub --older-than-days
  bool cached = false;                        // store scrub --cached
  bool repair = false;                        // store scrub --repair
  std::vector<std::string> peers;             // store scrub --from
  std::optional<std::filesystem::path> confirm;  // hold release --confirm
  std::string spec = "1.7";                   // sbom create --spec
  std::string purl_namespace;                 // purl build --namespace
  std::vector<std::string> qualifiers;        // purl build --qualifier: "key=value"
  std::string subpath;                        // purl build --subpath
  std::string product_version;                // sbom merge --product-version
  std::string to;                             // sbom convert --to
  std::string purl;                           // sbom query --purl
  std::string digest;                         // sbom query --digest
  std::string licence;                        // sbom query --licence
  std::string source_file;                    // sbom query --source-file
  bool detached = false;                      // sbom sign --detached
  bool replace = false;                       // sbom sign --replace
  bool add = false;                           // sbom sign --add
  bool chain = false;                         // sbom sign --chain
  std::vector<std::string> allow_excluded;    // sbom verify-signature --allow-excluded
  std::vector<std::string> conformance_profiles;        // sbom check --profile
  std::optional<std::filesystem::path> artifacts;       // sbom check, sbom verify --artifacts
  std::optional<std::filesystem::path> csv;             // sbom check --csv
  std::optional<std::filesystem::path> declarations;    // sbom check --declarations
  std::uint32_t jobs = 0;
  std::uint64_t memory_limit = 0;             // bytes
  std::uint64_t disk_limit = 0;               // bytes
  std::uint32_t time_limit = 0;               // seconds
};

// Throws UsageError for words that make no sense, with what would.
Arguments ParseArguments(int argc, const char* const* argv);

}  // namespace nachbau::cli
