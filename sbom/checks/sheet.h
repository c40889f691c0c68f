// What the guidelines ask about, taken out of a document: one Subject per component with the fields of BSI TR-03183-2,
// each value with the place it stands at. Where a format keeps a field is known here and nowhere else.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sbom/documents/bom.h"

namespace nachbau::sbom {

struct Stated {
  std::string value;
  std::string pointer;
};

struct Field {
  std::vector<Stated> values;     // where the guideline looks
  std::vector<Stated> elsewhere;  // the same kind of information in a place where it does not look
  bool expressible = true;        // false: the document's format has no place for it
};

// What a component is to the product decides which fields it must have (TR-03183-2, 3.2).
//
//   kDelivered       a file that is handed over
//   kLogical         a group of components without a file of its own; marked as such
//   kPerhapsLogical  not marked, no field of a file, but a group: it may be logical, or its fields were forgotten
//   kIdentified      outside of what is delivered, and the first such on its way from the product
//   kReferenced      outside, further away
//   kOther           no component in the guideline's sense: source files, files neither executable nor archive; in SPDX 3
//                    also a file whose package stands for it
enum class Role { kDelivered, kLogical, kPerhapsLogical, kIdentified, kReferenced, kOther };

struct Subject {
  Role role = Role::kDelivered;
  std::string pointer;
  std::string ref;
  std::string name;     // with its group; as found
  std::string version;  // as found
  std::string type;     // CycloneDX's words

  Field creator;        // e-mail addresses and URLs
  Field names;          // of anybody: creator, supplier, author, publisher
  Field file_name;
  Field executable, archive, structured;  // TR-03183-2's words
  Field deployable_hash;                  // SHA-512, lower case
  Field deployable_uri;
  Field source_uri;
  Field source_hash;                      // SHA-512
  Field identifiers;                      // purl, CPE, SWID, SWHID, OmniBOR
  Field distribution_licence;             // expressions that are concluded
  Field original_licence;                 // expressions that are declared
  Field effective_licence;
  Field security_txt;
  std::vector<Stated> licence_terms;      // every expression or name of a licence, of any kind
  std::vector<Stated> hashes;             // SHA-512 of the component itself
  std::vector<Stated> uris;               // whatever is a URI

  bool has_entry = false;                 // the document says what it depends on, be it nothing
  std::vector<std::size_t> needs;         // positions of what it depends on and of its parts
  bool has_parts = false;                 // others are nested in it
  std::vector<Stated> dangling;           // references to components that are not there
  Field completeness;                     // of dependencies, and of parts: aggregates as found

  bool external = false;                  // marked as outside of what is delivered
  bool marked_logical = false;
  bool marked_other = false;
  bool source = false;                    // stands for source code, which is not delivered
  bool compiled = false;                  // machine code, as the document shows
  bool script = false;                    // a script, as the document shows
  std::vector<Stated> link_evidence;      // what went into it: occurrences, methods of identification
  bool patched = false;                   // the document names patches of its source
};

struct Sheet {
  BomFormat format = BomFormat::kCycloneDx;
  std::string spec_version;
  std::string serial;
  std::size_t primary = kNoComponent;
  std::vector<Subject> subjects;     // as Bom::components

  Field creator;                     // of the SBOM
  Field authors;                     // names of persons and organisations that made the SBOM
  Field timestamp;
  Field uri;
  Field other_boms;
  std::vector<Stated> lifecycles;
  std::vector<Stated> vulnerabilities;  // information about vulnerabilities, wherever it stands
  std::vector<Stated> uris;
  bool has_signature = false;
  bool claims_reproducible = false;

  bool SpdxTwo() const { return format == BomFormat::kSpdx && spec_version.starts_with("2."); }
};

// Never throws for what the document says; its roles are settled (see roles.h).
Sheet MakeSheet(const Bom& bom);

// "dnsmasq 2.90-4", printable and not too long.
std::string Shown(const Subject& subject);

}  // namespace nachbau::sbom
