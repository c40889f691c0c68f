#include <algorithm>

#include "base/error.h"
#include "builder/builder.h"
#include "builder/group_testing.h"
#include "builder/variations.h"
#include "builder/virtual_profile.h"

namespace nachbau::builder {
namespace {

bool IsPackage(const std::string& name) { return name.ends_with(".deb") || name.ends_with(".udeb"); }

// The files that describe a build name its environment, so they differ by intent; only the packages count.
VariedBuild Summarise(const BuildRecord& record) {
  VariedBuild build{record.variations, record.outcome, record.failure, {}, record.duration_ms};
  for (const Artifact& output : record.outputs) {
    if (record.recipe == Name(RecipeKind::kScript) || IsPackage(output.name))
      build.artifacts[output.name] = output.content.sha256;
  }
  return build;
}

bool Differs(const VariedBuild& left, const VariedBuild& right) {
  return left.outcome != right.outcome || left.artifacts != right.artifacts;
}

class Varier {
 public:
  Varier(const Lock& lock, const BuilderConfig& config, Store& store, const Clock& clock, Progress& progress)
      : lock_(lock), config_(config), store_(store), clock_(clock), progress_(progress) {}

  VariationReport Run(const std::vector<std::string>& wanted, std::map<std::string, std::string> not_varied, bool each) {
    report_.source = lock_.source;
    report_.version = lock_.version;
    report_.architecture = lock_.architecture;
    report_.lock = DigestOf(lock_);
    report_.varied = wanted;
    report_.not_varied = std::move(not_varied);
    const VariedBuild& plain = BuildWith({});
    if (plain.outcome != BuildOutcome::kBuilt || wanted.empty()) return std::move(report_);
    const VariedBuild unvaried = plain;
    const auto differs = [&](const Group& chosen) { return Differs(Known(chosen), unvaried); };
    bool alone = false;  // whether one by itself makes a difference
    if (each) {
      for (const std::string& name : wanted) alone = differs({name}) || alone;
    }
    // Only when there is a difference is it worth asking whether there would be one anyway.
    if (!differs({wanted.begin(), wanted.end()}) && !alone) {
      report_.verdict = VariationVerdict::kIndependent;
      return std::move(report_);
    }
    if (Differs(BuildWith({}), unvaried)) {
      report_.verdict = VariationVerdict::kUnstable;
      return std::move(report_);
    }
    std::vector<std::string> others;  // which may still make one together
    for (const std::string& name : wanted) {
      if (each && differs({name})) {
        AddCause(Known({name}), unvaried);
      } else {
        others.push_back(name);
      }
    }
    for (const Group& group : FindResponsible(others, differs)) AddCause(Known(group), unvaried);
    report_.verdict = VariationVerdict::kDependent;
    return std::move(report_);
  }

 private:
  const VariedBuild& BuildWith(const Group& variations) {
    BuilderConfig config = config_;
    config.variations = variations;
    const BuildRecord record = Build(lock_, config, store_, clock_, progress_);
    if (record.outcome == BuildOutcome::kCancelled) throw CancelledError();
    report_.root = record.root;
    report_.builds.push_back(Summarise(record));
    return report_.builds.back();
  }
  const VariedBuild& Known(const Group& variations) {
    const std::vector<std::string> names(variations.begin(), variations.end());
    const auto known = std::find_if(report_.builds.begin(), report_.builds.end(),
                                    [&](const VariedBuild& build) { return build.variations == names; });
    return known != report_.builds.end() ? *known : BuildWith(variations);
  }
  void AddCause(const VariedBuild& varied, const VariedBuild& unvaried) {
    VariationCause cause;
    cause.variations = varied.variations;
    cause.failure = varied.failure;
    for (const auto& [name, digest] : unvaried.artifacts) {
      const auto other = varied.artifacts.find(name);
      if (other == varied.artifacts.end() || other->second != digest) cause.artifacts.push_back({name, {}});
    }
    report_.causes.push_back(std::move(cause));
  }

  const Lock& lock_;
  const BuilderConfig& config_;
  Store& store_;
  const Clock& clock_;
  Progress& progress_;
  VariationReport report_;
};

}  // namespace

std::vector<std::pair<std::string, Message>> KnownVariations() {
  std::vector<std::pair<std::string, Message>> known;
  for (const Variation& variation : Variations()) known.emplace_back(variation.name, variation.what);
  return known;
}

VariationReport FindVariations(const Lock& lock, const BuilderConfig& config, const std::set<std::string>& wanted,
                               bool each, Store& store, const Clock& clock, Progress& progress) {
  CheckVariations(wanted);
  std::map<std::string, std::string> not_varied = ImpossibleVariations();
  if (wanted.empty() && lock.recipe.profile == kVirtualProfile) {
    for (const std::string_view name : kFixedByVirtualProfile) {
      not_varied[std::string(name)] = "the profile 'virtual' fixes it; varied when asked for by name";
    }
  }
  std::vector<std::string> possible;
  for (const Variation& variation : Variations()) {
    const std::string name(variation.name);
    const bool asked = wanted.empty() || wanted.contains(name);
    if (asked && !not_varied.contains(name)) possible.push_back(name);
    if (!asked) not_varied[name] = "not asked for";
  }
  return Varier(lock, config, store, clock, progress).Run(possible, std::move(not_varied), each);
}

}  // namespace nachbau::builder
