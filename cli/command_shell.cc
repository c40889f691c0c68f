// Enters the sandbox as a build saw it.
#include <unistd.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "builder/log_lines.h"
#include "builder/sandbox/terminal.h"
#include "builder/shell.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"

namespace nachbau::cli {
namespace {

// A name as the failed build told it, or a path.
std::filesystem::path KeptTree(const Context& context, const std::string& name) {
  const std::filesystem::path known = context.BuilderConfig().work_directory / name;
  return name.find('/') == name.npos && std::filesystem::is_directory(known) ? known : std::filesystem::path(name);
}

// Escape sequences of a build never reach a terminal from a command that asked for no terminal.
class Printer {
 public:
  explicit Printer(const Context& context)
      : context_(context), splitter_([this](std::uint64_t, std::string_view line) {
          context_.PrintLine(builder::CleanLine(line));
        }) {}
  void Write(std::string_view piece) {
    if (terminal_) {
      splitter_.Write(piece);
    } else {
      context_.PrintText(piece);
    }
  }
  void Finish() { splitter_.Finish(); }

 private:
  const Context& context_;
  bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
  builder::LineSplitter splitter_;
};

}  // namespace

int RunShell(Context& context) {
  const Arguments& arguments = context.arguments();
  builder::ShellRequest request;
  request.command = arguments.program;
  Lock lock;
  if (arguments.failed) {
    if (!arguments.names.empty()) throw UsageError(Msg("give either a lock or --failed, not both"));
    request.tree = KeptTree(context, *arguments.failed);
    lock = builder::ReadKeptBuild(request.tree).lock;
  } else {
    if (arguments.names.empty()) {
      UsageError error(Msg("which lock, or which failed build?"));
      error.SetHint(Msg("for example: nachbau shell locks/dnsmasq.lock.json"));
      throw error;
    }
    if (arguments.remove) throw UsageError(Msg("--remove goes with --failed only"));
    lock = ReadLock(arguments.names.front());
  }
  const bool interactive = request.command.empty();
  if (interactive && (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)) {
    UsageError error(Msg("a shell needs a terminal as standard input and output"));
    error.SetHint(Msg("to run one command: nachbau shell LOCK -- COMMAND ARGUMENTS"));
    throw error;
  }
  context.progress().Note(Msg("The sandbox as the build of {} {} saw it. Nothing done here is recorded or attested.",
                              lock.source, lock.version));
  if (interactive) {
    context.progress().Note(
        Msg("Weaker than in a build: standard input is your terminal, TERM is set, and what runs inside "
            "can write anything to your terminal. There is no network. 'exit' leaves."));
  }
  std::optional<builder::TerminalRelay> relay;
  if (interactive) {
    const char* terminal = std::getenv("TERM");
    request.additional["TERM"] = terminal == nullptr ? "dumb" : terminal;
    request.terminal = [&](FileDescriptor master) {
      relay.emplace(STDIN_FILENO, STDOUT_FILENO);
      relay->Start(std::move(master));
    };
  }
  Printer printer(context);
  const builder::SandboxResult result =
      builder::EnterShell(lock, request, context.BuilderConfig(), context.store(), context.progress(),
                          [&](std::string_view piece) { printer.Write(piece); });
  relay.reset();
  printer.Finish();
  if (arguments.remove) builder::RemoveKeptBuild(request.tree);
  if (result.end == builder::SandboxEnd::kCancelled) throw CancelledError();
  if (!result.detail.empty()) context.progress().Note(Msg("ended: {}", result.detail));
  return result.exit_code;
}

}  // namespace nachbau::cli
