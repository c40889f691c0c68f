// How much of a foreign SBOM is proven by what this house has itself, and how much is only claimed.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/message.h"
#include "sbom/documents/bom.h"

namespace nachbau::sbom {

// What a document asks about: so that only that is looked up.
struct ImportQuestions {
  std::set<std::string> digests;   // "SHA-256:…", "SHA-512:…" of components and of what they are distributed as
  std::set<std::string> packages;  // names of Debian packages, binary or source
};
ImportQuestions QuestionsOf(const Bom& bom);

// A Debian package as a signed index lists it.
struct ListedPackage {
  std::string sha256;  // of the .deb, or of the .dsc of a source package
  std::string where;   // "http://… bookworm main/binary-amd64/Packages.xz"
};

// The answers: by digest as in ImportQuestions, with where it was found.
struct OwnEvidence {
  std::unordered_map<std::string, std::string> held;    // an object of the store
  std::unordered_map<std::string, std::string> built;   // in the SBOM of an evidence folder
  std::unordered_map<std::string, std::string> listed;  // in a lock, or in a signed index
  // By DebKey.
  std::unordered_map<std::string, std::vector<ListedPackage>> packages;
};
// "debian libc6 2.36-9 amd64": vendor as in a purl, name, version, architecture ("source" for sources).
std::string DebKey(std::string_view vendor, std::string_view name, std::string_view version,
                   std::string_view architecture);

// kClaimed is the zero value.
enum class ProofLevel {
  kClaimed,       // nothing but the document says so
  kKnown,         // a signed index has this name and version; of the bytes nothing is known
  kListed,        // the digest stands in a signed index or in a lock
  kBuilt,         // the digest stands in the SBOM of own evidence
  kHeld,          // the bytes are in the store
  kContradicted,  // a signed index has this name and version with another digest
};
std::string_view Name(ProofLevel level);  // "claimed", "known", "listed", "built", "held", "contradicted"

struct ImportLine {
  std::string pointer;
  std::string name;
  std::string type;
  ProofLevel level = ProofLevel::kClaimed;
  std::string where;
};

struct ImportReport {
  std::vector<ImportLine> lines;  // in document order, all but the product
  std::size_t Count(ProofLevel level) const;
};
ImportReport Assess(const Bom& bom, const OwnEvidence& evidence);
Json ToJson(const ImportReport& report);

// The record of one import: <home>/sboms/<sha256>.json, docs/formats/imported-sbom.md
struct ImportedSbom {
  std::string name;       // what it describes
  ContentId content;      // the document: an object of the store
  std::string file_name;  // last part of the path it came from
  std::string format;     // "CycloneDX 1.5"
  std::uint64_t components = 0;
  UnixSeconds time = 0;  // of the import
};
Json ToJson(const ImportedSbom& imported);
ImportedSbom ImportedSbomFromJson(const Json& json, const std::string& place);

}  // namespace nachbau::sbom
