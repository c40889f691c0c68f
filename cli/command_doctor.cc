#include <sys/statvfs.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"

namespace nachbau::cli {
namespace {

using builder::MachineCheck;

const char* Word(MachineCheck::State state) {
  switch (state) {
    case MachineCheck::State::kBad: return "bad";
    case MachineCheck::State::kReduced: return "reduced";
    case MachineCheck::State::kGood: return "good";
  }
  return "bad";
}

Message Label(MachineCheck::State state) {
  switch (state) {
    case MachineCheck::State::kBad: return Msg("lacking");
    case MachineCheck::State::kReduced: return Msg("reduced");
    case MachineCheck::State::kGood: return Msg("good");
  }
  return Msg("lacking");
}

}  // namespace

int RunDoctor(Context& context) {
  const std::vector<MachineCheck> checks = builder::CheckMachine(context.BuilderConfig());
  const bool bad = std::any_of(checks.begin(), checks.end(),
                               [](const MachineCheck& check) { return check.state == MachineCheck::State::kBad; });
  if (context.arguments().json) {
    Json list = Json::array();
    for (const MachineCheck& check : checks) {
      list.push_back({{"name", check.name},
                      {"state", Word(check.state)},
                      {"found", Render(check.found)},
                      {"remedy", Render(check.remedy)}});
    }
    context.PrintJson({{"home", context.home().native()}, {"checks", list}});
    return bad ? kBad : kGood;
  }
  context.Print(Msg("Store, cache, keys and log: {}", context.home().native()));
  for (const MachineCheck& check : checks) {
    context.PrintLine("  " + context.Text(Label(check.state)) + "  " + check.name + ": " + context.Text(check.found));
    if (!check.remedy.text.empty()) {
      context.PrintLine("           " + context.Text(Msg("Next:")) + " " + context.Text(check.remedy));
    }
  }
  context.Print(bad ? Msg("This machine cannot rebuild yet; see 'Next:' above.") : Msg("This machine can rebuild."));
  return bad ? kBad : kGood;
}

}  // namespace nachbau::cli
