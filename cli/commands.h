// The table of commands: one line each here, one file each beside it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cli/context.h"

namespace nachbau::cli {

struct Command {
  const char* name;         // "rebuild", "store verify" for one of a group, "mirror key add" for one of a group in it
  const char* help;
  const char* group_help;   // of the innermost group, where it was not named before
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
int RunMirrorGit(Context& context);
int RunMirrorFsck(Context& context);
int RunMirrorTarball(Context& context);
int RunMirrorNpm(Context& context);
int RunMirrorNpmFolder(Context& context);
int RunMirrorVouchers(Context& context);
int RunMirrorSwhid(Context& context);
int RunBuild(Context& context);
int RunBuildLog(Context& context);
int RunCompare(Context& context);
int RunSbom(Context& context);
int RunSbomOrigins(Context& context);
int RunSbomLicences(Context& context);
int RunSbomValidate(Context& context);
int RunPurlParse(Context& context);
int RunPurlBuild(Context& context);
int RunPurlValidate(Context& context);
int RunSbomDiff(Context& context);
int RunSbomMerge(Context& context);
int RunSbomQuery(Context& context);
int RunSbomConvert(Context& context);
int RunSbomStats(Context& context);
int RunSbomVerify(Context& context);
int RunSbomSign(Context& context);
int RunSbomVerifySignature(Context& context);
int RunSbomImport(Context& context);
int RunSbomImports(Context& context);
int RunSbomCheck(Context& context);
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
int RunMirrorSync(Context& context);
int RunMirrorSnapshots(Context& context);
int RunMirrorKeyList(Context& context);
int RunMirrorKeyAdd(Context& context);
int RunMirrorKeyRemove(Context& context);
int RunMirrorOrigin(Context& context);
int RunDoctor(Context& context);

}  // namespace nachbau::cli
