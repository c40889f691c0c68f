// What every command works with: arguments, configuration, places, language, progress. Made once by main().
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/catalogue.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/progress.h"
#include "builder/builder.h"
#include "cli/arguments.h"
#include "cli/configuration.h"
#include "mirror/mirror.h"
#include "model/archive_keys.h"
#include "store/store.h"
#include "verifier/verifier.h"

namespace nachbau::cli {

// Set by the signal handler of main().
extern std::atomic<bool> g_cancelled;

class Context {
 public:
  // Reads nachbau.toml and archive-keys.toml where they are. Throws ParseError.
  Context(Arguments arguments, Catalogue catalogue, std::unique_ptr<Progress> progress);

  const Arguments& arguments() const { return arguments_; }
  const Configuration& configuration() const { return configuration_; }
  const Catalogue& catalogue() const { return catalogue_; }
  const Clock& clock() const { return clock_; }
  Progress& progress() const { return *progress_; }

  // Places. A relative path of the command line is relative to the current directory, one of nachbau.toml to it.
  const std::filesystem::path& workspace() const { return arguments_.directory; }
  const std::filesystem::path& home() const { return home_; }
  std::filesystem::path SigningKeyPath() const { return home_ / "keys" / "signing.pem"; }
  std::filesystem::path LogDirectory() const { return home_ / "log"; }
  std::filesystem::path EventDirectory() const { return home_ / "events"; }

  Store& store();  // opened on first use
  mirror::MirrorConfig MirrorConfig() const;
  builder::BuilderConfig BuilderConfig() const;
  verifier::SigningKey OpenSigningKey() const;  // once; a passphrase is asked for at most once
  std::string LogOrigin(const verifier::SigningKey& key) const { return "nachbau.log/" + key.key_id.substr(0, 16); }
  // Puts on record what was changed: a statement about `action` ("mirror.sync"), with who did it and `details` (an
  // object; see MakeEvent), signed by this machine's key, entered into the log, kept below EventDirectory(). The last
  // step of a command that changes something. Such a command calls PrepareToRecord() first, so that a wrong name or a
  // key that cannot be opened ends it before anything is changed.
  void Record(std::string_view action, Json details) const;
  void PrepareToRecord() const;
  // The workspace's keys, those of --key, and this machine's own where it exists.
  std::vector<verifier::TrustedKey> TrustedKeys() const;
  const ArchiveKeys& archive_keys() const { return archive_keys_; }
  std::string PolicyText(std::string& name) const;  // the file's, or the shipped one; `name` for messages

  // Results go to standard output: text as translated, or one JSON document.
  std::string Text(const Message& message) const { return catalogue_.Translate(message); }
  std::string Text(const Error& error) const;  // its parts, without the hints
  void Print(const Message& message) const { PrintLine(Text(message)); }
  void PrintLine(std::string_view line) const;
  void PrintText(std::string_view whole_lines) const;
  void PrintJson(const Json& json) const;

 private:
  Arguments arguments_;
  Catalogue catalogue_;
  std::unique_ptr<Progress> progress_;
  Configuration configuration_;
  ArchiveKeys archive_keys_;
  std::filesystem::path home_;
  SystemClock clock_;
  std::unique_ptr<Store> store_;
  mutable std::optional<verifier::SigningKey> signing_key_;
};

// Where state is kept unless told otherwise: /var/lib/nachbau for root, $XDG_DATA_HOME/nachbau (~/.local/share/nachbau)
// for others.
std::filesystem::path DefaultHome();

}  // namespace nachbau::cli
