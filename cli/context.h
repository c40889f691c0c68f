// What every command works with: arguments, configuration, places, language, progress. Made once by main().
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/catalogue.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/progress.h"
#include "builder/builder.h"
#include "cli/arguments.h"
#include "cli/configuration.h"
#include "mirror/mirror.h"
#include "store/store.h"
#include "verifier/verifier.h"

namespace nachbau::cli {

// Set by the signal handler of main().
extern std::atomic<bool> g_cancelled;

class Context {
 public:
  // Reads nachbau.toml where there is one. Throws ParseError.
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

  Store& store();  // opened on first use
  mirror::MirrorConfig MirrorConfig() const;
  builder::BuilderConfig BuilderConfig() const;
  verifier::SigningKey OpenSigningKey() const;
  // The workspace's keys, those of --key, and this machine's own where it exists.
  std::vector<verifier::TrustedKey> TrustedKeys() const;
  std::string PolicyText(std::string& name) const;  // the file's, or the shipped one; `name` for messages

  // Results go to standard output: text as translated, or one JSON document.
  std::string Text(const Message& message) const { return catalogue_.Translate(message); }
  void Print(const Message& message) const { PrintLine(Text(message)); }
  void PrintLine(std::string_view line) const;
  void PrintText(std::string_view whole_lines) const;
  void PrintJson(const Json& json) const;

 private:
  Arguments arguments_;
  Catalogue catalogue_;
  std::unique_ptr<Progress> progress_;
  Configuration configuration_;
  std::filesystem::path home_;
  SystemClock clock_;
  std::unique_ptr<Store> store_;
};

// Where state is kept unless told otherwise: /var/lib/nachbau for root, $XDG_DATA_HOME/nachbau (~/.local/share/nachbau)
// for others.
std::filesystem::path DefaultHome();

}  // namespace nachbau::cli
