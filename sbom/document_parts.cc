#include "sbom/document_parts.h"

#include "sbom/elements.h"
#include "sbom/purl/purl.h"

namespace nachbau::sbom {

std::string LinkTask(const std::string& ref) { return "task:link:" + ref; }

std::string DocumentParts::SourceRef() const {
  return IsScript() ? GenericPurl(lock.source, lock.version) : DebPurl(lock.source, lock.version, "source");
}

void DocumentParts::AddLicences(Json& component, const std::set<std::string>& paths, const std::string& unsure) const {
  const std::string declared = licences.Declared();
  Json list = Json::array();
  if (!declared.empty()) list.push_back({{"expression", declared}, {"acknowledgement", "declared"}});
  if (declared.empty())
    component["properties"].push_back(Property("nachbau:licence:unknown", Render(licences.WhyUndeclared())));
  if (!unsure.empty() || paths.empty()) {
    // Whatever went in, it is of this source: the licences of all of it hold for any part.
    if (!declared.empty()) list.push_back({{"expression", declared}, {"acknowledgement", "concluded"}});
    component["properties"].push_back(
        Property("nachbau:licence:concluded-from",
                 "the whole source: " + (unsure.empty() ? "no file of it is known to have gone in" : unsure)));
  } else {
    const Conclusion conclusion = licences.Conclude(paths);
    if (!conclusion.expression.empty()) {
      list.push_back({{"expression", conclusion.expression}, {"acknowledgement", "concluded"}});
      component["properties"].push_back(
          Property("nachbau:licence:concluded-from", std::to_string(conclusion.files) + " files"));
    } else if (!declared.empty()) {
      list.push_back({{"expression", declared}, {"acknowledgement", "concluded"}});
      component["properties"].push_back(
          Property("nachbau:licence:concluded-from", "the whole source: " + Render(conclusion.reason)));
    }
    if (conclusion.unknown != 0) {
      component["properties"].push_back(Property("nachbau:licence:files-without", std::to_string(conclusion.unknown)));
    }
  }
  if (!list.empty()) component["licenses"] = std::move(list);
}

}  // namespace nachbau::sbom
