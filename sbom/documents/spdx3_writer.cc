// Any document as SPDX 3.0.1 JSON-LD, profiles Core, Software, SimpleLicensing and, where there is a formulation, Build
// (spdx-spec 3.0.1, "Model").
//
//   SpdxDocument ── root ── software_Sbom ── root ── the product
//   build_Build ── hasInput, hasOutput ──▶ software_Package / software_File
//   software_Package / software_File ── contains, dependsOn, hasDeclaredLicense, hasConcludedLicense ──▶
//
// Every element has the number of the document as prefix of its spdxId; what follows '#' is made of what the element
// is, so the same input has the same ids.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/documents/convert.h"
#include "sbom/documents/identity.h"
#include "sbom/elements.h"
#include "sbom/validation/formats.h"

namespace nachbau::sbom {
namespace {

using LicenceKind = BomLicence::Kind;

constexpr const char* kContext = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld";
constexpr const char* kCreationInfo = "_:creationInfo";
constexpr const char* kBuildType = "urn:nachbau:build-type:formulation-task:1";

std::string Purpose(const std::string& type) {
  static const std::map<std::string, std::string> purposes = {
      {"operating-system", "operatingSystem"}, {"device-driver", "deviceDriver"}, {"machine-learning-model", "model"}};
  const auto found = purposes.find(type);
  if (found != purposes.end()) return found->second;
  for (const char* same :
       {"application", "framework", "library", "container", "platform", "device", "firmware", "file", "data"}) {
    if (type == same) return type;
  }
  return "other";
}

std::string HashName(const std::string& algorithm) {
  static const std::map<std::string, std::string> names = {{"MD5", "md5"},
                                                           {"SHA-1", "sha1"},
                                                           {"SHA-224", "sha224"},
                                                           {"SHA-256", "sha256"},
                                                           {"SHA-384", "sha384"},
                                                           {"SHA-512", "sha512"},
                                                           {"SHA3-224", "sha3_224"},
                                                           {"SHA3-256", "sha3_256"},
                                                           {"SHA3-384", "sha3_384"},
                                                           {"SHA3-512", "sha3_512"},
                                                           {"BLAKE2b-256", "blake2b256"},
                                                           {"BLAKE2b-384", "blake2b384"},
                                                           {"BLAKE2b-512", "blake2b512"},
                                                           {"BLAKE3", "blake3"}};
  const auto found = names.find(algorithm);
  return found == names.end() ? "" : found->second;
}

std::string ReferenceName(const std::string& type) {
  static const std::map<std::string, std::string> names = {{"vcs", "vcs"},
                                                           {"issue-tracker", "issueTracker"},
                                                           {"website", "altWebPage"},
                                                           {"advisories", "securityAdvisory"},
                                                           {"mailing-list", "mailingList"},
                                                           {"social", "socialMedia"},
                                                           {"chat", "chat"},
                                                           {"documentation", "documentation"},
                                                           {"support", "support"},
                                                           {"source-distribution", "sourceArtifact"},
                                                           {"distribution", "altDownloadLocation"},
                                                           {"distribution-intake", "altDownloadLocation"},
                                                           {"license", "license"},
                                                           {"build-meta", "buildMeta"},
                                                           {"build-system", "buildSystem"},
                                                           {"release-notes", "releaseNotes"},
                                                           {"security-contact", "securityPolicy"},
                                                           {"attestation", "secureSoftwareAttestation"},
                                                           {"rfc-9116", "securityPolicy"},
                                                           {"certification-report", "certificationReport"}};
  const auto found = names.find(type);
  return found == names.end() ? "other" : found->second;
}

// SPDX wants seconds and 'Z'. Fractions are cut off, other zones computed.
std::optional<std::string> SpdxTime(const std::string& text) {
  if (!IsDateTime(text)) return std::nullopt;
  std::string seconds = text.substr(0, 19);
  seconds[10] = 'T';
  if (seconds[17] == '6')
    seconds[18] = '9', seconds[17] = '5';  // a leap second, which SPDX's pattern takes but few readers
  try {
    UnixSeconds time = ParseTime(seconds + "Z", "timestamp");
    const char last = text.back();
    if (last != 'Z' && last != 'z') {
      const std::string zone = text.substr(text.size() - 6);
      const int minutes = std::stoi(zone.substr(1, 2)) * 60 + std::stoi(zone.substr(4, 2));
      time -= (zone[0] == '-' ? -60 : 60) * static_cast<UnixSeconds>(minutes);
    }
    return FormatTime(time);
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

bool IsIri(const std::string& text) {
  return text.find(':') != text.npos && IsIriReference(text) && !text.starts_with("_:");
}

class Writer {
 public:
  Writer(const Bom& bom, Losses& losses) : bom_(bom), losses_(losses) {
    std::string serial = bom.serial;
    if (!serial.starts_with("urn:uuid:") && !IsIri(serial)) serial.clear();
    if (serial.empty())
      serial = SerialNumber("https://nachbau.example.org/sbom/converted/" + Sha256(bom.document.dump()).Hex());
    if (const std::size_t fragment = serial.find('#'); fragment != serial.npos) serial.resize(fragment);
    prefix_ = serial + "#";
  }

  Json Make() {
    AddCreation();
    for (std::size_t i = 0; i < bom_.components.size(); ++i) AddArtifact(i);
    AddContains();
    AddDependencies();
    AddBuilds();
    NoteLosses();
    AddCollections();
    // Everything but the first by type and id: the order of the input does not show.
    std::sort(graph_.begin(), graph_.end(), [](const Json& left, const Json& right) {
      const auto key = [](const Json& element) {
        return std::pair(TextMember(element, "@id").empty(), TextMember(element, "spdxId"));
      };
      return key(left) < key(right);
    });
    return {{"@context", kContext}, {"@graph", graph_}};
  }

 private:
  // Ids are unique: what was given away once gets the pointer as addition.
  std::string NewId(const std::string& kind, const std::string& what) {
    std::string id = prefix_ + kind + "/" + PercentEncode(what, "/:@!$&'()*+,;=?");
    for (int i = 2; !ids_.insert(id).second; ++i)
      id = prefix_ + kind + "/" + PercentEncode(what, "/:@!$&'()*+,;=?") + "/" + std::to_string(i);
    return id;
  }

  Json& Add(const char* type, std::string id) {
    graph_.push_back({{"type", type}, {"spdxId", id}, {"creationInfo", kCreationInfo}});
    elements_.insert(std::move(id));
    return graph_.back();
  }

  // Organisations and persons by name and address: one element for all that say the same.
  std::string Agent(const char* type, const BomParty& party) {
    std::string key = std::string(type) + "\n" + party.name + "\n" + party.version;
    for (const std::string& email : party.emails) key += "\n" + email;
    for (const std::string& url : party.urls) key += "\n" + url;
    const auto [known, fresh] = agents_.emplace(key, "");
    if (!fresh) return known->second;
    known->second = NewId(std::string(type) == "Tool" ? "tool" : "agent",
                          party.name + (party.version.empty() ? "" : "@" + party.version));
    Json& agent = Add(type, known->second);
    agent["name"] = party.version.empty() ? party.name : party.name + " " + party.version;
    for (const std::string& email : party.emails) {
      agent["externalIdentifier"].push_back(
          {{"type", "ExternalIdentifier"}, {"externalIdentifierType", "email"}, {"identifier", email}});
    }
    for (const std::string& url : party.urls) {
      agent["externalRef"].push_back(
          {{"type", "ExternalRef"}, {"externalRefType", "altWebPage"}, {"locator", Json::array({url})}});
    }
    return known->second;
  }

  void AddCreation() {
    Json info = {{"type", "CreationInfo"}, {"@id", kCreationInfo}, {"specVersion", "3.0.1"}};
    if (const auto time = SpdxTime(bom_.timestamp)) {
      info["created"] = *time;
    } else {
      info["created"] = "1970-01-01T00:00:00Z";
      losses_.Add(Msg("the document says no time, and SPDX demands one: 1970-01-01T00:00:00Z stands there"));
    }
    Json created_by = Json::array(), created_using = Json::array();
    for (const BomParty& party : bom_.parties) {
      if (party.role == BomParty::Role::kTool)
        created_using.push_back(Agent("Tool", party));
      else
        created_by.push_back(Agent(party.role == BomParty::Role::kAuthor ? "Person" : "Organization", party));
    }
    if (created_by.empty()) {
      BomParty nachbau;
      nachbau.name = "nachbau";
      created_by.push_back(Agent("SoftwareAgent", nachbau));
      losses_.Add(Msg("the document names nobody who made it, and SPDX demands one: nachbau stands there"));
    }
    info["createdBy"] = created_by;
    if (!created_using.empty()) info["createdUsing"] = created_using;
    graph_.push_back(std::move(info));
  }

  Json HashList(const std::vector<BomHash>& hashes) {
    Json list = Json::array();
    for (const BomHash& hash : hashes) {
      const std::string name = HashName(hash.algorithm);
      if (name.empty())
        losses_.Add(Msg("hashes by {}: SPDX does not have the algorithm", Printable(hash.algorithm)));
      else
        list.push_back({{"type", "Hash"}, {"algorithm", name}, {"hashValue", hash.value}});
    }
    return list;
  }

  void AddArtifact(std::size_t i) {
    const BomComponent& from = bom_.components[i];
    const bool is_file = from.type == "file";
    const std::string id = NewId(is_file ? "file" : "package", from.ref.empty() ? from.pointer : from.ref);
    refs_.push_back(id);
    Json element = Add(is_file ? "software_File" : "software_Package", id);
    // The name of a file is its path in SPDX.
    const std::string path = is_file ? InstalledPath(from) : "";
    const std::string name = !path.empty() ? path : from.group.empty() ? from.name : from.group + "/" + from.name;
    if (!name.empty()) element["name"] = name;
    if (!from.description.empty()) element["description"] = from.description;
    if (!from.copyright.empty()) element["software_copyrightText"] = from.copyright;
    element["software_primaryPurpose"] = Purpose(from.type);
    if (!from.version.empty()) {
      if (is_file)
        losses_.Add(Msg("versions of files: in SPDX only packages have one"));
      else
        element["software_packageVersion"] = from.version;
    }
    if (!from.purl.empty()) {
      if (is_file)
        Identifier(element, "packageUrl", from.purl);
      else
        element["software_packageUrl"] = from.purl;
    }
    if (is_file && std::count(from.mime_type.begin(), from.mime_type.end(), '/') == 1)
      element["contentType"] = from.mime_type;
    for (const std::string& cpe : from.cpes) Identifier(element, cpe.starts_with("cpe:2.3:") ? "cpe23" : "cpe22", cpe);
    if (!from.swid.empty()) Identifier(element, "swid", from.swid);
    for (const std::string& swhid : from.swhids) ContentIdentifier(element, "swhid", swhid);
    for (const std::string& gitoid : from.omnibor_ids) ContentIdentifier(element, "gitoid", gitoid);
    if (Json hashes = HashList(from.hashes); !hashes.empty()) element["verifiedUsing"] = hashes;
    for (const BomParty& party : from.parties) {
      if (party.role == BomParty::Role::kSupplier) {
        element["suppliedBy"] = Agent("Organization", party);
      } else {
        const std::string agent = Agent(party.role == BomParty::Role::kAuthor ? "Person" : "Organization", party);
        Json& list = element["originatedBy"];
        if (std::find(list.begin(), list.end(), agent) == list.end()) list.push_back(agent);
      }
    }
    References(from, is_file, element);
    graph_[Position(id)] = std::move(element);
    Licences(from, id);
    if (!from.properties.empty())
      losses_.Add(Msg("properties: SPDX 3.0.1 has no list of names and values without a schema"));
    if (!from.occurrences.empty()) losses_.Add(Msg("evidence of which source files went in"));
    if (!from.scope.empty()) losses_.Add(Msg("scopes of components"));
    if (!from.version_range.empty()) losses_.Add(Msg("ranges of versions"));
  }

  std::size_t Position(const std::string& id) const {
    for (std::size_t i = graph_.size(); i-- > 0;) {
      if (TextMember(graph_[i], "spdxId") == id) return i;
    }
    return 0;
  }

  static void Identifier(Json& element, const char* type, const std::string& value) {
    element["externalIdentifier"].push_back(
        {{"type", "ExternalIdentifier"}, {"externalIdentifierType", type}, {"identifier", value}});
  }
  static void ContentIdentifier(Json& element, const char* type, const std::string& value) {
    element["software_contentIdentifier"].push_back({{"type", "software_ContentIdentifier"},
                                                     {"software_contentIdentifierType", type},
                                                     {"software_contentIdentifierValue", value}});
  }

  void References(const BomComponent& from, bool is_file, Json& element) {
    for (const BomReference& reference : from.references) {
      if (!is_file && reference.type == "distribution" && !element.contains("software_downloadLocation") &&
          IsIri(reference.url)) {
        element["software_downloadLocation"] = reference.url;
        // The package's own bytes are what is downloaded, so their hashes are its hashes.
        if (!element.contains("verifiedUsing")) {
          if (Json hashes = HashList(reference.hashes); !hashes.empty()) element["verifiedUsing"] = hashes;
        }
        continue;
      }
      if (!is_file && reference.type == "website" && !element.contains("software_homePage") && IsIri(reference.url)) {
        element["software_homePage"] = reference.url;
        continue;
      }
      if (!reference.hashes.empty() && reference.type != "distribution") {
        losses_.Add(Msg("hashes of external references of type {}", Printable(reference.type)));
      }
      if (reference.url.empty()) continue;
      element["externalRef"].push_back({{"type", "ExternalRef"},
                                        {"externalRefType", ReferenceName(reference.type)},
                                        {"locator", Json::array({reference.url})}});
    }
  }

  // One element per expression or text, however many components have it.
  std::string Licence(const BomLicence& licence) {
    const std::string key =
        licence.expression.empty() ? "text\n" + licence.name + "\n" + licence.text : licence.expression;
    const auto [known, fresh] = licences_.emplace(key, "");
    if (!fresh) return known->second;
    if (licence.expression == "NOASSERTION") {
      known->second = "expandedlicensing_NoAssertionLicense";
    } else if (licence.expression == "NONE") {
      known->second = "expandedlicensing_NoneLicense";
    } else if (licence.expression.empty()) {
      known->second = NewId("licence-text", licence.name);
      Json& element = Add("simplelicensing_SimpleLicensingText", known->second);
      element["name"] = licence.name;
      element["simplelicensing_licenseText"] = licence.text.empty() ? licence.name : licence.text;
    } else {
      known->second = NewId("licence", licence.expression);
      Json& element = Add("simplelicensing_LicenseExpression", known->second);
      element["simplelicensing_licenseExpression"] = licence.expression;
    }
    return known->second;
  }

  void Licences(const BomComponent& from, const std::string& id) {
    for (const LicenceKind kind : {LicenceKind::kDeclared, LicenceKind::kConcluded, LicenceKind::kUnstated}) {
      std::set<std::string> targets;
      for (const BomLicence& licence : from.licences) {
        if (licence.kind == kind) targets.insert(Licence(licence));
      }
      if (targets.empty()) continue;
      if (kind == LicenceKind::kUnstated) {
        losses_.Add(
            Msg("that nobody said whether a licence is declared or concluded: SPDX must say, it stands as declared"));
      }
      Relate(id, kind == LicenceKind::kConcluded ? "hasConcludedLicense" : "hasDeclaredLicense", targets, "");
    }
  }

  void Relate(const std::string& from, const std::string& type, const std::set<std::string>& to,
              const std::string& completeness) {
    const std::string local = from.substr(prefix_.size());
    // Percent-encoding a second time would make the ids unreadable; what is there is already encoded.
    std::string id = prefix_ + "relationship/" + type + "/" + local;
    for (int i = 2; !ids_.insert(id).second; ++i)
      id = prefix_ + "relationship/" + type + "/" + local + "/" + std::to_string(i);
    Json& relationship = Add("Relationship", id);
    relationship["from"] = from;
    relationship["relationshipType"] = type;
    relationship["to"] = to;
    if (!completeness.empty()) relationship["completeness"] = completeness;
  }

  // What the document says of the completeness of one component's parts or dependencies.
  std::string Completeness(const std::string& ref, bool assembly) {
    std::string result;
    for (const BomComposition& composition : bom_.compositions) {
      const auto& refs = assembly ? composition.assemblies : composition.dependencies;
      if (std::find(refs.begin(), refs.end(), ref) == refs.end()) continue;
      if (composition.aggregate == "complete")
        result = "complete";
      else if (composition.aggregate.starts_with("incomplete"))
        result = "incomplete";
      else
        result = "noAssertion";
    }
    return result;
  }

  void AddContains() {
    std::map<std::size_t, std::set<std::string>> children;
    for (std::size_t i = 0; i < bom_.components.size(); ++i) {
      if (bom_.components[i].parent != kNoComponent) children[bom_.components[i].parent].insert(refs_[i]);
    }
    for (const auto& [parent, parts] : children) {
      Relate(refs_[parent], "contains", parts, Completeness(bom_.components[parent].ref, true));
    }
  }

  void AddDependencies() {
    std::map<std::size_t, std::set<std::string>> targets;
    for (const BomDependency& entry : bom_.dependencies) {
      const std::size_t from = bom_.Find(entry.ref);
      if (from == kNoComponent) {
        losses_.Add(Msg("dependencies of what is none of the components"));
        continue;
      }
      targets[from];
      for (const std::string& ref : entry.depends_on) {
        if (const std::size_t to = bom_.Find(ref); to != kNoComponent)
          targets[from].insert(refs_[to]);
        else
          losses_.Add(Msg("dependencies on what is none of the components, as on elements of other documents"));
      }
      if (!entry.provides.empty()) losses_.Add(Msg("what components provide"));
    }
    for (auto& [from, to] : targets) {
      const std::string completeness = Completeness(bom_.components[from].ref, false);
      // "There are none" is a statement of its own: the individual NoneElement.
      if (to.empty()) {
        if (completeness != "complete") continue;
        to.insert("NoneElement");
      }
      Relate(refs_[from], "dependsOn", to, completeness);
    }
  }

  // Each task of a formulation as a build, with those inputs and outputs that are components of the document.
  void AddBuilds() {
    if (bom_.format != BomFormat::kCycloneDx) return;
    for (const Json& formula : ArrayMember(bom_.document, "formulation")) {
      for (const Json& workflow : ArrayMember(formula, "workflows")) {
        for (const Json& task : ArrayMember(workflow, "tasks")) AddBuild(task);
      }
    }
  }

  void AddBuild(const Json& task) {
    std::set<std::string> inputs, outputs;
    const auto read = [&](const char* member, std::set<std::string>& into) {
      for (const Json& one : ArrayMember(task, member)) {
        const auto resource = one.is_object() ? one.find("resource") : one.end();
        if (!one.is_object() || resource == one.end()) continue;
        const std::size_t i = bom_.Find(TextMember(*resource, "ref"));
        if (i != kNoComponent)
          into.insert(refs_[i]);
        else
          losses_.Add(Msg("what a build used that is none of the components"));
      }
    };
    read("inputs", inputs);
    read("outputs", outputs);
    if (outputs.empty()) return;
    std::string name = TextMember(task, "bom-ref");
    if (name.empty()) name = TextMember(task, "uid");
    const std::string id = NewId("build", name);
    Json& build = Add("build_Build", id);
    build["build_buildType"] = kBuildType;
    if (const std::string uid = TextMember(task, "uid"); !uid.empty()) build["build_buildId"] = uid;
    if (const std::string title = TextMember(task, "name"); !title.empty()) build["name"] = title;
    Json parameters = Json::array();
    for (const Json& step : ArrayMember(task, "steps")) {
      for (const Json& command : ArrayMember(step, "commands")) {
        if (const std::string text = TextMember(command, "executed"); !text.empty()) {
          parameters.push_back(
              {{"type", "DictionaryEntry"}, {"key", "command/" + std::to_string(parameters.size())}, {"value", text}});
        }
      }
    }
    if (!parameters.empty()) build["build_parameter"] = parameters;
    has_builds_ = true;
    if (!inputs.empty()) Relate(id, "hasInput", inputs, "");
    Relate(id, "hasOutput", outputs, "");
  }

  void NoteLosses() {
    const std::pair<const char*, Message> members[] = {
        {"formulation", Msg("formulation: all but the tasks' commands, inputs and outputs")},
        {"citations", Msg("citations: which step says what")},
        {"services", Msg("services")},
        {"annotations", Msg("annotations")},
        {"vulnerabilities", Msg("vulnerabilities: they do not belong into an SBOM")},
        {"declarations", Msg("declarations")},
        {"definitions", Msg("definitions")},
        {"signature", Msg("signatures: they are over the document as it was")}};
    for (const auto& [member, loss] : members) {
      if (bom_.format == BomFormat::kCycloneDx && bom_.document.contains(member)) losses_.Add(loss);
    }
  }

  void AddCollections() {
    std::set<std::string> all = elements_;
    const std::string sbom_id = NewId("sbom", "all"), document_id = NewId("document", "all");
    std::set<std::string> roots;
    if (bom_.primary != kNoComponent) roots.insert(refs_[bom_.primary]);
    for (std::size_t i = 0; roots.empty() && i < refs_.size(); ++i) {
      if (bom_.components[i].parent == kNoComponent) roots.insert(refs_[i]);
    }
    Json& sbom = Add("software_Sbom", sbom_id);
    if (!roots.empty()) sbom["rootElement"] = roots;
    if (!all.empty()) sbom["element"] = all;
    std::set<std::string> types;
    for (const std::string& phase : bom_.lifecycles) {
      if (phase == "build" || phase == "design" || phase == "runtime" || phase == "source" || phase == "analyzed" ||
          phase == "deployed")
        types.insert(phase);
      else if (phase == "operations")
        types.insert("deployed");
      else
        losses_.Add(Msg("the phase of life {}", Printable(phase)));
    }
    if (!types.empty()) sbom["software_sbomType"] = types;
    all.insert(sbom_id);
    Json& document = Add("SpdxDocument", document_id);
    document["rootElement"] = Json::array({sbom_id});
    document["element"] = all;
    document["profileConformance"] = {"core", "software", "simpleLicensing"};
    if (has_builds_) document["profileConformance"].push_back("build");
    if (bom_.primary != kNoComponent) document["name"] = DisplayName(bom_.components[bom_.primary]);
  }

  const Bom& bom_;
  Losses& losses_;
  std::string prefix_;
  std::vector<Json> graph_;
  bool has_builds_ = false;
  std::set<std::string> ids_, elements_;
  std::vector<std::string> refs_;  // component → spdxId
  std::map<std::string, std::string> agents_, licences_;
};

}  // namespace

Conversion ToSpdx301(const Bom& bom) {
  Losses losses;
  Conversion conversion;
  conversion.document = Writer(bom, losses).Make();
  conversion.losses = losses.Take();
  return conversion;
}

}  // namespace nachbau::sbom
