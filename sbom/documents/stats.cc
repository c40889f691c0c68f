#include "sbom/documents/stats.h"

#include <set>

#include "sbom/documents/identity.h"

namespace nachbau::sbom {
namespace {

// As a list: names out of foreign documents do not become keys.
Json Counts(const std::map<std::string, std::size_t>& counts) {
  Json list = Json::array();
  for (const auto& [name, count] : counts) list.push_back({{"name", name}, {"count", count}});
  return list;
}

}  // namespace

BomStatistics Count(const Bom& bom, std::uint64_t bytes) {
  BomStatistics count;
  count.format = FormatName(bom);
  count.bytes = bytes;
  count.components = bom.components.size();
  for (const BomComponent& component : bom.components) {
    const bool is_file = component.type == "file";
    count.files += is_file ? 1 : 0;
    count.external += component.is_external ? 1 : 0;
    ++count.types[component.type];
    if (!is_file || !component.purl.empty()) ++count.ecosystems[TypeOfPurl(component.purl)];
    count.with_version += component.version.empty() ? 0 : 1;
    count.with_purl += component.purl.empty() ? 0 : 1;
    std::set<std::string> licences;
    bool declared = false, concluded = false;
    for (const BomLicence& licence : component.licences) {
      if (licence.expression == "NOASSERTION") continue;
      licences.insert(licence.expression.empty() ? licence.name : licence.expression);
      declared = declared || licence.kind == BomLicence::Kind::kDeclared;
      concluded = concluded || licence.kind == BomLicence::Kind::kConcluded;
    }
    for (const std::string& licence : licences) ++count.licences[licence];
    count.with_licence += licences.empty() ? 0 : 1;
    count.with_declared += declared ? 1 : 0;
    count.with_concluded += concluded ? 1 : 0;
    std::set<std::string> algorithms;
    for (const BomHash& hash : component.hashes) algorithms.insert(hash.algorithm);
    for (const BomReference& reference : component.references) {
      if (reference.type != "distribution") continue;
      for (const BomHash& hash : reference.hashes) algorithms.insert(hash.algorithm);
    }
    for (const std::string& algorithm : algorithms) ++count.hashes[algorithm];
    count.with_hash += StrongestHash(component).empty() ? 0 : 1;
    count.with_sha512 += algorithms.contains("SHA-512") ? 1 : 0;
    count.with_supplier += component.parties.empty() ? 0 : 1;
    count.occurrences += component.occurrences.size();
  }
  count.dependency_entries = bom.dependencies.size();
  for (const BomDependency& entry : bom.dependencies) {
    count.dependency_edges += entry.depends_on.size();
    for (const std::string& ref : entry.depends_on) count.unresolved_edges += bom.Find(ref) == kNoComponent ? 1 : 0;
  }
  for (const BomComposition& composition : bom.compositions) {
    count.assemblies[composition.aggregate] += composition.assemblies.size();
    count.dependencies[composition.aggregate] += composition.dependencies.size();
  }
  return count;
}

Json ToJson(const BomStatistics& count) {
  return {{"format", count.format},
          {"bytes", count.bytes},
          {"components", count.components},
          {"files", count.files},
          {"external", count.external},
          {"types", Counts(count.types)},
          {"ecosystems", Counts(count.ecosystems)},
          {"licences", Counts(count.licences)},
          {"hashes", Counts(count.hashes)},
          {"withVersion", count.with_version},
          {"withPurl", count.with_purl},
          {"withLicence", count.with_licence},
          {"withDeclaredLicence", count.with_declared},
          {"withConcludedLicence", count.with_concluded},
          {"withHash", count.with_hash},
          {"withSha512", count.with_sha512},
          {"withSupplier", count.with_supplier},
          {"sourceFiles", count.occurrences},
          {"dependencies",
           {{"entries", count.dependency_entries},
            {"edges", count.dependency_edges},
            {"unresolved", count.unresolved_edges}}},
          {"completeness", {{"assemblies", Counts(count.assemblies)}, {"dependencies", Counts(count.dependencies)}}}};
}

}  // namespace nachbau::sbom
