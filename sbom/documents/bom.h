// A neutral, read-only view of an SBOM, ours or foreign: CycloneDX JSON 1.2 to 1.7, SPDX 2.2 and 2.3 JSON, SPDX 3.0.1
// JSON-LD. Enough for a check, a comparison, a query; the whole document stays beside it in `document`.
//
// Reading is lenient about what is missing or of the wrong type (that is then simply not in the view; validating is
// another function) and strict about what the bytes are: not JSON, duplicate keys, too deep, too large, no SBOM, or of
// a version that is none of these are ParseErrors that name the file and, where there is one, the JSON pointer.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace nachbau::sbom {

enum class BomFormat { kCycloneDx, kSpdx };

// Largest document that is read, and most components, files and relationships in one.
inline constexpr std::uint64_t kMaxBom = 512U << 20;
inline constexpr std::size_t kMaxBomElements = 4'000'000;

inline constexpr std::size_t kNoComponent = std::numeric_limits<std::size_t>::max();

struct BomHash {
  std::string
      algorithm;      // as CycloneDX spells it: "MD5", "SHA-1", "SHA-256", "SHA-512", "BLAKE2b-256"; others as found
  std::string value;  // as found, letters in lower case
  std::string pointer;
  auto operator<=>(const BomHash& other) const = default;
};

// One licence statement. Either `expression` or `name` is filled.
struct BomLicence {
  enum class Kind { kUnstated, kDeclared, kConcluded };  // CycloneDX: `acknowledgement`
  Kind kind = Kind::kUnstated;
  std::string expression;  // SPDX identifier or expression; of SPDX documents also "NOASSERTION" and "NONE"
  std::string name;        // free text in place of an identifier
  std::string text;        // the licence's own text, where it is in the document as plain text
  std::string pointer;
};

// A person, organisation or tool named in the document.
struct BomParty {
  // CycloneDX: metadata.manufacture(r), supplier, authors, tools; component.manufacturer, supplier, author(s),
  // publisher. SPDX: creators, originator (manufacturer), supplier.
  enum class Role { kManufacturer, kSupplier, kAuthor, kPublisher, kTool };
  Role role = Role::kAuthor;
  std::string name;
  std::vector<std::string> emails;
  std::vector<std::string> urls;
  std::string version;  // of a tool
  std::string pointer;
};

struct BomReference {
  std::string type;  // CycloneDX's words: "distribution", "source-distribution", "vcs", "website", "rfc-9116", "bom" …
                     // SPDX: downloadLocation and its like are "distribution", homepage is "website"
  std::string url;
  std::vector<BomHash> hashes;
  std::string pointer;
};

struct BomProperty {
  std::string name;
  std::string value;
  std::string pointer;
};

// A file that the document calls part of, or evidence for, a component (CycloneDX: evidence.occurrences).
struct BomOccurrence {
  std::string location;  // a path, as found
  std::string context;   // additionalContext
  std::string pointer;
};

struct BomComponent {
  std::string pointer;  // "/metadata/component", "/components/3/components/0", "/packages/7", "/@graph/12"
  std::string ref;      // bom-ref, SPDXID, spdxId; empty when there is none
  std::string type;     // CycloneDX's words: "library", "application", "file" … SPDX: primary purpose in those words,
                        // "file" of a file, "library" of a package without purpose
  std::string group;
  std::string name;
  std::string version;
  std::string purl;
  std::vector<std::string> cpes;
  std::vector<std::string> swhids;
  std::vector<std::string> omnibor_ids;
  std::string swid;  // tagId
  std::string description;
  std::string mime_type;
  std::string scope;  // "required", "optional", "excluded", empty
  std::string copyright;
  bool is_external = false;           // CycloneDX 1.7: isExternal
  std::string version_range;          // CycloneDX 1.7
  std::size_t parent = kNoComponent;  // the component it is nested in, or that contains it (SPDX); position in Bom
  std::vector<BomHash> hashes;        // of the component itself
  std::vector<BomLicence> licences;
  std::vector<BomParty> parties;
  std::vector<BomReference> references;
  std::vector<BomProperty> properties;  // SPDX 2: annotations are not properties; SPDX 3: none
  std::vector<BomOccurrence> occurrences;

  // The first property of that name; empty when there is none.
  std::string Property(std::string_view property_name) const;
  // The value of the first hash with that algorithm; empty when there is none.
  std::string Hash(std::string_view algorithm) const;
};

// One entry: `ref` depends on each of `depends_on`. Entries with nothing to depend on are kept: they state that.
// SPDX: the relationships of one kind and one `from` together; `to` NONE makes an empty entry.
struct BomDependency {
  std::string ref;
  std::vector<std::string> depends_on;  // in document order; may hold refs that are nowhere
  std::vector<std::string> provides;
  std::string pointer;
};

struct BomComposition {
  std::string aggregate;  // "complete", "incomplete", "unknown", "incomplete_first_party_only", "not_specified" …
                          // SPDX 3: completeness of a relationship: "complete", "incomplete", "unknown"
  std::vector<std::string> assemblies;
  std::vector<std::string> dependencies;
  std::string pointer;
};

struct Bom {
  BomFormat format = BomFormat::kCycloneDx;
  std::string spec_version;  // "1.7", "2.3", "3.0.1"
  std::string name;          // the file it was read from
  std::string serial;        // serialNumber, documentNamespace, spdxId of the SpdxDocument
  std::string version;       // of the document: CycloneDX `version` as a number, else empty
  std::string timestamp;     // metadata.timestamp, created
  std::string timestamp_pointer;
  std::vector<std::string> lifecycles;  // CycloneDX phases; SPDX 3: software_sbomType
  std::vector<BomParty> parties;        // of the document
  std::vector<BomLicence> licences;     // of the document's data
  std::vector<BomReference> references;
  std::vector<BomProperty> properties;   // of metadata and of the document
  std::size_t primary = kNoComponent;    // position of the component the document is about
  std::vector<BomComponent> components;  // flattened: a parent before its children, otherwise in document order
  std::vector<BomDependency> dependencies;
  std::vector<BomComposition> compositions;
  bool has_vulnerabilities = false;
  bool has_signature = false;
  Json document;

  // Position of the component with that ref; kNoComponent when there is none.
  std::size_t Find(std::string_view ref) const;
  const BomComponent* Primary() const { return primary == kNoComponent ? nullptr : &components[primary]; }

  std::map<std::string, std::size_t, std::less<>> by_ref;  // the first component of each ref
};

// "CycloneDX 1.7", "SPDX 3.0.1".
std::string FormatName(const Bom& bom);

// `name` stands in the messages. Throws ParseError.
Bom ParseBom(std::string_view text, std::string_view name);
Bom BomFromJson(Json document, std::string_view name);
// The file's bytes, at most kMaxBom. Throws ParseError, SystemError.
Bom ReadBom(const std::string& path);

}  // namespace nachbau::sbom
