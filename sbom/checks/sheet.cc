// CycloneDX and SPDX 2: all that is asked stands in the neutral view, with the words of CycloneDX. SPDX 3 keeps files apart
// from packages; what that changes is in sheet_spdx3.cc.
#include "sbom/checks/sheet.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/encoding.h"
#include "sbom/checks/roles.h"
#include "sbom/checks/sheet_spdx3.h"

namespace nachbau::sbom {
namespace {

constexpr std::string_view kSha512 = "SHA-512";
constexpr std::size_t kMaxShown = 120;  // characters

const Json* Find(const Json& document, const std::string& pointer) {
  const Json* at = &document;
  // Pointers of the view: names and numbers without '~'.
  for (std::size_t start = 1; start < pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', start), pointer.size());
    const std::string word = pointer.substr(start, end - start);
    if (at->is_object() && at->contains(word)) {
      at = &at->at(word);
    } else if (at->is_array() && !word.empty() && word.size() < 10 &&
               word.find_first_not_of("0123456789") == word.npos && std::stoul(word) < at->size()) {
      at = &at->at(std::stoul(word));
    } else {
      return nullptr;
    }
    start = end + 1;
  }
  return at;
}

void Add(std::vector<Stated>& list, const std::string& value, const std::string& pointer) {
  if (!value.empty()) list.push_back({value, pointer});
}

// E-mail addresses first, else URLs (TR-03183-2, 5.2.1 and 5.2.2).
void AddAddresses(std::vector<Stated>& list, const BomParty& party) {
  for (const std::string& address : party.emails.empty() ? party.urls : party.emails) Add(list, address, party.pointer);
}

// The creator is CycloneDX's manufacturer; of an SPDX document everybody who is named as such, person or organisation.
enum class Creators { kManufacturers, kAuthorsToo };

void ReadParties(const std::vector<BomParty>& parties, Creators creators, Field& creator, Field& names) {
  for (const BomParty& party : parties) {
    if (party.role == BomParty::Role::kTool) continue;
    Add(names.values, party.name, party.pointer);
    const bool creates = party.role == BomParty::Role::kManufacturer ||
                         (creators == Creators::kAuthorsToo && party.role == BomParty::Role::kAuthor);
    AddAddresses(creates ? creator.values : creator.elsewhere, party);
  }
}

void ReadReferences(const BomComponent& component, Subject& subject) {
  for (const BomReference& reference : component.references) {
    Add(subject.uris, reference.url, reference.pointer + "/url");
    const std::string& type = reference.type;
    if (type == "distribution") Add(subject.deployable_uri.values, reference.url, reference.pointer + "/url");
    if (type == "distribution-intake") Add(subject.deployable_uri.elsewhere, reference.url, reference.pointer + "/url");
    if (type == "source-distribution") Add(subject.source_uri.values, reference.url, reference.pointer + "/url");
    if (type == "vcs") Add(subject.source_uri.elsewhere, reference.url, reference.pointer + "/url");
    if (type == "rfc-9116") Add(subject.security_txt.values, reference.url, reference.pointer + "/url");
    for (const BomHash& hash : reference.hashes) {
      const bool sha512 = hash.algorithm == kSha512;
      if (type == "distribution" && sha512) Add(subject.deployable_hash.values, hash.value, hash.pointer);
      if (type == "source-distribution") {
        Add(sha512 ? subject.source_hash.values : subject.source_hash.elsewhere, hash.value, hash.pointer);
      }
    }
  }
}

void ReadProperties(const BomComponent& component, Subject& subject) {
  for (const BomProperty& property : component.properties) {
    // An empty value is a value, and a wrong one.
    const auto add = [&](Field& field) { field.values.push_back({property.value, property.pointer}); };
    const std::string& name = property.name;
    if (name == "bsi:component:filename") add(subject.file_name);
    if (name == "bsi:component:executable") add(subject.executable);
    if (name == "bsi:component:archive") add(subject.archive);
    if (name == "bsi:component:structured") add(subject.structured);
    if (name == "bsi:component:effectiveLicense" || name == "bsi:component:effectiveLicence") add(subject.effective_licence);
    if (name == kExternalProperty && property.value == "true") subject.external = true;
    if (name == kKindProperty) {
      const Kind kind = KindOf(property.value);
      subject.marked_logical |= kind == Kind::kLogical;
      subject.external |= kind == Kind::kExternal;
      subject.marked_other |= kind == Kind::kOther;
      subject.source |= IsSourceKind(property.value);
    }
    // Where the 1.6 form of our documents keeps what it has no room for (docs/formats/conformance.md).
    if (name == "nachbau:licence:declared") Add(subject.original_licence.elsewhere, property.value, property.pointer);
    if (name == "nachbau:licence:concluded") Add(subject.distribution_licence.elsewhere, property.value, property.pointer);
    if (property.value.starts_with("pkg:") || property.value.starts_with("cpe:")) {
      Add(subject.identifiers.elsewhere, property.value, property.pointer);
    }
  }
}

void ReadLicences(const BomComponent& component, Subject& subject) {
  for (const BomLicence& licence : component.licences) {
    const std::string& terms = licence.expression.empty() ? licence.name : licence.expression;
    Add(subject.licence_terms, terms, licence.pointer);
    switch (licence.kind) {
      case BomLicence::Kind::kConcluded: Add(subject.distribution_licence.values, terms, licence.pointer); break;
      case BomLicence::Kind::kDeclared: Add(subject.original_licence.values, terms, licence.pointer); break;
      case BomLicence::Kind::kUnstated:
        Add(subject.distribution_licence.elsewhere, terms, licence.pointer);
        Add(subject.original_licence.elsewhere, terms, licence.pointer);
    }
  }
}

bool IsMachineCode(const BomComponent& component, const Subject& subject) {
  static constexpr std::string_view kTypes[] = {"application/x-executable", "application/x-pie-executable",
                                                "application/x-sharedlib", "application/x-elf", "application/x-object"};
  if (std::find(std::begin(kTypes), std::end(kTypes), component.mime_type) != std::end(kTypes)) return true;
  if (component.Property(kKindProperty) == "ELF") return true;
  const auto library = [](std::string_view name) {
    const std::size_t suffix = name.rfind(".so");
    return suffix != name.npos && suffix != 0 && name.find_first_not_of("0123456789.", suffix + 3) == name.npos;
  };
  return library(component.name) ||
         std::any_of(subject.file_name.values.begin(), subject.file_name.values.end(),
                     [&](const Stated& name) { return library(name.value); });
}

// CycloneDX only: what shows how it is known what went in, and what patches there are.
void ReadEvidence(const Json& document, const BomComponent& component, Subject& subject, Sheet& sheet) {
  for (const BomOccurrence& occurrence : component.occurrences) {
    Add(subject.link_evidence, occurrence.location, occurrence.pointer);
  }
  const Json* raw = Find(document, component.pointer);
  if (raw == nullptr || !raw->is_object()) return;
  if (const auto evidence = raw->find("evidence"); evidence != raw->end()) {
    for (const Json& identity : ArrayMember(*evidence, "identity")) {
      for (const Json& method : ArrayMember(identity, "methods")) {
        const std::string technique = TextMember(method, "technique");
        if (technique == "instrumentation" || technique == "binary-analysis") {
          Add(subject.link_evidence, technique, component.pointer + "/evidence/identity");
        }
      }
    }
    for (const Json& choice : ArrayMember(*evidence, "licenses")) {
      const std::string terms = TextMember(choice, "expression");
      Add(subject.original_licence.elsewhere, terms, component.pointer + "/evidence/licenses");
      Add(subject.distribution_licence.elsewhere, terms, component.pointer + "/evidence/licenses");
    }
  }
  // An issue of type "security" that a patch or release resolves is information about a vulnerability.
  const auto resolves = [&](const Json& owner, const std::string& place) {
    std::size_t i = 0;
    for (const Json& issue : ArrayMember(owner, "resolves")) {
      const std::string identifier = TextMember(issue, "id");
      if (TextMember(issue, "type") == "security" || identifier.starts_with("CVE-")) {
        sheet.vulnerabilities.push_back({identifier, place + "/resolves/" + std::to_string(i)});
      }
      ++i;
    }
  };
  if (const auto notes = raw->find("releaseNotes"); notes != raw->end()) resolves(*notes, component.pointer + "/releaseNotes");
  if (const auto pedigree = raw->find("pedigree"); pedigree != raw->end()) {
    std::size_t i = 0;
    for (const Json& patch : ArrayMember(*pedigree, "patches")) {
      subject.patched = true;
      resolves(patch, component.pointer + "/pedigree/patches/" + std::to_string(i++));
    }
  }
}

Subject ReadSubject(const Bom& bom, const BomComponent& component, Sheet& sheet) {
  Subject subject;
  subject.pointer = component.pointer;
  subject.ref = component.ref;
  subject.name = component.group.empty() ? component.name : component.group + "/" + component.name;
  subject.version = component.version;
  subject.type = component.type;
  subject.external = component.is_external;
  ReadParties(component.parties, Creators::kManufacturers, subject.creator, subject.names);
  for (const BomParty& party : component.parties) {
    for (const std::string& url : party.urls) Add(subject.uris, url, party.pointer);
  }
  ReadReferences(component, subject);
  ReadProperties(component, subject);
  ReadLicences(component, subject);
  for (const BomHash& hash : component.hashes) {
    if (hash.algorithm == kSha512) Add(subject.hashes, hash.value, hash.pointer);
  }
  const auto place = [&](const char* key) { return component.pointer + (bom.format == BomFormat::kCycloneDx ? key : ""); };
  Add(subject.identifiers.values, component.purl, place("/purl"));
  for (const std::string& cpe : component.cpes) Add(subject.identifiers.values, cpe, place("/cpe"));
  Add(subject.identifiers.values, component.swid, place("/swid"));
  for (const std::string& swhid : component.swhids) Add(subject.identifiers.values, swhid, place("/swhid"));
  for (const std::string& gitoid : component.omnibor_ids) Add(subject.identifiers.values, gitoid, place("/omniborId"));
  // With a fragment it is a name made from the identifier of what it lies in.
  if ((component.ref.starts_with("pkg:") || component.ref.starts_with("cpe:")) && component.ref.find('#') == component.ref.npos) {
    Add(subject.identifiers.elsewhere, component.ref, component.pointer + "/bom-ref");
  }
  subject.compiled = IsMachineCode(component, subject);
  subject.script = component.mime_type.starts_with("text/") || component.Property(kKindProperty) == "script";
  if (bom.format == BomFormat::kCycloneDx) ReadEvidence(bom.document, component, subject, sheet);
  return subject;
}

// SPDX 2: the package's own checksums are those of its file; there are no words for what kind of file it is.
void AdaptSpdxTwo(Subject& subject) {
  subject.deployable_hash.values = subject.hashes;
  for (Field* field : {&subject.executable, &subject.archive, &subject.structured, &subject.completeness,
                       &subject.source_uri, &subject.source_hash, &subject.effective_licence, &subject.security_txt}) {
    field->expressible = false;
  }
}

// Files that lie in the component of a source package are source, whatever they are.
void MarkSourceFiles(const Bom& bom, Sheet& sheet) {
  for (std::size_t i = 0; i < bom.components.size(); ++i) {
    const std::size_t parent = bom.components[i].parent;
    if (parent == kNoComponent || bom.components[i].type != "file") continue;
    if (sheet.subjects[parent].source || sheet.subjects[parent].marked_other) sheet.subjects[i].marked_other = true;
  }
}

void ReadGraph(const Bom& bom, Sheet& sheet) {
  for (std::size_t i = 0; i < bom.components.size(); ++i) {
    const std::size_t parent = bom.components[i].parent;
    if (parent == kNoComponent) continue;
    sheet.subjects[parent].needs.push_back(i);
    sheet.subjects[parent].has_parts = true;
  }
  for (const BomDependency& dependency : bom.dependencies) {
    const std::size_t at = bom.Find(dependency.ref);
    if (at == kNoComponent) continue;
    Subject& subject = sheet.subjects[at];
    subject.has_entry = true;
    for (const std::string& ref : dependency.depends_on) {
      const std::size_t target = bom.Find(ref);
      if (target != kNoComponent) {
        subject.needs.push_back(target);
      } else if (!ref.starts_with("urn:cdx:")) {  // a BOM-Link points into another document
        subject.dangling.push_back({ref, dependency.pointer});
      }
    }
  }
  bool whole = false;
  for (const BomComposition& composition : bom.compositions) {
    const auto add = [&](Subject& subject) { subject.completeness.values.push_back({composition.aggregate, composition.pointer}); };
    // Without references it is about the whole document; the first such counts.
    if (composition.assemblies.empty() && composition.dependencies.empty() && !whole) {
      whole = true;
      for (Subject& subject : sheet.subjects) add(subject);
    }
    for (const auto* refs : {&composition.assemblies, &composition.dependencies}) {
      for (const std::string& ref : *refs) {
        if (const std::size_t at = bom.Find(ref); at != kNoComponent) add(sheet.subjects[at]);
      }
    }
  }
}

void ReadDocument(const Bom& bom, Sheet& sheet) {
  const Creators creators = bom.format == BomFormat::kSpdx ? Creators::kAuthorsToo : Creators::kManufacturers;
  ReadParties(bom.parties, creators, sheet.creator, sheet.authors);
  for (const BomParty& party : bom.parties) {
    for (const std::string& url : party.urls) Add(sheet.uris, url, party.pointer);
  }
  Add(sheet.timestamp.values, bom.timestamp, bom.timestamp_pointer);
  Add(sheet.uri.values, bom.serial, bom.format == BomFormat::kCycloneDx ? "/serialNumber" : sheet.SpdxTwo() ? "/documentNamespace" : "/@graph");
  for (const BomReference& reference : bom.references) {
    Add(sheet.uris, reference.url, reference.pointer + "/url");
    if (reference.type == "bom") Add(sheet.other_boms.values, reference.url, reference.pointer + "/url");
  }
  for (const std::string& phase : bom.lifecycles) Add(sheet.lifecycles, phase, bom.format == BomFormat::kCycloneDx ? "/metadata/lifecycles" : "");
  if (bom.has_vulnerabilities) sheet.vulnerabilities.push_back({"", "/vulnerabilities"});
  sheet.has_signature = bom.has_signature;
  sheet.claims_reproducible = std::any_of(bom.properties.begin(), bom.properties.end(), [](const BomProperty& property) {
    return property.name == "cdx:reproducible" && property.value == "true";
  });
}

}  // namespace

Sheet MakeSheet(const Bom& bom) {
  Sheet sheet;
  sheet.format = bom.format;
  sheet.spec_version = bom.spec_version;
  sheet.serial = bom.serial;
  sheet.primary = bom.primary;
  ReadDocument(bom, sheet);
  sheet.subjects.reserve(bom.components.size());
  for (const BomComponent& component : bom.components) sheet.subjects.push_back(ReadSubject(bom, component, sheet));
  ReadGraph(bom, sheet);
  if (bom.format == BomFormat::kCycloneDx) MarkSourceFiles(bom, sheet);
  if (sheet.SpdxTwo()) {
    for (Subject& subject : sheet.subjects) AdaptSpdxTwo(subject);
  } else if (bom.format == BomFormat::kSpdx) {
    AdaptSpdxThree(bom, sheet);
  }
  SettleRoles(sheet);
  return sheet;
}

std::string Shown(const Subject& subject) {
  const std::string& name = subject.name.empty() ? subject.ref : subject.name;
  const std::string text = Printable(name + (subject.version.empty() ? "" : " " + subject.version));
  if (text.size() <= kMaxShown) return text;
  std::size_t end = kMaxShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // not within a character
  return text.substr(0, end) + "…";
}

}  // namespace nachbau::sbom
