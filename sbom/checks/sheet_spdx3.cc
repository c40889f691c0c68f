//   field             element                      member
//   file name         the file (distribution       name
//   hash              artifact of the package)     verifiedUsing, sha512
//   executable …                                   software_primaryPurpose, software_additionalPurpose: "executable",
//                                                  "archive", "container" or "firmware" (structured)
//   deployable URI    file or package              externalRef of type binaryArtifact
//   source URI        package                      externalRef of type sourceArtifact
//   security.txt      package                      externalRef of type securityOther
//   effective licence relationship "other" with the comment hasEffectiveLicense
//   source hash       relationship "generates" from the source; its verifiedUsing
#include "sbom/checks/sheet_spdx3.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace nachbau::sbom {
namespace {

// "sha512" of `element`, with the place of its value.
void AddSha512(const Json& element, const std::string& pointer, std::vector<Stated>& list) {
  std::size_t i = 0;
  for (const Json& hash : ArrayMember(element, "verifiedUsing")) {
    const std::string place = pointer + "/verifiedUsing/" + std::to_string(i++);
    if (TextMember(hash, "algorithm") != "sha512") continue;
    std::string value = TextMember(hash, "hashValue");
    for (char& c : value) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    list.push_back({std::move(value), place});
  }
}

void AddExternal(const Json& element, const std::string& pointer, std::string_view type, std::vector<Stated>& list) {
  std::size_t i = 0;
  for (const Json& reference : ArrayMember(element, "externalRef")) {
    const std::string place = pointer + "/externalRef/" + std::to_string(i++) + "/locator";
    if (TextMember(reference, "externalRefType") != type) continue;
    for (const Json& locator : ArrayMember(reference, "locator")) {
      if (locator.is_string()) list.push_back({locator.get<std::string>(), place});
    }
  }
}

class Adapter {
 public:
  Adapter(const Bom& bom, Sheet& sheet) : bom_(bom), sheet_(sheet), graph_(ArrayMember(bom.document, "@graph")) {
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (const std::string id = TextMember(graph_[i], "spdxId"); !id.empty()) elements_.emplace(id, i);
    }
  }

  void Run() {
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      const std::string type = TextMember(graph_[i], "type");
      if (type.starts_with("security_")) sheet_.vulnerabilities.push_back({type, Pointer(i)});
      if (type.ends_with("Relationship")) Relate(graph_[i], i);
    }
    for (std::size_t position = 0; position < sheet_.subjects.size(); ++position) Complete(position);
    for (const std::size_t position : provided_) {
      if (!files_.contains(position)) sheet_.subjects[position].external = true;
    }
  }

 private:
  static std::string Pointer(std::size_t element) { return "/@graph/" + std::to_string(element); }

  const Json* Element(std::string_view id) const {
    const auto found = elements_.find(id);
    return found == elements_.end() ? nullptr : &graph_[found->second];
  }

  void Relate(const Json& relationship, std::size_t element) {
    const std::string type = TextMember(relationship, "relationshipType");
    const std::string from_id = TextMember(relationship, "from");
    const std::size_t from = bom_.Find(from_id);
    for (const Json& item : ArrayMember(relationship, "to")) {
      if (!item.is_string()) continue;
      const auto to_id = item.get<std::string>();
      const std::size_t to = bom_.Find(to_id);
      if (type == "hasDistributionArtifact" && from != kNoComponent && to != kNoComponent && from != to) {
        if (artifacts_.insert(to).second) files_[from].push_back(to);  // one package for each file
      } else if (type == "hasProvidedDependency" && to != kNoComponent) {
        provided_.insert(to);
      } else if (type == "generates" && to != kNoComponent) {
        if (const Json* source = Element(from_id)) AddSha512(*source, Pointer(elements_.at(from_id)), sheet_.subjects[to].source_hash.values);
      } else if (type == "other" && TextMember(relationship, "comment") == "hasEffectiveLicense" && from != kNoComponent) {
        const Json* licence = Element(to_id);
        std::string terms = licence == nullptr ? std::string() : TextMember(*licence, "simplelicensing_licenseExpression");
        sheet_.subjects[from].effective_licence.values.push_back({terms.empty() ? to_id : std::move(terms), Pointer(element)});
      }
    }
  }

  // From the file `position`, as the view numbers it.
  void TakeFile(std::size_t position, Subject& subject) {
    const auto found = elements_.find(bom_.components[position].ref);
    if (found == elements_.end()) return;
    const Json& file = graph_[found->second];
    const std::string pointer = Pointer(found->second);
    if (const std::string name = TextMember(file, "name"); !name.empty()) subject.file_name.values.push_back({name, pointer + "/name"});
    AddSha512(file, pointer, subject.deployable_hash.values);
    AddExternal(file, pointer, "binaryArtifact", subject.deployable_uri.values);
    std::set<std::string> purposes;
    if (const std::string purpose = TextMember(file, "software_primaryPurpose"); !purpose.empty()) purposes.insert(purpose);
    for (const Json& purpose : ArrayMember(file, "software_additionalPurpose")) {
      if (purpose.is_string()) purposes.insert(purpose.get<std::string>());
    }
    if (purposes.empty()) return;
    const bool structured = purposes.contains("container") || purposes.contains("firmware");
    subject.executable.values.push_back({purposes.contains("executable") ? "executable" : "non-executable", pointer});
    subject.archive.values.push_back({purposes.contains("archive") ? "archive" : "no archive", pointer});
    subject.structured.values.push_back({structured ? "structured" : "unstructured", pointer});
  }

  void Complete(std::size_t position) {
    Subject& subject = sheet_.subjects[position];
    const auto found = elements_.find(subject.ref);
    if (found == elements_.end()) return;
    const Json& element = graph_[found->second];
    const std::string pointer = Pointer(found->second);
    // What the view calls by CycloneDX's words is not where the mapping looks.
    subject.deployable_uri.elsewhere = std::move(subject.deployable_uri.values);
    subject.deployable_uri.values.clear();
    subject.source_uri.elsewhere.insert(subject.source_uri.elsewhere.end(), subject.source_uri.values.begin(),
                                        subject.source_uri.values.end());
    subject.source_uri.values.clear();
    subject.security_txt.values.clear();
    subject.deployable_hash.values.clear();  // taken below, with the place of the value
    AddExternal(element, pointer, "binaryArtifact", subject.deployable_uri.values);
    AddExternal(element, pointer, "sourceArtifact", subject.source_uri.values);
    AddExternal(element, pointer, "securityOther", subject.security_txt.values);
    if (TextMember(element, "type") == "software_File") {
      TakeFile(position, subject);
      const bool component = !subject.executable.values.empty() && (subject.executable.values[0].value == "executable" ||
                                                                    subject.archive.values[0].value == "archive");
      subject.marked_other = artifacts_.contains(position) || !component;
      return;
    }
    if (const auto own = files_.find(position); own != files_.end()) {
      for (const std::size_t file : own->second) TakeFile(file, subject);
    }
  }

  const Bom& bom_;
  Sheet& sheet_;
  const Json& graph_;
  std::map<std::string, std::size_t, std::less<>> elements_;   // spdxId → position in @graph
  std::map<std::size_t, std::vector<std::size_t>> files_;      // package → what it is distributed as
  std::set<std::size_t> artifacts_;                            // files that a package stands for
  std::set<std::size_t> provided_;                             // what the product expects to find in place
};

}  // namespace

void AdaptSpdxThree(const Bom& bom, Sheet& sheet) { Adapter(bom, sheet).Run(); }

}  // namespace nachbau::sbom
