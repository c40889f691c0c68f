#include "sbom/licences/package_licences.h"

#include <algorithm>

#include "base/encoding.h"

namespace nachbau::sbom {

bool SourceLicences::AllKnown() const {
  return std::all_of(packages.begin(), packages.end(), [](const PackageLicences& package) {
    return package.unknown_origin == 0 && !package.conclusion.expression.empty();
  });
}

SourceLicences FindLicences(const LicenceIndex& index, const Origins& origins) {
  SourceLicences licences = {index.Declared(), index.WhyUndeclared(), index.Hints(), index.Problems(), {}};
  for (const PackageOrigins& package : origins.packages) {
    if (package.debug) continue;
    PackageLicences& entry = licences.packages.emplace_back();
    entry.package = package.control.package;
    entry.file_name = package.artifact.name;
    entry.files = package.files.size();
    std::set<std::string> paths;
    for (const FileOrigins& file : package.files) {
      paths.merge(file.SourcePaths());
      const std::string why = file.WhyUnsure();
      if (why.empty()) continue;
      if (entry.unknown_origin++ == 0) entry.first_unknown = Printable(file.file.path) + ": " + why;
    }
    entry.conclusion = index.Conclude(paths);
    entry.concluded = entry.unknown_origin == 0 ? entry.conclusion.expression : licences.declared;
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
    if (!package.first_unknown.empty()) entry["firstUnknown"] = package.first_unknown;
    entry["concludedFromKnown"] = package.conclusion.expression;
    entry["concluded"] = package.concluded;
    json["packages"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace nachbau::sbom
