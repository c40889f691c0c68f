// SPDX 3.0.1 JSON-LD: a graph of elements that point to each other by spdxId. Only the compacted form with the official
// context is read, which the published schema demands as well.
#include <array>
#include <map>
#include <set>

#include "base/error.h"
#include "sbom/documents/readers.h"

namespace nachbau::sbom {
namespace {

using PartyRole = BomParty::Role;

std::vector<std::string> Texts(const Json& value, const char* key) {
  std::vector<std::string> texts;
  if (std::string one = TextMember(value, key); !one.empty()) texts.push_back(std::move(one));
  for (const Json& item : ArrayMember(value, key)) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::string TypeOf(const Json& element) {
  std::string type = TextMember(element, "type");
  return type.empty() ? TextMember(element, "@type") : type;
}

std::string IdOf(const Json& element) {
  std::string id = TextMember(element, "spdxId");
  return id.empty() ? TextMember(element, "@id") : id;
}

std::vector<BomHash> ReadHashes(const Json& element, const std::string& pointer) {
  std::vector<BomHash> hashes;
  std::size_t i = 0;
  for (const Json& method : ArrayMember(element, "verifiedUsing")) {
    const std::string place = PointerTo(pointer + "/verifiedUsing", i++);
    if (TypeOf(method) != "Hash") continue;
    hashes.push_back({HashAlgorithmName(TextMember(method, "algorithm")), TextMember(method, "hashValue"), place});
  }
  return hashes;
}

std::string ComponentType(const std::string& type, const std::string& purpose) {
  if (type == "software_File") return "file";
  for (const char* same :
       {"application", "framework", "library", "container", "device", "firmware", "file", "data", "platform"}) {
    if (purpose == same) return purpose;
  }
  if (purpose == "operatingSystem") return "operating-system";
  if (purpose == "deviceDriver") return "device-driver";
  if (purpose == "model") return "machine-learning-model";
  return "library";
}

// SPDX's words for external references that CycloneDX has another word for.
std::string ReferenceType(const std::string& type) {
  static const std::map<std::string, std::string> types = {{"altDownloadLocation", "distribution"},
                                                           {"binaryArtifact", "distribution"},
                                                           {"sourceArtifact", "source-distribution"},
                                                           {"altWebPage", "website"},
                                                           {"buildMeta", "build-meta"},
                                                           {"buildSystem", "build-system"},
                                                           {"issueTracker", "issue-tracker"},
                                                           {"mailingList", "mailing-list"},
                                                           {"releaseNotes", "release-notes"},
                                                           {"securityPolicy", "security-contact"},
                                                           {"securityAdvisory", "advisories"},
                                                           {"secureSoftwareAttestation", "attestation"},
                                                           {"socialMedia", "social"}};
  const auto found = types.find(type);
  return found != types.end() ? found->second : type.empty() ? "other" : type;
}

class Reader {
 public:
  explicit Reader(Bom& bom) : bom_(bom) {}

  void Read() {
    Collect();
    for (const Item& item : items_) ReadCreation(item);
    for (const Item& item : items_) ReadArtifact(item);
    for (std::size_t i = 0; i < bom_.components.size(); ++i) positions_.emplace(bom_.components[i].ref, i);
    for (const Item& item : items_) ReadRelationship(item);
    for (const Item& item : items_) ReadCollection(item);
  }

 private:
  struct Item {
    const Json* value;
    std::string type;
    std::string pointer;
  };

  void Collect() {
    const Json& document = bom_.document;
    const Json& graph = ArrayMember(document, "@graph");
    if (graph.empty() && !TypeOf(document).empty()) items_.push_back({&document, TypeOf(document), ""});
    if (graph.size() > kMaxBomElements) {
      throw ParseError(bom_.name + "/@graph", 0, Msg("more than {} elements", kMaxBomElements));
    }
    std::size_t i = 0;
    for (const Json& element : graph) {
      std::string pointer = PointerTo("/@graph", i++);
      if (element.is_object()) items_.push_back({&element, TypeOf(element), std::move(pointer)});
    }
    for (const Item& item : items_) by_id_.emplace(IdOf(*item.value), &item);
  }

  const Item* Find(const std::string& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }

  std::string ReadParty(const std::string& id, PartyRole role, std::vector<BomParty>& parties) const {
    const Item* agent = Find(id);
    BomParty party;
    party.role = role;
    if (agent == nullptr) {
      party.name = id;
    } else {
      party.name = TextMember(*agent->value, "name");
      party.pointer = agent->pointer;
      for (const Json& identifier : ArrayMember(*agent->value, "externalIdentifier")) {
        const std::string type = TextMember(identifier, "externalIdentifierType");
        if (type == "email") party.emails.push_back(TextMember(identifier, "identifier"));
        if (type == "urlScheme") party.urls.push_back(TextMember(identifier, "identifier"));
      }
      for (const Json& reference : ArrayMember(*agent->value, "externalRef")) {
        for (std::string& url : Texts(reference, "locator")) party.urls.push_back(std::move(url));
      }
    }
    parties.push_back(party);
    return agent == nullptr ? std::string() : agent->type;
  }

  // The document has as many CreationInfos as its elements have authors; that of the SpdxDocument is the document's
  // own. Where there is no SpdxDocument, the first.
  void ReadCreation(const Item& item) {
    if (item.type == "SpdxDocument") {
      bom_.serial = IdOf(*item.value);
      bom_.primary = kNoComponent;
    }
    if (item.type != "CreationInfo" || !bom_.spec_version.empty()) return;
    const Item* info = &item;
    for (const Item& document : items_) {
      if (document.type != "SpdxDocument") continue;
      if (const Item* own = Find(TextMember(*document.value, "creationInfo")); own != nullptr) info = own;
      break;
    }
    bom_.spec_version = TextMember(*info->value, "specVersion");
    bom_.timestamp = TextMember(*info->value, "created");
    if (!bom_.timestamp.empty()) bom_.timestamp_pointer = info->pointer + "/created";
    for (const std::string& id : Texts(*info->value, "createdBy")) {
      const std::string type = ReadParty(id, PartyRole::kAuthor, bom_.parties);
      if (type == "Organization") bom_.parties.back().role = PartyRole::kManufacturer;
    }
    for (const std::string& id : Texts(*info->value, "createdUsing")) ReadParty(id, PartyRole::kTool, bom_.parties);
  }

  void ReadArtifact(const Item& item) {
    if (item.type != "software_Package" && item.type != "software_File") return;
    const Json& element = *item.value;
    BomComponent& component = AddComponent(bom_, item.pointer);
    component.ref = IdOf(element);
    component.type = ComponentType(item.type, TextMember(element, "software_primaryPurpose"));
    component.name = TextMember(element, "name");
    component.version = TextMember(element, "software_packageVersion");
    component.purl = TextMember(element, "software_packageUrl");
    component.description = TextMember(element, "description");
    if (component.description.empty()) component.description = TextMember(element, "summary");
    component.copyright = TextMember(element, "software_copyrightText");
    component.mime_type = TextMember(element, "contentType");
    component.hashes = ReadHashes(element, item.pointer);
    for (const std::string& id : Texts(element, "originatedBy")) ReadParty(id, PartyRole::kManufacturer, component.parties);
    for (const std::string& id : Texts(element, "suppliedBy")) ReadParty(id, PartyRole::kSupplier, component.parties);
    for (const Json& identifier : ArrayMember(element, "externalIdentifier")) {
      const std::string type = TextMember(identifier, "externalIdentifierType");
      std::string value = TextMember(identifier, "identifier");
      if (type == "packageUrl" && component.purl.empty()) component.purl = value;
      if (type == "cpe22" || type == "cpe23") component.cpes.push_back(value);
      if (type == "swhid") component.swhids.push_back(value);
      if (type == "gitoid") component.omnibor_ids.push_back(value);
      if (type == "swid") component.swid = value;
    }
    for (const Json& identifier : ArrayMember(element, "software_contentIdentifier")) {
      const std::string value = TextMember(identifier, "software_contentIdentifierValue");
      (TextMember(identifier, "software_contentIdentifierType") == "swhid" ? component.swhids : component.omnibor_ids)
          .push_back(value);
    }
    AddReference(component, "distribution", TextMember(element, "software_downloadLocation"),
                 item.pointer + "/software_downloadLocation");
    AddReference(component, "website", TextMember(element, "software_homePage"), item.pointer + "/software_homePage");
    std::size_t i = 0;
    for (const Json& reference : ArrayMember(element, "externalRef")) {
      const std::string place = PointerTo(item.pointer + "/externalRef", i++);
      for (const std::string& url : Texts(reference, "locator")) {
        AddReference(component, ReferenceType(TextMember(reference, "externalRefType")), url, place);
      }
    }
  }

  static void AddReference(BomComponent& component, std::string type, std::string url, std::string pointer) {
    if (!url.empty()) component.references.push_back({std::move(type), std::move(url), {}, std::move(pointer)});
  }

  void ReadRelationship(const Item& item) {
    if (item.type != "Relationship" && item.type != "LifecycleScopedRelationship") return;
    const Json& element = *item.value;
    const std::string from = TextMember(element, "from");
    const std::string type = TextMember(element, "relationshipType");
    const std::vector<std::string> to = Texts(element, "to");
    static const std::set<std::string> depends = {"dependsOn",       "hasDynamicLink",        "hasStaticLink",
                                                  "hasPrerequisite", "hasOptionalDependency", "hasProvidedDependency"};
    if (depends.contains(type)) DependsOn(from, to, item.pointer);
    if (type == "contains") {
      for (const std::string& child : to) Contains(from, child);
    }
    if (depends.contains(type) || type == "contains") Completeness(element, type == "contains", from, item.pointer);
    if (type == "hasDeclaredLicense") Licences(from, to, BomLicence::Kind::kDeclared);
    if (type == "hasConcludedLicense") Licences(from, to, BomLicence::Kind::kConcluded);
    if (type == "hasDistributionArtifact") Distribution(from, to);
  }

  void DependsOn(const std::string& from, const std::vector<std::string>& to, const std::string& pointer) {
    const auto [entry, fresh] = entries_.emplace(from, bom_.dependencies.size());
    if (fresh) bom_.dependencies.push_back({from, {}, {}, pointer});
    for (const std::string& id : to) {
      // The individuals NoneElement and NoAssertionElement, which are no components.
      if (id.ends_with("NoneElement") || id.ends_with("NoAssertionElement")) continue;
      bom_.dependencies[entry->second].depends_on.push_back(id);
    }
  }

  void Completeness(const Json& element, bool assembly, const std::string& from, const std::string& pointer) {
    std::string completeness = TextMember(element, "completeness");
    if (completeness.empty()) return;
    if (completeness == "noAssertion") completeness = "unknown";
    BomComposition composition{completeness, {}, {}, pointer};
    (assembly ? composition.assemblies : composition.dependencies).push_back(from);
    bom_.compositions.push_back(std::move(composition));
  }

  void Contains(const std::string& parent, const std::string& child) {
    const auto above = positions_.find(parent), below = positions_.find(child);
    if (above != positions_.end() && below != positions_.end()) PutInto(bom_, above->second, below->second);
  }

  void Licences(const std::string& from, const std::vector<std::string>& to, BomLicence::Kind kind) {
    const auto owner = positions_.find(from);
    if (owner == positions_.end()) return;
    for (const std::string& id : to) {
      BomLicence licence;
      licence.kind = kind;
      const Item* item = Find(id);
      if (item == nullptr) {
        if (id.find("NoneLicense") != id.npos) licence.expression = "NONE";
        if (id.find("NoAssertionLicense") != id.npos) licence.expression = "NOASSERTION";
        if (const std::size_t listed = id.find("spdx.org/licenses/"); listed != id.npos)
          licence.expression = id.substr(listed + 18);
      } else {
        licence.pointer = item->pointer;
        licence.expression = TextMember(*item->value, "simplelicensing_licenseExpression");
        if (licence.expression.empty()) {
          licence.name = TextMember(*item->value, "name");
          if (licence.name.empty()) licence.name = id;
          licence.text = TextMember(*item->value, "simplelicensing_licenseText");
        }
      }
      if (!licence.expression.empty() || !licence.name.empty()) {
        bom_.components[owner->second].licences.push_back(std::move(licence));
      }
    }
  }

  // Another element is the file that is handed out: its hashes are those of the deployable.
  void Distribution(const std::string& from, const std::vector<std::string>& to) {
    const auto owner = positions_.find(from);
    if (owner == positions_.end()) return;
    for (const std::string& id : to) {
      const Item* item = Find(id);
      if (item == nullptr) continue;
      bom_.components[owner->second].references.push_back({"distribution",
                                                           TextMember(*item->value, "software_downloadLocation"),
                                                           ReadHashes(*item->value, item->pointer), item->pointer});
    }
  }

  void ReadCollection(const Item& item) {
    if (item.type != "SpdxDocument" && item.type != "software_Sbom" && item.type != "Bom") return;
    for (const std::string& type : Texts(*item.value, "software_sbomType")) bom_.lifecycles.push_back(type);
    if (std::string licence = TextMember(*item.value, "dataLicense"); !licence.empty()) {
      BomLicence data;
      data.expression =
          licence.find("spdx.org/licenses/") == licence.npos ? licence : licence.substr(licence.rfind('/') + 1);
      data.pointer = item.pointer + "/dataLicense";
      bom_.licences.push_back(std::move(data));
    }
    for (const std::string& root : Texts(*item.value, "rootElement")) {
      const auto found = positions_.find(root);
      if (found != positions_.end() && bom_.primary == kNoComponent) bom_.primary = found->second;
    }
  }

  Bom& bom_;
  std::vector<Item> items_;
  std::map<std::string, const Item*> by_id_;
  std::map<std::string, std::size_t> positions_;  // ref → component
  std::map<std::string, std::size_t> entries_;    // ref → position in dependencies
};

}  // namespace

void ReadSpdx3(Bom& bom) {
  Reader(bom).Read();
  if (bom.spec_version.empty()) {
    // Without a CreationInfo only the context says: https://spdx.org/rdf/3.0.1/spdx-context.jsonld
    const std::string context = TextMember(bom.document, "@context");
    const std::size_t begin = context.find("/rdf/") + 5;
    bom.spec_version = context.substr(begin, context.find('/', begin) - begin);
  }
}

}  // namespace nachbau::sbom
