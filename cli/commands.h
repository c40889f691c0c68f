// The table of commands: one line each here, one file each beside it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cli/context.h"

namespace nachbau::cli {

struct Command {
  const char* name;         // "rebuild", or "store verify" for one of a group
  const char* help;
  const char* group_help;   // of the group, for names of two words
  const char* names_label;  // positional arguments
  const char* names_help;
  int names_minimum, names_maximum;
  std::vector<std::string_view> options;  // see AddOption in arguments.cc
  int (*run)(Context& context);           // returns the exit code
};

std::span<const Command> Commands();

int RunRebuild(Context& context);
int RunResolve(Context& context);
int RunMirrorFetch(Context& context);
int RunMirrorPublish(Context& context);
int RunMirrorPublishKey(Context& context);
int RunMirrorExport(Context& context);
int RunMirrorImport(Context& context);
int RunMirrorHave(Context& context);
int RunMirrorAdd(Context& context);
int RunMirrorStatus(Context& context);
int RunMirrorRemove(Context& context);
int RunBuild(Context& context);
int RunBuildLog(Context& context);
int RunCompare(Context& context);
int RunSbom(Context& context);
int RunSbomValidate(Context& context);
int RunAttest(Context& context);
int RunVerify(Context& context);
int RunPolicy(Context& context);
int RunVary(Context& context);
int RunTraceSources(Context& context);
int RunTraceUsers(Context& context);
int RunTraceUnread(Context& context);
int RunTraceOutside(Context& context);
int RunRootPrepare(Context& context);
int RunShell(Context& context);
int RunStoreVerify(Context& context);
int RunStoreList(Context& context);
int RunStoreRebuildIndex(Context& context);
int RunStoreGc(Context& context);
int RunStoreScrub(Context& context);
int RunHoldAdd(Context& context);
int RunHoldList(Context& context);
int RunHoldRelease(Context& context);
int RunHoldCosign(Context& context);
int RunLogVerify(Context& context);
int RunLogEvents(Context& context);
int RunMirrorOrigin(Context& context);
int RunDoctor(Context& context);

}  // namespace nachbau::cli
