#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "verifier/deb_comparison.h"
#include "verifier/detail.h"
#include "verifier/package_file.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

constexpr std::uint64_t kMaxPackage = 4ULL << 30;

ContentId ContentOf(const LockedFile& file, const Store& store) {
  if (const auto content = store.Find(file.sha256)) return *content;
  return {file.size, file.sha256, file.sha512.value_or(Sha512Digest{})};
}

void CompareWithReference(const LockedFile& reference, const Store& store, ArtifactComparison& artifact) {
  if (artifact.built->sha256 == reference.sha256) {
    // One SHA-256 and two sizes or two SHA-512: somebody wrote a wrong lock.
    if (artifact.built->size != reference.size) {
      throw IntegrityError(artifact.name, std::to_string(reference.size) + " bytes",
                           std::to_string(artifact.built->size) + " bytes");
    }
    if (reference.sha512 && artifact.built->sha512 != *reference.sha512) {
      throw IntegrityError(artifact.name, reference.sha512->Hex(), artifact.built->sha512.Hex());
    }
    artifact.outcome = ComparisonOutcome::kIdentical;
    artifact.reference = artifact.built;
    return;
  }
  if (!store.Has(reference.sha256)) {
    artifact.outcome = ComparisonOutcome::kDiffers;
    artifact.differences.push_back(
        {artifact.name, "content",
         Detail("the archive's has {} bytes and sha256 {}; where it differs cannot be said, because the store does not "
                "hold it",
                reference.size, reference.sha256.Hex()),
         {}});
    return;
  }
  artifact.reference = ContentOf(reference, store);
  const std::string built = store.Read(artifact.built->sha256, kMaxPackage);
  DebComparison deb = ExamineDebs(built, store.Read(reference.sha256, kMaxPackage));
  // Equal bytes under different digests cannot be: the store checks what it hands out.
  NACHBAU_CHECK(!deb.differences.empty());
  artifact.outcome = deb.code_identical ? ComparisonOutcome::kCodeIdentical : ComparisonOutcome::kDiffers;
  artifact.differences = std::move(deb.differences);
}

}  // namespace

Comparison Compare(const Lock& lock, const BuildRecord& record, const Store& store, Progress& progress) {
  Comparison comparison;
  comparison.source = lock.source;
  comparison.version = lock.version;
  comparison.architecture = lock.architecture;

  std::map<std::string, LockedFile> references;  // by file name
  std::map<std::string, LockedFile> of_package;  // by binary package name
  for (const LockedFile& file : lock.WithRole(InputRole::kReference)) {
    references.emplace(file.file_name, file);
    of_package.emplace(file.package, file);
  }
  std::vector<std::pair<Artifact, PackageFileName>> built;
  if (record.outcome == BuildOutcome::kBuilt) {
    for (const Artifact& output : record.outputs) {
      if (auto name = ParsePackageFileName(output.name)) built.emplace_back(output, std::move(*name));
    }
  }

  // What a script makes has names of its own, and nobody else offers it.
  if (lock.recipe.kind == RecipeKind::kScript && record.outcome == BuildOutcome::kBuilt) {
    for (const Artifact& output : record.outputs) {
      ArtifactComparison artifact;
      artifact.name = output.name;
      artifact.package = lock.source;
      artifact.architecture = lock.architecture;
      artifact.built = output.content;
      artifact.outcome = ComparisonOutcome::kNoReference;
      artifact.differences.push_back(
          {output.name, "only-in-built", Detail("a recipe file names nothing to compare with"), {}});
      comparison.artifacts.push_back(std::move(artifact));
    }
    return comparison;
  }

  const auto task = progress.Start(Msg("comparing {} {}", lock.source, lock.version), Unit::kItems, built.size());
  std::set<std::string> built_packages;
  for (const auto& [output, name] : built) {
    task->SetDetail(output.name);
    built_packages.insert(name.package);
    ArtifactComparison artifact;
    artifact.name = output.name;
    artifact.package = name.package;
    artifact.architecture = name.architecture;
    artifact.built = output.content;
    if (const auto reference = references.find(output.name); reference != references.end()) {
      artifact.reference_origin = OriginOf(lock, reference->second);
      CompareWithReference(reference->second, store, artifact);
    } else {
      artifact.outcome = ComparisonOutcome::kNoReference;
      const auto other = of_package.find(name.package);
      artifact.differences.push_back(
          {output.name, "only-in-built",
           other == of_package.end() ? Detail("the archive's indexes have no package of this name for this source")
                                     : Detail("the archive has {} instead", Printable(other->second.file_name)),
           {}});
    }
    comparison.artifacts.push_back(std::move(artifact));
    task->Advance(1);
  }

  std::set<std::string> expected(lock.binaries.begin(), lock.binaries.end());
  for (const auto& [package, file] : of_package) expected.insert(package);
  for (const std::string& package : expected) {
    if (built_packages.contains(package)) continue;
    ArtifactComparison artifact;
    artifact.package = package;
    artifact.outcome = ComparisonOutcome::kNotBuilt;
    if (const auto reference = of_package.find(package); reference != of_package.end()) {
      artifact.name = reference->second.file_name;
      artifact.architecture = reference->second.architecture;
      artifact.reference_origin = OriginOf(lock, reference->second);
      artifact.reference = store.Find(reference->second.sha256);
    } else {
      artifact.architecture = lock.architecture;
      artifact.name = FormatPackageFileName({package, lock.version, lock.architecture, "deb"});
    }
    artifact.differences.push_back(
        {artifact.name, "only-in-reference",
         record.outcome == BuildOutcome::kBuilt ? Detail("the build did not produce it")
                                                : Detail("the build did not succeed ({})", Name(record.outcome)),
         {}});
    comparison.artifacts.push_back(std::move(artifact));
  }
  std::sort(comparison.artifacts.begin(), comparison.artifacts.end(),
            [](const ArtifactComparison& left, const ArtifactComparison& right) { return left.name < right.name; });
  task->Succeed();
  return comparison;
}

}  // namespace nachbau::verifier
