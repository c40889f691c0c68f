#include "cli/context.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "builder/log_lines.h"
#include "cli/actor.h"
#include "policies/policies.h"
#include "verifier/event_journal.h"

namespace nachbau::cli {

std::atomic<bool> g_cancelled{false};

namespace {

std::string AskPassphrase(const std::string& question) {
  FileDescriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.valid()) {
    MissingError error(Msg("the signing key is encrypted and there is no terminal to ask for its passphrase"));
    error.SetHint(Msg("give it with --passphrase-file FILE, or name the file in nachbau.toml: passphrase_file in [operator]"));
    throw error;
  }
  termios before{};
  ::tcgetattr(terminal.get(), &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  WriteAll(terminal, question + ": ", "/dev/tty");
  ::tcsetattr(terminal.get(), TCSAFLUSH, &silent);
  std::string passphrase;
  char c = 0;
  while (::read(terminal.get(), &c, 1) == 1 && c != '\n') passphrase += c;
  ::tcsetattr(terminal.get(), TCSAFLUSH, &before);
  WriteAll(terminal, "\n", "/dev/tty");
  return passphrase;
}

}  // namespace

std::filesystem::path DefaultHome() {
  if (::geteuid() == 0) return "/var/lib/nachbau";
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && data[0] == '/') return std::filesystem::path(data) / "nachbau";
  const passwd* user = ::getpwuid(::geteuid());
  const char* home = std::getenv("HOME");
  if (home == nullptr && user != nullptr) home = user->pw_dir;
  if (home == nullptr) throw MissingError(Msg("no home directory is known for this user; use --home DIR"));
  return std::filesystem::path(home) / ".local" / "share" / "nachbau";
}

Context::Context(Arguments arguments, Catalogue catalogue, std::unique_ptr<Progress> progress)
    : arguments_(std::move(arguments)), catalogue_(std::move(catalogue)), progress_(std::move(progress)) {
  arguments_.directory = std::filesystem::absolute(arguments_.directory).lexically_normal();
  if (!std::filesystem::is_directory(arguments_.directory)) {
    throw UsageError(Msg("the workspace {} is not a directory", arguments_.directory.native()));
  }
  const std::filesystem::path file = arguments_.directory / "nachbau.toml";
  if (const auto fd = OpenForReadingIfExists(file)) {
    configuration_ = ParseConfiguration(ReadDescriptor(*fd, file.native(), 1 << 20), file.native());
  }
  const std::filesystem::path keys = arguments_.directory / kArchiveKeysFile;
  if (const auto fd = OpenForReadingIfExists(keys)) {
    archive_keys_ = ParseArchiveKeys(ReadDescriptor(*fd, keys.native(), 1 << 20), keys.native());
  }
  home_ = arguments_.home         ? std::filesystem::absolute(*arguments_.home)
          : configuration_.home   ? arguments_.directory / *configuration_.home
                                  : DefaultHome();
}

Store& Context::store() {
  if (!store_) store_ = std::make_unique<Store>(home_ / "store", StoreOptions{configuration_.store_quota});
  return *store_;
}

mirror::MirrorConfig Context::MirrorConfig() const {
  mirror::MirrorConfig config;
  if (arguments_.apt_root) {
    config.apt_root = std::filesystem::absolute(*arguments_.apt_root);
  } else if (configuration_.apt_root) {
    config.apt_root = workspace() / *configuration_.apt_root;
  }
  config.origins = arguments_.origins.empty() ? configuration_.origins : arguments_.origins;
  config.architecture = arguments_.architecture.empty() ? configuration_.architecture : arguments_.architecture;
  config.state_directory = home_ / "mirror";
  config.pinned_keys = archive_keys_;
  config.max_age_days = configuration_.max_age_days;
  if (!arguments_.at.empty()) config.at = ParseMoment(arguments_.at, "--at");
  config.products_directory = home_ / "products";
  config.allow_expired = arguments_.allow_expired;
  config.allow_rollback = arguments_.allow_rollback;
  config.offline = arguments_.offline;
  config.clock = &clock_;
  config.cancelled = &g_cancelled;
  return config;
}

builder::BuilderConfig Context::BuilderConfig() const {
  builder::BuilderConfig config;
  config.cache_directory = home_ / "cache";
  config.work_directory = home_ / "work";
  config.memory_limit = arguments_.memory_limit != 0 ? arguments_.memory_limit : configuration_.memory_limit;
  config.parallel = arguments_.jobs != 0 ? arguments_.jobs : configuration_.jobs;
  config.builds_at_once = arguments_.builds;
  config.disk_limit = arguments_.disk_limit;
  if (arguments_.time_limit != 0) config.time_limit_seconds = arguments_.time_limit;
  config.trace = !arguments_.no_trace;
  config.keep_failed = arguments_.keep_failed;
  if (arguments_.show_log) {
    config.log_line = [this](std::string_view line) {
      const std::string clean = builder::CleanLine(line);
      if (arguments_.quiet) {
        std::fprintf(stderr, "%s\n", clean.c_str());
      } else {
        progress_->Note(Msg("{}", clean));
      }
    };
  }
  config.cancelled = &g_cancelled;
  return config;
}

verifier::SigningKey Context::OpenSigningKey() const {
  if (signing_key_) return *signing_key_;
  const auto passphrase = [this]() -> std::string {
    std::optional<std::filesystem::path> file = arguments_.passphrase_file;
    if (!file && configuration_.passphrase_file) file = workspace() / *configuration_.passphrase_file;
    if (file) {
      std::string text = ReadFile(*file, 4096);
      while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
      return text;
    }
    // A new key is made without one unless a file gives it: the main job must run from cron.
    if (!std::filesystem::exists(SigningKeyPath())) return {};
    return AskPassphrase(Text(Msg("Passphrase of the signing key {}", SigningKeyPath().native())));
  };
  signing_key_ = verifier::OpenSigningKey(SigningKeyPath(), passphrase);
  return *signing_key_;
}

void Context::PrepareToRecord() const {
  ChooseActor(arguments_, configuration_, FindCallingAccount());
  OpenSigningKey();
}

void Context::Record(std::string_view action, Json details) const {
  const verifier::SigningKey key = OpenSigningKey();
  const MirrorEvent event =
      MakeEvent(action, clock_.Now(), ChooseActor(arguments_, configuration_, FindCallingAccount()), std::move(details));
  verifier::RecordEvent(event, key, {EventDirectory(), LogDirectory(), LogOrigin(key)}, clock_);
}

std::vector<verifier::TrustedKey> Context::TrustedKeys() const {
  std::vector<verifier::TrustedKey> keys;
  for (const auto& key : configuration_.trusted_keys) {
    keys.push_back({key.name, ReadFile(workspace() / key.file, 1 << 16)});
  }
  for (const std::filesystem::path& path : arguments_.keys) {
    keys.push_back({path.native(), ReadFile(path, 1 << 16)});
  }
  const std::filesystem::path own = SigningKeyPath().native() + ".pub";
  if (const auto fd = OpenForReadingIfExists(own)) {
    keys.push_back({Text(Msg("this machine")), ReadDescriptor(*fd, own.native(), 1 << 16)});
  }
  return keys;
}

std::string Context::PolicyText(std::string& name) const {
  if (arguments_.policy) {
    name = arguments_.policy->native();
  } else if (configuration_.policy) {
    name = (workspace() / *configuration_.policy).native();
  } else {
    name = "default.toml";
    return std::string(policies::DefaultPolicyText());
  }
  return ReadFile(name, 1 << 20);
}

std::string Context::Text(const Error& error) const {
  std::string text;
  for (const Message& part : error.parts()) text += (text.empty() ? "" : ": ") + Text(part);
  return text;
}

void Context::PrintLine(std::string_view line) const { PrintText(std::string(line) + "\n"); }

void Context::PrintText(std::string_view whole_lines) const {
  WriteAll(FileDescriptor(::dup(STDOUT_FILENO)), whole_lines, "standard output");
}

void Context::PrintJson(const Json& json) const {
  WriteAll(FileDescriptor(::dup(STDOUT_FILENO)), FormatPretty(json), "standard output");
}

}  // namespace nachbau::cli
