#include "cli/build_history.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "model/build_record.h"
#include "model/evidence.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kMostBuilds = 7;
constexpr std::size_t kMostFolders = 30;
constexpr std::uint64_t kMostBytes = 32ULL << 20;

bool RanTests(const BuildRecord& record) {
  const auto options = record.environment.find("DEB_BUILD_OPTIONS");
  return options == record.environment.end() || options->second.find("nocheck") == std::string::npos;
}

}  // namespace

BuildHistory FindBuildHistory(const std::filesystem::path& evidence_folders, const Lock& lock) {
  const bool debian = lock.recipe.kind == RecipeKind::kDebian, run_tests = !lock.recipe.HasBuildProfile("nocheck");
  // "<source>_<version>_<architecture>_<time>": the newest last.
  std::vector<std::pair<std::string, std::filesystem::path>> folders;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(evidence_folders, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    const std::size_t time = name.rfind("_" + lock.architecture + "_");
    if (!name.starts_with(lock.source + "_") || time == name.npos) continue;
    folders.emplace_back(name.substr(time), entry->path());
  }
  std::sort(folders.rbegin(), folders.rend());
  if (folders.size() > kMostFolders) folders.resize(kMostFolders);

  std::vector<std::uint64_t> durations;
  for (const auto& [time, folder] : folders) {
    if (durations.size() == kMostBuilds) break;
    try {
      const std::string name = (folder / evidence::kBuildRecord).native();
      const BuildRecord record = BuildRecordFromJson(ParseJson(ReadFile(name, kMostBytes), name), name);
      const bool alike = record.source == lock.source && record.architecture == lock.architecture &&
                         record.variations.empty() && record.profile == lock.recipe.profile &&
                         (!debian || RanTests(record) == run_tests);
      if (alike && record.outcome == BuildOutcome::kBuilt) durations.push_back(record.duration_ms);
    } catch (const Error&) {
      continue;
    }
  }
  if (durations.empty()) return {};
  std::sort(durations.begin(), durations.end());
  return {static_cast<std::uint32_t>(durations.size()), durations[durations.size() / 2]};
}

}  // namespace nachbau::cli
