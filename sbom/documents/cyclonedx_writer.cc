// Any document as CycloneDX 1.7: older CycloneDX by raising its version, which added members and took none away; SPDX
// component by component.
#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "sbom/documents/convert.h"
#include "sbom/documents/identity.h"
#include "sbom/elements.h"
#include "sbom/validation/formats.h"

namespace nachbau::sbom {
namespace {

bool Says(const std::string& text) { return !text.empty() && text != "NOASSERTION"; }

// A signature is over the document as it was.
void DropSignatures(Json& value, Losses& losses) {
  if (value.is_object()) {
    if (value.erase("signature") != 0) losses.Add(Msg("signatures: they are over the document as it was"));
  }
  if (value.is_structured()) {
    for (Json& child : value) DropSignatures(child, losses);
  }
}

// Lists whose items uniqueItems forbids to repeat, where older schemas did not.
void DropRepeats(Json& list) {
  Json result = Json::array();
  std::set<std::string> seen;
  for (Json& item : list) {
    if (seen.insert(item.dump(-1, ' ', false, Json::error_handler_t::replace)).second)
      result.push_back(std::move(item));
  }
  list = std::move(result);
}

class SpdxToCycloneDx {
 public:
  SpdxToCycloneDx(const Bom& bom, Losses& losses) : bom_(bom), losses_(losses), children_(bom.components.size()) {
    for (std::size_t i = 0; i < bom.components.size(); ++i) {
      if (bom.components[i].parent != kNoComponent) children_[bom.components[i].parent].push_back(i);
    }
  }

  Json Make() {
    Json document = {{"$schema", "http://cyclonedx.org/schema/bom-1.7.schema.json"},
                     {"bomFormat", "CycloneDX"},
                     {"specVersion", "1.7"},
                     {"version", 1},
                     {"metadata", Metadata()},
                     {"components", Json::array()}};
    for (std::size_t i = 0; i < bom_.components.size(); ++i) {
      if (i != bom_.primary && bom_.components[i].parent == kNoComponent)
        document["components"].push_back(Component(i));
    }
    document["dependencies"] = Dependencies();
    if (Json compositions = Compositions(); !compositions.empty()) document["compositions"] = compositions;
    const std::string name = bom_.serial.empty() ? Sha256(bom_.document.dump()).Hex() : bom_.serial;
    document["serialNumber"] = SerialNumber("https://nachbau.example.org/sbom/converted/" + name);
    return document;
  }

 private:
  std::string RefOf(std::size_t i) const {
    const BomComponent& component = bom_.components[i];
    return component.ref.empty() || bom_.Find(component.ref) != i ? component.pointer : component.ref;
  }

  Json Metadata() {
    Json metadata = Json::object();
    if (IsDateTime(bom_.timestamp)) metadata["timestamp"] = bom_.timestamp;
    for (const BomParty& party : bom_.parties) {
      switch (party.role) {
        case BomParty::Role::kTool: {
          Json tool = {{"type", "application"}, {"name", party.name}};
          if (!party.version.empty()) tool["version"] = party.version;
          metadata["tools"]["components"].push_back(std::move(tool));
          break;
        }
        case BomParty::Role::kManufacturer:
          if (!metadata.contains("manufacturer")) {
            metadata["manufacturer"] = Entity(party);
            break;
          }
          [[fallthrough]];
        default: {
          Json author = {{"name", party.name}};
          if (!party.emails.empty() && IsEmail(party.emails[0])) author["email"] = party.emails[0];
          metadata["authors"].push_back(std::move(author));
        }
      }
    }
    for (const char* list : {"authors"}) {
      if (metadata.contains(list)) DropRepeats(metadata[list]);
    }
    if (metadata.contains("tools")) DropRepeats(metadata["tools"]["components"]);
    if (bom_.primary != kNoComponent) metadata["component"] = Component(bom_.primary);
    return metadata;
  }

  static Json Entity(const BomParty& party) {
    Json entity = {{"name", party.name}};
    for (const std::string& email : party.emails) {
      if (IsEmail(email)) entity["contact"].push_back({{"email", email}});
    }
    for (const std::string& url : party.urls) {
      if (IsIriReference(url)) entity["url"].push_back(url);
    }
    return entity;
  }

  Json HashList(const std::vector<BomHash>& hashes) {
    static const std::set<std::string> known = {"MD5",         "SHA-1",    "SHA-256",      "SHA-384",     "SHA-512",
                                                "SHA3-256",    "SHA3-384", "SHA3-512",     "BLAKE2b-256", "BLAKE2b-384",
                                                "BLAKE2b-512", "BLAKE3",   "Streebog-256", "Streebog-512"};
    Json list = Json::array();
    for (const BomHash& hash : hashes) {
      if (known.contains(hash.algorithm))
        list.push_back({{"alg", hash.algorithm}, {"content", hash.value}});
      else
        losses_.Add(Msg("hashes by {}: CycloneDX does not have the algorithm", Printable(hash.algorithm)));
    }
    DropRepeats(list);
    return list;
  }

  Json Licences(const BomComponent& component) {
    Json list = Json::array();
    for (const BomLicence& licence : component.licences) {
      if (licence.expression == "NONE")
        losses_.Add(Msg("licences that are NONE: CycloneDX cannot say that there is none"));
      if (licence.expression == "NONE" || licence.expression == "NOASSERTION") continue;
      const char* acknowledgement = licence.kind == BomLicence::Kind::kDeclared    ? "declared"
                                    : licence.kind == BomLicence::Kind::kConcluded ? "concluded"
                                                                                   : nullptr;
      Json choice = Json::object();
      Json& place = licence.expression.empty() ? choice["license"] : choice;
      if (licence.expression.empty())
        place["name"] = licence.name;
      else
        place["expression"] = licence.expression;
      if (licence.expression.empty() && !licence.text.empty()) place["text"] = {{"content", licence.text}};
      if (acknowledgement != nullptr) place["acknowledgement"] = acknowledgement;
      list.push_back(std::move(choice));
    }
    DropRepeats(list);
    return list;
  }

  Json References(const BomComponent& component) {
    static const std::set<std::string> known = {"vcs",
                                                "issue-tracker",
                                                "website",
                                                "advisories",
                                                "bom",
                                                "mailing-list",
                                                "social",
                                                "chat",
                                                "documentation",
                                                "support",
                                                "source-distribution",
                                                "distribution",
                                                "license",
                                                "build-meta",
                                                "build-system",
                                                "release-notes",
                                                "security-contact",
                                                "attestation",
                                                "evidence"};
    Json list = Json::array();
    for (const BomReference& reference : component.references) {
      if (!IsIriReference(reference.url) || reference.url.empty()) {
        losses_.Add(Msg("external references whose address is none"));
        continue;
      }
      Json entry = {{"type", known.contains(reference.type) ? reference.type : "other"}, {"url", reference.url}};
      if (!known.contains(reference.type)) entry["comment"] = reference.type;
      if (Json hashes = HashList(reference.hashes); !hashes.empty()) entry["hashes"] = hashes;
      list.push_back(std::move(entry));
    }
    DropRepeats(list);
    return list;
  }

  Json Component(std::size_t i) {
    const BomComponent& from = bom_.components[i];
    Json component = {{"type", from.type}, {"bom-ref", RefOf(i)}, {"name", from.name}};
    const auto text = [&](const char* key, const std::string& value) {
      if (Says(value) && value != "NONE") component[key] = value;
    };
    text("version", from.version);
    text("description", from.description);
    text("purl", from.purl);
    text("copyright", from.copyright);
    text("mime-type", from.mime_type.find('/') == std::string::npos ? "" : from.mime_type);
    if (!from.cpes.empty()) component["cpe"] = from.cpes[0];
    if (from.cpes.size() > 1) losses_.Add(Msg("a second CPE name: CycloneDX has room for one"));
    if (!from.swhids.empty()) component["swhid"] = from.swhids;
    if (!from.omnibor_ids.empty()) component["omniborId"] = from.omnibor_ids;
    for (const BomParty& party : from.parties) {
      const char* key = party.role == BomParty::Role::kSupplier ? "supplier" : "manufacturer";
      if (!component.contains(key)) component[key] = Entity(party);
    }
    const auto list = [&](const char* key, Json value) {
      if (!value.empty()) component[key] = std::move(value);
    };
    list("hashes", HashList(from.hashes));
    list("licenses", Licences(from));
    list("externalReferences", References(from));
    Json properties = Json::array();
    for (const BomProperty& property : from.properties) properties.push_back(Property(property.name, property.value));
    list("properties", std::move(properties));
    Json children = Json::array();
    for (const std::size_t child : children_[i]) {
      if (child != bom_.primary) children.push_back(Component(child));
    }
    list("components", std::move(children));
    return component;
  }

  Json Dependencies() {
    std::map<std::string, std::set<std::string>> entries;
    for (const BomDependency& entry : bom_.dependencies) {
      const std::size_t from = bom_.Find(entry.ref);
      if (from == kNoComponent) {
        losses_.Add(Msg("dependencies of what is none of the components"));
        continue;
      }
      std::set<std::string>& targets = entries[RefOf(from)];
      for (const std::string& ref : entry.depends_on) {
        if (const std::size_t to = bom_.Find(ref); to != kNoComponent)
          targets.insert(RefOf(to));
        else
          losses_.Add(Msg("dependencies on what is none of the components, as on elements of other documents"));
      }
    }
    Json list = Json::array();
    for (const auto& [ref, targets] : entries) {
      Json entry = {{"ref", ref}};
      if (!targets.empty()) entry["dependsOn"] = targets;
      list.push_back(std::move(entry));
    }
    return list;
  }

  Json Compositions() {
    std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> by_aggregate;
    for (const BomComposition& composition : bom_.compositions) {
      auto& [assemblies, dependencies] = by_aggregate[composition.aggregate];
      for (const std::string& ref : composition.assemblies) {
        if (bom_.Find(ref) != kNoComponent) assemblies.insert(RefOf(bom_.Find(ref)));
      }
      for (const std::string& ref : composition.dependencies) {
        if (bom_.Find(ref) != kNoComponent) dependencies.insert(RefOf(bom_.Find(ref)));
      }
    }
    Json list = Json::array();
    for (const auto& [aggregate, refs] : by_aggregate) {
      if (aggregate != "complete" && aggregate != "incomplete" && aggregate != "unknown") continue;
      Json entry = {{"aggregate", aggregate}};
      if (!refs.first.empty()) entry["assemblies"] = refs.first;
      if (!refs.second.empty()) entry["dependencies"] = refs.second;
      if (entry.size() > 1) list.push_back(std::move(entry));
    }
    return list;
  }

  const Bom& bom_;
  Losses& losses_;
  std::vector<std::vector<std::size_t>> children_;
};

}  // namespace

Conversion ToCycloneDx17(const Bom& bom) {
  Losses losses;
  Conversion conversion;
  if (bom.format == BomFormat::kCycloneDx) {
    conversion.document = bom.document;
    DropSignatures(conversion.document, losses);
    conversion.document["specVersion"] = "1.7";
    conversion.document["$schema"] = "http://cyclonedx.org/schema/bom-1.7.schema.json";
  } else {
    conversion.document = SpdxToCycloneDx(bom, losses).Make();
    if (bom.document.contains("snippets")) losses.Add(Msg("snippets: CycloneDX has nothing like them"));
    if (bom.document.contains("annotations")) losses.Add(Msg("annotations of the SPDX document"));
    if (bom.document.contains("externalDocumentRefs")) losses.Add(Msg("references to other SPDX documents"));
  }
  conversion.losses = losses.Take();
  return conversion;
}

}  // namespace nachbau::sbom
