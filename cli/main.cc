// nachbau: parse, run one command, turn what was thrown into text and an exit code.
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/encoding.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/progress_display.h"
#include "cli/rebuild_at_once.h"

namespace {

using nachbau::Catalogue;
using nachbau::Language;

extern "C" void HandleSignal(int) {
  // The second Ctrl-C does not wait for a tidy end. Nothing half-written stays behind either way.
  if (nachbau::cli::g_cancelled.exchange(true)) ::_exit(nachbau::cli::kInterrupted);
}

void InstallSignalHandlers() {
  struct sigaction action {};
  action.sa_handler = HandleSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

// --lang, then NACHBAU_LANG, then the locale's variables in the order of POSIX.
Language ChooseLanguage(const std::string& option) {
  if (!option.empty()) {
    if (const auto language = nachbau::ParseLanguage(option)) return *language;
    throw nachbau::UsageError(nachbau::Msg("there is no language {}; there are de and en", nachbau::Printable(option)));
  }
  for (const char* variable : {"NACHBAU_LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    if (const auto language = nachbau::ParseLanguage(value)) return *language;
  }
  return Language::kEnglish;
}

void PrintError(const nachbau::Error& error, const Catalogue& catalogue) {
  std::string line = catalogue.Translate(nachbau::Msg("nachbau: error"));
  for (const nachbau::Message& part : error.parts()) line += ": " + catalogue.Translate(part);
  std::fprintf(stderr, "%s\n", line.c_str());
  for (const nachbau::Message& hint : error.hints()) {
    std::fprintf(stderr, "%s %s\n", catalogue.Translate(nachbau::Msg("Next:")).c_str(), catalogue.Translate(hint).c_str());
  }
}

std::unique_ptr<nachbau::Progress> ChooseProgress(const nachbau::cli::Arguments& arguments, const Catalogue& catalogue) {
  if (arguments.quiet) return std::make_unique<nachbau::SilentProgress>();
  if (!arguments.part.empty()) {
    return nachbau::cli::MakePlainProgress(catalogue, {.interval_ms = 500, .mark = nachbau::cli::kBusyMark});
  }
  const char* terminal = std::getenv("TERM");
  const bool live = ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
  return live ? nachbau::cli::MakeTerminalProgress(catalogue) : nachbau::cli::MakePlainProgress(catalogue);
}

int Run(int argc, char** argv, Catalogue& catalogue) {
  catalogue = Catalogue(ChooseLanguage(""));
  nachbau::cli::Arguments arguments = nachbau::cli::ParseArguments(argc, argv);
  catalogue = Catalogue(ChooseLanguage(arguments.language));
  if (arguments.command.empty()) {
    std::fputs(arguments.help.c_str(), stdout);
    return nachbau::cli::kGood;
  }
  for (const nachbau::cli::Command& command : nachbau::cli::Commands()) {
    if (arguments.command != command.name) continue;
    if (!arguments.part.empty()) ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // a part ends with the whole
    auto progress = ChooseProgress(arguments, catalogue);
    nachbau::cli::Context context(std::move(arguments), catalogue, std::move(progress));
    return command.run(context);
  }
  return nachbau::cli::kCouldNotCheck;
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(022);
  InstallSignalHandlers();
  Catalogue catalogue(Language::kEnglish);
  try {
    return Run(argc, argv, catalogue);
  } catch (nachbau::CancelledError& error) {
    error.SetHint(
        nachbau::Msg("run the same command again: what is mirrored and prepared is kept, a build starts anew"));
    PrintError(error, catalogue);
    return nachbau::cli::kInterrupted;
  } catch (const nachbau::Error& error) {
    PrintError(error, catalogue);
    return nachbau::cli::g_cancelled ? nachbau::cli::kInterrupted : nachbau::cli::kCouldNotCheck;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nachbau: internal error: %s\n", error.what());
    return nachbau::cli::kCouldNotCheck;
  }
}
