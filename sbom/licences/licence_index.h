// What debian/copyright and the source's own SPDX tags say of each file of a source, and what follows for a binary
// package of which is known which of those files went in. docs/formats/licences.md
//
// Rule: concluded never says less than any of the sources of knowledge. Where the statement in a file (SPDX tag, REUSE) and
// debian/copyright differ, both apply (AND) and the difference is reported. What nobody states is unknown, and stays so.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/message.h"
#include "model/build_record.h"
#include "model/lock.h"
#include "sbom/licences/upstream_statements.h"
#include "store/store.h"

namespace nachbau::sbom {

// Stands in a concluded expression for files of which nobody states a licence.
inline constexpr const char* kUnknownLicence = "LicenseRef-nachbau-unknown";

// Of one file of the source.
struct FileLicence {
  std::string expression;        // SPDX; "" when nobody states one
  std::string debian, upstream;  // the two statements it was made of; each may be ""
  std::string debian_place;      // "debian/copyright:12"
  std::string upstream_place;    // "src/a.c", "src/a.c.license", "REUSE.toml:3", ".reuse/dep5:7"
  bool differs = false;          // upstream's statement does not follow from Debian's
};

// A licence (with its exception) that some files of the source are under and no file that went into the package.
struct AbsentLicence {
  std::string licence;
  std::uint64_t files = 0;
  std::vector<std::string> examples;  // at most 3 paths, or patterns of debian/copyright where the files are not known
};

struct LicenceDifference {
  std::string path, debian, upstream;
};

// What follows for one binary package.
struct Conclusion {
  std::string expression;         // SPDX; "" when unknown
  Message reason;                 // why it is unknown; empty text else
  std::uint64_t files = 0;        // that were counted
  std::uint64_t unknown = 0;      // of these, files of which nobody states a licence: kUnknownLicence stands for them
  std::set<std::string> ignored;  // files about the package that do not count: debian/changelog, debian/control …
  std::vector<LicenceDifference> differences;  // sorted by path
  std::vector<AbsentLicence> absent;    // sorted by licence
};

class LicenceIndex {
 public:
  LicenceIndex();  // knows nothing
  LicenceIndex(LicenceIndex&&) noexcept;
  LicenceIndex& operator=(LicenceIndex&&) noexcept;
  ~LicenceIndex();

  // From the text of debian/copyright alone, or with what the source itself states. Never throws for what they say: a file
  // that is not machine-readable leaves everything unknown, with a reason. `source` is the name of the source package.
  static LicenceIndex Make(std::string_view copyright_text, std::string_view source, UpstreamStatements upstream = {});
  // Everything is under one expression: the recipe of a script says so. Throws ParseError when it is no SPDX expression.
  static LicenceIndex MakeUniform(std::string_view expression);
  // All of it, from the source packages of a lock (all tarballs, laid out as dpkg-source does); where a source package has
  // no debian/copyright (format 1.0), from the documentation of what was built. Throws ParseError for damaged archives.
  static LicenceIndex Read(const Lock& lock, const BuildRecord& record, const Store& store);

  // Paths are relative to the root of the unpacked source, without "./".
  // SPDX expression, canonical (sorted, no duplicates, known identifiers in their proper spelling); "" when unknown.
  std::string ExpressionFor(std::string_view path_in_source) const;
  FileLicence LicenceFor(std::string_view path_in_source) const;

  // The source as a whole, by debian/copyright; "" when unknown, then WhyUndeclared() says why.
  std::string Declared() const;
  Message WhyUndeclared() const;
  // Names of /usr/share/common-licenses/ that a debian/copyright for people mentions: for a person to start from, never
  // a licence of anything.
  std::set<std::string> Hints() const;
  // Oddities of debian/copyright and the tags, for a person: "debian/copyright:12: …".
  std::vector<Message> Problems() const;

  // From only these files. From none: unknown.
  std::string Concluded(const std::set<std::string>& paths) const { return Conclude(paths).expression; }
  Conclusion Conclude(const std::set<std::string>& paths) const;
  // Lines of the Copyright fields of debian/copyright for these files, each once, sorted. For component.copyright.
  std::set<std::string> CopyrightLines(const std::set<std::string>& paths) const;

  // The texts of the LicenseRef- identifiers in `expression`, as CycloneDX 1.7 expressionDetails: an array, empty when
  // none has a known text: [{"licenseIdentifier": …, "text": {"contentType": "text/plain", "content": …}}].
  Json Details(std::string_view expression) const;
  // The text of one LicenseRef- identifier: UTF-8, lines ended by "\n".
  std::optional<std::string> TextOf(std::string_view identifier) const;

  // The files of the source, where Make or Read was told; sorted.
  const std::set<std::string, std::less<>>& Files() const;

 private:
  std::vector<AbsentLicence> AbsentFrom(const std::string& expression) const;

  struct State;
  std::unique_ptr<State> state_;
};

// {"concluded", "reason" where it is unknown, "files", "unknownFiles", "ignoredFiles", "differences", "absent"}
Json ToJson(const Conclusion& conclusion);

}  // namespace nachbau::sbom
