// The stages one by one: what `nachbau rebuild` does in one go.
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "cli/progress_text.h"
#include "cli/remembered_places.h"
#include "model/evidence.h"
#include "report/summary.h"
#include "sbom/sbom.h"

namespace nachbau::cli {
namespace {

// Of a .buildinfo file: what is in no snapshot, package by package.
int TellMissing(Context& context, const mirror::BuildInfoResult& result) {
  if (context.arguments().json) {
    context.PrintJson({{"source", result.lock.source},
                       {"version", result.lock.version},
                       {"snapshots", result.snapshots},
                       {"missing", result.missing}});
  } else {
    context.Print(Msg("{} {}: {} packages were found in none of {} snapshots:", result.lock.source, result.lock.version,
                      result.missing.size(), result.snapshots));
    for (const std::string& missing : result.missing) context.PrintLine("  " + missing);
    context.Print(Msg("Next: configure an archive of that time, with {} in its URL (docs/formats/snapshot.md)",
                      std::string_view("{timestamp}")));
  }
  return kCouldNotCheck;
}

}  // namespace

int RunResolve(Context& context) {
  const std::vector<std::string>& names = context.arguments().names;
  if (names.empty() != context.arguments().build_info.has_value()) {
    UsageError error(Msg("resolve needs either a source package or a .buildinfo file"));
    error.SetHint(Msg("'nachbau resolve --help' shows how"));
    throw error;
  }
  Lock lock;
  if (context.arguments().build_info) {
    mirror::BuildInfoResult result = ResolveBuildInfoFile(context, *context.arguments().build_info);
    if (!result.missing.empty()) return TellMissing(context, result);
    lock = std::move(result.lock);
  } else {
    lock = ResolveSource(context, names.front());
  }
  std::filesystem::path path = context.arguments().output;
  if (path.empty()) path = context.workspace() / "locks" / LockFileName(lock.source);
  RememberPlace(context.home(), context.arguments().output.empty() ? context.workspace() : path);
  WriteFileAtomically(path, FormatPretty(ToJson(lock)));
  if (context.arguments().json) {
    Json json = {{"source", lock.source},
                 {"version", lock.version},
                 {"lock", path.native()},
                 {"digest", DigestOf(lock).Hex()},
                 {"files", lock.files.size()}};
    if (lock.build_info) json["buildInfo"] = ToJson(*lock.build_info);
    context.PrintJson(json);
  } else {
    if (lock.build_info) {
      context.Print(lock.build_info->signature == BuildInfoSignature::kGood
                        ? Msg("the .buildinfo file is signed by {}", lock.build_info->signers.front())
                    : lock.build_info->signature == BuildInfoSignature::kUnverified
                        ? Msg("the .buildinfo file is signed, but not by a key that was given with --keyring: nobody vouches "
                              "for it here")
                        : Msg("the .buildinfo file is unsigned: nobody vouches for it"));
    }
    context.Print(Msg("{} {}: {} packages in the build environment, lock written to {}", lock.source, lock.version,
                      lock.WithRole(InputRole::kEnvironment).size(), path.native()));
    context.Print(Msg("Next: nachbau mirror fetch {}", path.native()));
  }
  return kGood;
}

int RunMirrorFetch(Context& context) {
  Json list = Json::array();
  for (const std::string& name : context.arguments().names) {
    Lock lock = ReadLock(name);
    RememberPlace(context.home(), name);
    const mirror::FetchResult result = MirrorLock(context, lock, name);
    WriteFileAtomically(name, FormatPretty(ToJson(lock)));
    if (context.arguments().json) {
      Json missing = Json::array();
      for (const mirror::MissingFile& file : result.missing) {
        missing.push_back({{"file", file.file.file_name}, {"role", Name(file.file.role)}, {"reason", file.reason}});
      }
      list.push_back({{"lock", name},
                      {"fetched", result.files_fetched},
                      {"present", result.files_present},
                      {"bytes", result.bytes_fetched},
                      {"missing", missing}});
    } else {
      context.Print(Msg("{}: {} files fetched ({}), {} were there, {} missing", name, result.files_fetched,
                        FormatBytes(result.bytes_fetched), result.files_present, result.missing.size()));
      for (const mirror::MissingFile& file : result.missing) {
        context.PrintLine("  " + std::string(Name(file.file.role)) + "  " + file.file.file_name + ": " + file.reason);
      }
    }
  }
  if (context.arguments().json) context.PrintJson(list);
  return kGood;  // without what a build needs, MirrorLock throws; what else is missing is the policy's to judge
}

int RunBuild(Context& context) {
  const Lock lock = ReadLock(context.arguments().names.at(0));
  std::filesystem::path path = context.arguments().output;
  if (path.empty()) path = context.workspace() / "evidence" / (lock.source + ".unattested");
  MakeDirectories(path);
  EvidenceFolder folder(path);
  if (!folder.files().empty()) {
    UsageError error(Msg("{} is not empty", path.native()));
    error.SetHint(Msg("name a new folder with -o DIR"));
    throw error;
  }
  const BuildRecord record = BuildStage(context, lock, folder);
  RememberPlace(context.home(), context.arguments().output.empty() ? context.workspace() : path);
  if (context.arguments().json) {
    context.PrintJson(ToJson(record));
  } else if (record.outcome == BuildOutcome::kBuilt) {
    context.Print(Msg("{} {} built in {}: {} files in {}", lock.source, lock.version,
                      FormatDuration(record.duration_ms), record.outputs.size(), path.native()));
    context.Print(Msg("Next: nachbau compare {}", path.native()));
  } else {
    context.Print(Msg("{} {}: the build failed: {}", lock.source, lock.version, record.failure));
    context.PrintText(report::FormatLogLines(FailureLines(record, path / record.log.name), context.catalogue()));
    context.Print(Msg("Next: nachbau build-log {}", path.native()));
  }
  return record.outcome == BuildOutcome::kBuilt ? kGood : kBad;
}

int RunCompare(Context& context) {
  EvidenceFolder folder(context.arguments().names.at(0));
  const Comparison comparison = CompareStage(context, ReadDocuments(folder), folder);
  if (context.arguments().json) {
    context.PrintJson(ToJson(comparison));
  } else {
    context.PrintLine(report::FormatComparison(comparison, context.catalogue()));
  }
  const std::size_t identical = comparison.Count(ComparisonOutcome::kIdentical);
  const std::size_t without = comparison.Count(ComparisonOutcome::kNoReference);
  if (identical + without != comparison.artifacts.size()) return kBad;
  return identical != 0 ? kGood : kCouldNotCheck;
}

int RunAttest(Context& context) {
  EvidenceFolder folder(context.arguments().names.at(0));
  const verifier::SigningKey key = context.OpenSigningKey();
  const Json bundle = AttestStage(context, ReadDocuments(folder), key, folder);
  if (context.arguments().json) {
    context.PrintJson(bundle);
  } else {
    context.Print(Msg("signed with key {}..., entry {} of the log", key.key_id.substr(0, 16),
                      verifier::LogIndexOf(bundle)));
  }
  return kGood;
}

int RunRootPrepare(Context& context) {
  const Lock lock = ReadLock(context.arguments().names.at(0));
  const builder::PreparedRoot root =
      builder::PrepareRoot(lock, context.BuilderConfig(), context.store(), context.progress());
  if (context.arguments().json) {
    context.PrintJson({{"digest", root.digest.Hex()},
                       {"fromCache", root.from_cache},
                       {"durationMs", root.duration_ms},
                       {"packages", root.packages}});
  } else if (root.from_cache) {
    context.Print(Msg("build root {}... of {} packages was in the cache ({})", root.digest.Hex().substr(0, 16),
                      root.packages, FormatDuration(root.duration_ms)));
  } else {
    context.Print(Msg("build root {}... of {} packages prepared in {}", root.digest.Hex().substr(0, 16), root.packages,
                      FormatDuration(root.duration_ms)));
  }
  return kGood;
}

}  // namespace nachbau::cli
