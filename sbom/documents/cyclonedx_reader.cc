// CycloneDX 1.2 to 1.7. A member that is missing or of the wrong type is not in the view.
#include <algorithm>

#include "sbom/documents/readers.h"

namespace nachbau::sbom {
namespace {

using PartyRole = BomParty::Role;

std::string LowerCase(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

const Json& Member(const Json& value, const char* key) {
  static const Json nothing;
  if (!value.is_object()) return nothing;
  const auto member = value.find(key);
  return member == value.end() ? nothing : *member;
}

// The texts of an array, or the one text that stands in its place.
std::vector<std::string> Texts(const Json& value) {
  std::vector<std::string> texts;
  if (value.is_string()) texts.push_back(value.get<std::string>());
  if (value.is_array()) {
    for (const Json& item : value) {
      if (item.is_string()) texts.push_back(item.get<std::string>());
    }
  }
  return texts;
}

std::vector<BomHash> ReadHashes(const Json& owner, const std::string& pointer) {
  std::vector<BomHash> hashes;
  std::size_t i = 0;
  for (const Json& hash : ArrayMember(owner, "hashes")) {
    BomHash read{HashAlgorithmName(TextMember(hash, "alg")), LowerCase(TextMember(hash, "content")),
                 PointerTo(pointer + "/hashes", i++)};
    if (!read.algorithm.empty()) hashes.push_back(std::move(read));
  }
  return hashes;
}

std::vector<BomProperty> ReadProperties(const Json& owner, const std::string& pointer) {
  std::vector<BomProperty> properties;
  std::size_t i = 0;
  for (const Json& property : ArrayMember(owner, "properties")) {
    properties.push_back(
        {TextMember(property, "name"), TextMember(property, "value"), PointerTo(pointer + "/properties", i++)});
  }
  return properties;
}

std::vector<BomReference> ReadReferences(const Json& owner, const std::string& pointer) {
  std::vector<BomReference> references;
  std::size_t i = 0;
  for (const Json& reference : ArrayMember(owner, "externalReferences")) {
    std::string place = PointerTo(pointer + "/externalReferences", i++);
    std::vector<BomHash> hashes = ReadHashes(reference, place);
    references.push_back(
        {TextMember(reference, "type"), TextMember(reference, "url"), std::move(hashes), std::move(place)});
  }
  return references;
}

BomLicence::Kind KindOf(const std::string& acknowledgement) {
  if (acknowledgement == "declared") return BomLicence::Kind::kDeclared;
  if (acknowledgement == "concluded") return BomLicence::Kind::kConcluded;
  return BomLicence::Kind::kUnstated;
}

std::vector<BomLicence> ReadLicences(const Json& owner, const char* key, const std::string& pointer) {
  std::vector<BomLicence> licences;
  std::size_t i = 0;
  for (const Json& choice : ArrayMember(owner, key)) {
    BomLicence licence;
    licence.pointer = PointerTo(pointer + "/" + key, i++);
    licence.expression = TextMember(choice, "expression");
    if (licence.expression.empty()) {
      const Json& named = Member(choice, "license");
      licence.kind = KindOf(TextMember(named, "acknowledgement"));
      licence.expression = TextMember(named, "id");
      if (licence.expression.empty()) licence.name = TextMember(named, "name");
      const Json& text = Member(named, "text");
      if (TextMember(text, "encoding").empty()) licence.text = TextMember(text, "content");
    } else {
      licence.kind = KindOf(TextMember(choice, "acknowledgement"));
    }
    if (!licence.expression.empty() || !licence.name.empty()) licences.push_back(std::move(licence));
  }
  return licences;
}

// An organizational entity, an organizational contact, or (component.author, publisher) a plain text.
void ReadParty(const Json& value, PartyRole role, const std::string& pointer, std::vector<BomParty>& parties) {
  BomParty party;
  party.role = role;
  party.pointer = pointer;
  if (value.is_string()) {
    party.name = value.get<std::string>();
  } else if (value.is_object()) {
    party.name = TextMember(value, "name");
    party.urls = Texts(Member(value, "url"));
    if (std::string email = TextMember(value, "email"); !email.empty()) party.emails.push_back(std::move(email));
    for (const Json& contact : ArrayMember(value, "contact")) {
      if (std::string email = TextMember(contact, "email"); !email.empty()) party.emails.push_back(std::move(email));
    }
  } else {
    return;
  }
  parties.push_back(std::move(party));
}

std::vector<BomParty> ReadParties(const Json& owner, const std::string& pointer) {
  std::vector<BomParty> parties;
  ReadParty(Member(owner, "manufacturer"), PartyRole::kManufacturer, pointer + "/manufacturer", parties);
  ReadParty(Member(owner, "manufacture"), PartyRole::kManufacturer, pointer + "/manufacture", parties);
  ReadParty(Member(owner, "supplier"), PartyRole::kSupplier, pointer + "/supplier", parties);
  std::size_t i = 0;
  for (const Json& author : ArrayMember(owner, "authors")) {
    ReadParty(author, PartyRole::kAuthor, PointerTo(pointer + "/authors", i++), parties);
  }
  ReadParty(Member(owner, "author"), PartyRole::kAuthor, pointer + "/author", parties);
  ReadParty(Member(owner, "publisher"), PartyRole::kPublisher, pointer + "/publisher", parties);
  return parties;
}

void ReadTools(const Json& metadata, Bom& bom) {
  const auto add = [&](const Json& tools, const std::string& pointer) {
    std::size_t i = 0;
    for (const Json& tool : tools) {
      BomParty party;
      party.role = PartyRole::kTool;
      party.name = TextMember(tool, "name");
      party.version = TextMember(tool, "version");
      party.pointer = PointerTo(pointer, i++);
      if (!party.name.empty()) bom.parties.push_back(std::move(party));
    }
  };
  const Json& tools = Member(metadata, "tools");
  if (tools.is_array()) return add(tools, "/metadata/tools");
  add(ArrayMember(tools, "components"), "/metadata/tools/components");
  add(ArrayMember(tools, "services"), "/metadata/tools/services");
}

// Flattens; the depth is bounded by that of the JSON.
void ReadComponent(const Json& value, std::string pointer, std::size_t parent, Bom& bom) {
  if (!value.is_object()) return;
  const std::size_t position = bom.components.size();
  BomComponent& component = AddComponent(bom, pointer);
  component.parent = parent;
  component.ref = TextMember(value, "bom-ref");
  component.type = TextMember(value, "type");
  component.group = TextMember(value, "group");
  component.name = TextMember(value, "name");
  component.version = TextMember(value, "version");
  component.purl = TextMember(value, "purl");
  component.description = TextMember(value, "description");
  component.mime_type = TextMember(value, "mime-type");
  component.scope = TextMember(value, "scope");
  component.copyright = TextMember(value, "copyright");
  component.version_range = TextMember(value, "versionRange");
  if (std::string cpe = TextMember(value, "cpe"); !cpe.empty()) component.cpes.push_back(std::move(cpe));
  component.swhids = Texts(Member(value, "swhid"));
  component.omnibor_ids = Texts(Member(value, "omniborId"));
  component.swid = TextMember(Member(value, "swid"), "tagId");
  const Json& external = Member(value, "isExternal");
  component.is_external = external.is_boolean() && external.get<bool>();
  component.hashes = ReadHashes(value, pointer);
  component.licences = ReadLicences(value, "licenses", pointer);
  component.parties = ReadParties(value, pointer);
  component.references = ReadReferences(value, pointer);
  component.properties = ReadProperties(value, pointer);
  std::size_t i = 0;
  for (const Json& occurrence : ArrayMember(Member(value, "evidence"), "occurrences")) {
    component.occurrences.push_back({TextMember(occurrence, "location"), TextMember(occurrence, "additionalContext"),
                                     PointerTo(pointer + "/evidence/occurrences", i++)});
  }
  // `component` is not valid any more once others were added.
  i = 0;
  for (const Json& child : ArrayMember(value, "components")) {
    ReadComponent(child, PointerTo(pointer + "/components", i++), position, bom);
  }
}

void ReadMetadata(const Json& metadata, Bom& bom) {
  bom.timestamp = TextMember(metadata, "timestamp");
  if (!bom.timestamp.empty()) bom.timestamp_pointer = "/metadata/timestamp";
  for (const Json& lifecycle : ArrayMember(metadata, "lifecycles")) {
    std::string phase = TextMember(lifecycle, "phase");
    if (phase.empty()) phase = TextMember(lifecycle, "name");
    if (!phase.empty()) bom.lifecycles.push_back(std::move(phase));
  }
  bom.parties = ReadParties(metadata, "/metadata");
  ReadTools(metadata, bom);
  bom.licences = ReadLicences(metadata, "licenses", "/metadata");
  bom.properties = ReadProperties(metadata, "/metadata");
  if (const Json& component = Member(metadata, "component"); component.is_object()) {
    bom.primary = bom.components.size();
    ReadComponent(component, "/metadata/component", kNoComponent, bom);
  }
}

}  // namespace

void ReadCycloneDx(Bom& bom) {
  const Json& document = bom.document;
  bom.serial = TextMember(document, "serialNumber");
  if (const Json& version = Member(document, "version"); version.is_number_integer()) bom.version = version.dump();
  ReadMetadata(Member(document, "metadata"), bom);
  bom.references = ReadReferences(document, "");
  for (BomProperty& property : ReadProperties(document, "")) bom.properties.push_back(std::move(property));
  std::size_t i = 0;
  for (const Json& component : ArrayMember(document, "components")) {
    ReadComponent(component, PointerTo("/components", i++), kNoComponent, bom);
  }
  i = 0;
  for (const Json& entry : ArrayMember(document, "dependencies")) {
    bom.dependencies.push_back({TextMember(entry, "ref"), Texts(Member(entry, "dependsOn")),
                                Texts(Member(entry, "provides")), PointerTo("/dependencies", i++)});
  }
  i = 0;
  for (const Json& composition : ArrayMember(document, "compositions")) {
    bom.compositions.push_back({TextMember(composition, "aggregate"), Texts(Member(composition, "assemblies")),
                                Texts(Member(composition, "dependencies")), PointerTo("/compositions", i++)});
  }
  bom.has_vulnerabilities = !ArrayMember(document, "vulnerabilities").empty();
  bom.has_signature = Member(document, "signature").is_object();
}

}  // namespace nachbau::sbom
