#include "sbom/licences/package_licences.h"

#include <algorithm>

namespace nachbau::sbom {

bool SourceLicences::AllKnown() const {
  return std::all_of(packages.begin(), packages.end(),
                     [](const PackageLicences& package) { return !package.conclusion.expression.empty(); });
}

std::set<std::string> SourcesOf(const PackageOrigins& origins) {
  std::set<std::string> paths;
  for (const FileOrigins& file : origins.files) {
    for (const SourceUse& use : file.sources) paths.insert(use.path);
  }
  return paths;
}

std::uint64_t CountUnknownOrigins(const PackageOrigins& origins) {
  const auto unknown = [](const FileOrigins& file) { return file.evidence == OriginEvidence::kUnknown; };
  return static_cast<std::uint64_t>(std::count_if(origins.files.begin(), origins.files.end(), unknown));
}

SourceLicences FindLicences(const LicenceIndex& index, const Origins& origins) {
  SourceLicences licences = {index.Declared(), index.WhyUndeclared(), index.Hints(), index.Problems(), {}};
  for (const PackageOrigins& package : origins.packages) {
    if (package.debug) continue;
    PackageLicences& entry = licences.packages.emplace_back();
    entry.package = package.control.package;
    entry.file_name = package.artifact.name;
    entry.files = package.files.size();
    entry.unknown_origin = CountUnknownOrigins(package);
    entry.conclusion = index.Conclude(SourcesOf(package));
  }
  return licences;
}

Json ToJson(const SourceLicences& licences) {
  Json json = {{"declared", licences.declared}, {"hints", licences.hints}, {"problems", Json::array()}, {"packages", Json::array()}};
  if (!licences.reason.text.empty()) json["reason"] = Render(licences.reason);
  for (const Message& problem : licences.problems) json["problems"].push_back(Render(problem));
  for (const PackageLicences& package : licences.packages) {
    Json entry = ToJson(package.conclusion);
    entry["package"] = package.package;
    entry["file"] = package.file_name;
    entry["packageFiles"] = package.files;
    entry["unknownOrigins"] = package.unknown_origin;
    json["packages"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace nachbau::sbom
