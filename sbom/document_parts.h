// What the parts of our CycloneDX document are made of, and what they are gathered in. For describe*.cc alone; the
// document itself: docs/formats/sbom.md
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "model/build_record.h"
#include "model/lock.h"
#include "sbom/licences/licence_index.h"
#include "sbom/origin/origins.h"
#include "store/store.h"

namespace nachbau::sbom {

// Steps of the formulation, which citations lead to.
inline constexpr const char* kFetchTask = "task:fetch";
inline constexpr const char* kBuildTask = "task:build";
inline constexpr const char* kDescribeTask = "task:describe";
std::string LinkTask(const std::string& ref);  // of one linked file

enum class Completeness { kComplete, kIncomplete, kUnknown };

struct DocumentParts {
  DocumentParts(const Lock& a_lock, const BuildRecord& a_record, const Store& a_store)
      : lock(a_lock), record(a_record), store(a_store) {}

  const Lock& lock;
  const BuildRecord& record;
  const Store& store;
  Origins origins;
  LicenceIndex licences;
  std::optional<UnixSeconds> date;  // of the last change of the source
  std::string maintainer;           // of the source package

  Json components = Json::array();                               // the top level, as they come
  std::map<std::string, std::set<std::string>> depends_on;       // bom-ref → bom-refs; a leaf has an empty entry
  std::map<std::string, Completeness> assemblies, dependencies;  // by bom-ref
  std::map<std::string, std::string> built;                      // binary package → bom-ref
  std::map<std::string, std::vector<std::string>> produced_by;   // task → bom-refs of what it made, for the citations
  std::map<std::string, std::vector<std::string>> link_commands;  // bom-ref of a linked file → commands
  std::vector<std::string> embedded;                              // bom-refs of embedded copies
  std::set<std::string> used_sources;                             // paths of the source that went into something

  bool IsScript() const { return lock.recipe.kind == RecipeKind::kScript; }
  std::string SourceRef() const;
  std::string ProductRef() const { return "product:" + lock.source; }

  // Adds to `component` what is known of its licences: declared of the source as a whole, concluded from the files that
  // went in. `unsure`: why the paths are not all, English; then what is declared for the whole source is also
  // concluded.
  void AddLicences(Json& component, const std::set<std::string>& paths, const std::string& unsure) const;
};

void AddSource(DocumentParts& parts);
void AddPackages(DocumentParts& parts);      // of a script: its outputs
void AddDependencies(DocumentParts& parts);  // after the packages
Json MakeFormulation(const DocumentParts& parts);
Json MakeCitations(const Json& document, const DocumentParts& parts);

}  // namespace nachbau::sbom
