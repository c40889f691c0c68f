// SPDX 2.2 and 2.3 JSON.
#include <map>
#include <set>

#include "sbom/documents/readers.h"

namespace nachbau::sbom {
namespace {

using PartyRole = BomParty::Role;

constexpr const char* kNone = "NONE";
constexpr const char* kNoAssertion = "NOASSERTION";

bool Says(const std::string& text) { return !text.empty() && text != kNone && text != kNoAssertion; }

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// "Person: Jane Doe (jane@example.org)", "Organization: ACME ()", "Tool: syft-1.0".
void ReadParty(const std::string& text, PartyRole role, const std::string& pointer, std::vector<BomParty>& parties) {
  if (!Says(text)) return;
  BomParty party;
  party.role = role;
  party.pointer = pointer;
  const std::size_t colon = text.find(": ");
  party.name = colon == text.npos ? text : text.substr(colon + 2);
  if (text.starts_with("Tool:")) {
    party.role = PartyRole::kTool;
    const std::size_t dash = party.name.rfind('-');
    if (dash != party.name.npos) {
      party.version = party.name.substr(dash + 1);
      party.name.resize(dash);
    }
  } else if (const std::size_t open = party.name.rfind(" ("); open != party.name.npos && party.name.ends_with(')')) {
    const std::string address = party.name.substr(open + 2, party.name.size() - open - 3);
    if (!address.empty()) (address.find('@') == address.npos ? party.urls : party.emails).push_back(address);
    party.name.resize(open);
  }
  parties.push_back(std::move(party));
}

std::vector<BomHash> ReadHashes(const Json& owner, const std::string& pointer) {
  std::vector<BomHash> hashes;
  std::size_t i = 0;
  for (const Json& checksum : ArrayMember(owner, "checksums")) {
    hashes.push_back({HashAlgorithmName(TextMember(checksum, "algorithm")),
                      LowerCase(TextMember(checksum, "checksumValue")), PointerTo(pointer + "/checksums", i++)});
  }
  return hashes;
}

void ReadLicence(const Json& owner, const char* key, BomLicence::Kind kind, BomComponent& component) {
  BomLicence licence;
  licence.kind = kind;
  licence.expression = TextMember(owner, key);
  licence.pointer = component.pointer + "/" + key;
  if (!licence.expression.empty()) component.licences.push_back(std::move(licence));
}

void ReadExternalReferences(const Json& package, BomComponent& component) {
  std::size_t i = 0;
  for (const Json& reference : ArrayMember(package, "externalRefs")) {
    const std::string place = PointerTo(component.pointer + "/externalRefs", i++);
    const std::string type = TextMember(reference, "referenceType");
    const std::string locator = TextMember(reference, "referenceLocator");
    if (type == "purl") {
      if (component.purl.empty()) component.purl = locator;
    } else if (type == "cpe23Type" || type == "cpe22Type") {
      component.cpes.push_back(locator);
    } else if (type == "swh") {
      component.swhids.push_back(locator);
    } else if (type == "gitoid") {
      component.omnibor_ids.push_back(locator);
    } else if (type == "swid") {
      component.swid = locator;
    } else {
      component.references.push_back({type.empty() ? "other" : type, locator, {}, place});
    }
  }
}

std::string TypeOf(const std::string& purpose) {
  static const std::map<std::string, std::string> types = {{"APPLICATION", "application"},
                                                           {"FRAMEWORK", "framework"},
                                                           {"LIBRARY", "library"},
                                                           {"CONTAINER", "container"},
                                                           {"OPERATING_SYSTEM", "operating-system"},
                                                           {"DEVICE", "device"},
                                                           {"FIRMWARE", "firmware"},
                                                           {"FILE", "file"}};
  const auto found = types.find(purpose);
  return found == types.end() ? "library" : found->second;
}

void ReadPackage(const Json& package, std::string pointer, Bom& bom) {
  if (!package.is_object()) return;
  BomComponent& component = AddComponent(bom, std::move(pointer));
  component.ref = TextMember(package, "SPDXID");
  component.type = TypeOf(TextMember(package, "primaryPackagePurpose"));
  component.name = TextMember(package, "name");
  component.version = TextMember(package, "versionInfo");
  component.description = TextMember(package, "description");
  if (component.description.empty()) component.description = TextMember(package, "summary");
  component.copyright = TextMember(package, "copyrightText");
  component.hashes = ReadHashes(package, component.pointer);
  ReadLicence(package, "licenseDeclared", BomLicence::Kind::kDeclared, component);
  ReadLicence(package, "licenseConcluded", BomLicence::Kind::kConcluded, component);
  ReadParty(TextMember(package, "originator"), PartyRole::kManufacturer, component.pointer + "/originator",
            component.parties);
  ReadParty(TextMember(package, "supplier"), PartyRole::kSupplier, component.pointer + "/supplier", component.parties);
  if (std::string url = TextMember(package, "downloadLocation"); Says(url)) {
    component.references.push_back({"distribution", std::move(url), {}, component.pointer + "/downloadLocation"});
  }
  if (std::string url = TextMember(package, "homepage"); Says(url)) {
    component.references.push_back({"website", std::move(url), {}, component.pointer + "/homepage"});
  }
  ReadExternalReferences(package, component);
  if (std::string file = TextMember(package, "packageFileName"); !file.empty()) {
    // The same that TR-03183-2 asks CycloneDX for, so that a reader of the view need not ask which format it was.
    component.properties.push_back({"bsi:component:filename", std::move(file), component.pointer + "/packageFileName"});
  }
}

void ReadFileElement(const Json& file, std::string pointer, Bom& bom) {
  if (!file.is_object()) return;
  BomComponent& component = AddComponent(bom, std::move(pointer));
  component.ref = TextMember(file, "SPDXID");
  component.type = "file";
  component.name = TextMember(file, "fileName");
  component.copyright = TextMember(file, "copyrightText");
  component.hashes = ReadHashes(file, component.pointer);
  ReadLicence(file, "licenseConcluded", BomLicence::Kind::kConcluded, component);
}

class Relationships {
 public:
  explicit Relationships(Bom& bom) : bom_(bom) {
    for (std::size_t i = 0; i < bom.components.size(); ++i) positions_.emplace(bom.components[i].ref, i);
  }

  void Read() {
    std::size_t i = 0;
    for (const Json& relationship : ArrayMember(bom_.document, "relationships")) {
      const std::string pointer = PointerTo("/relationships", i++);
      One(TextMember(relationship, "spdxElementId"), TextMember(relationship, "relationshipType"),
          TextMember(relationship, "relatedSpdxElement"), pointer);
    }
    i = 0;
    for (const Json& package : ArrayMember(bom_.document, "packages")) {
      for (const Json& file : ArrayMember(package, "hasFiles")) {
        if (file.is_string()) Contains(TextMember(package, "SPDXID"), file.get<std::string>());
      }
    }
    for (const Json& described : ArrayMember(bom_.document, "documentDescribes")) {
      if (described.is_string()) Describes(described.get<std::string>());
    }
  }

 private:
  void One(const std::string& from, const std::string& type, const std::string& to, const std::string& pointer) {
    static const std::set<std::string> depends = {"DEPENDS_ON", "DYNAMIC_LINK", "STATIC_LINK", "HAS_PREREQUISITE"};
    static const std::set<std::string> depended = {"DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "PREREQUISITE_FOR",
                                                   "PROVIDED_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF"};
    if (depends.contains(type)) DependsOn(from, to, pointer);
    if (depended.contains(type)) DependsOn(to, from, pointer);
    if (type == "CONTAINS") Contains(from, to);
    if (type == "CONTAINED_BY") Contains(to, from);
    if (type == "DESCRIBES" && from == "SPDXRef-DOCUMENT") Describes(to);
    if (type == "DESCRIBED_BY" && to == "SPDXRef-DOCUMENT") Describes(from);
  }

  void DependsOn(const std::string& from, const std::string& to, const std::string& pointer) {
    const auto [entry, fresh] = entries_.emplace(from, bom_.dependencies.size());
    if (fresh) bom_.dependencies.push_back({from, {}, {}, pointer});
    // NONE: there are no dependencies, and that is known; NOASSERTION says nothing.
    if (Says(to)) bom_.dependencies[entry->second].depends_on.push_back(to);
    if (to == kNoAssertion) bom_.compositions.push_back({"unknown", {}, {from}, pointer});
  }

  void Contains(const std::string& parent, const std::string& child) {
    const auto above = positions_.find(parent), below = positions_.find(child);
    if (above != positions_.end() && below != positions_.end()) PutInto(bom_, above->second, below->second);
  }

  void Describes(const std::string& ref) {
    const auto found = positions_.find(ref);
    if (found != positions_.end() && bom_.primary == kNoComponent) bom_.primary = found->second;
  }

  Bom& bom_;
  std::map<std::string, std::size_t, std::less<>> positions_;
  std::map<std::string, std::size_t> entries_;  // ref → position in dependencies
};

}  // namespace

void ReadSpdx2(Bom& bom) {
  const Json& document = bom.document;
  bom.serial = TextMember(document, "documentNamespace");
  const auto creation = document.find("creationInfo");
  if (creation != document.end()) {
    bom.timestamp = TextMember(*creation, "created");
    if (!bom.timestamp.empty()) bom.timestamp_pointer = "/creationInfo/created";
    std::size_t i = 0;
    for (const Json& creator : ArrayMember(*creation, "creators")) {
      const std::string pointer = PointerTo("/creationInfo/creators", i++);
      if (!creator.is_string()) continue;
      const auto text = creator.get<std::string>();
      ReadParty(text, text.starts_with("Organization:") ? PartyRole::kManufacturer : PartyRole::kAuthor, pointer, bom.parties);
    }
  }
  if (std::string licence = TextMember(document, "dataLicense"); !licence.empty()) {
    BomLicence data;
    data.expression = std::move(licence);
    data.pointer = "/dataLicense";
    bom.licences.push_back(std::move(data));
  }
  std::size_t i = 0;
  for (const Json& package : ArrayMember(document, "packages")) ReadPackage(package, PointerTo("/packages", i++), bom);
  i = 0;
  for (const Json& file : ArrayMember(document, "files")) ReadFileElement(file, PointerTo("/files", i++), bom);
  Relationships(bom).Read();
}

}  // namespace nachbau::sbom
