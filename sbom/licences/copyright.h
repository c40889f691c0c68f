// Machine-readable debian/copyright files (DEP-5, "copyright-format/1.0").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/message.h"
#include "sbom/licences/path_pattern.h"

namespace nachbau::sbom {

// One Files paragraph.
struct CopyrightFiles {
  std::vector<PathPattern> patterns;
  std::string expression;           // canonical SPDX; "" when the paragraph states no licence
  std::vector<std::string> holders; // lines of its Copyright field
  std::uint64_t line = 0;           // 1-based
};

struct Copyright {
  bool machine_readable = false;
  Message reason;  // why it is not

  // SPDX expressions of all Files paragraphs, and of the header where it names one; kUnstatedLicence for a paragraph that
  // states none.
  std::set<std::string> licences;
  std::vector<CopyrightFiles> files;          // in order; of several that match a path the last one counts
  std::vector<std::string> excluded;          // Files-Excluded: patterns of what was taken out of the upstream source
  std::map<std::string, std::string> texts;   // LicenseRef-… → text, UTF-8, lines ended by "\n"
  // Not machine-readable: names in /usr/share/common-licenses/ that it mentions. For a person to start from, no more.
  std::set<std::string> hints;
  std::vector<Message> problems;  // for a person, with place; at most kMaxCopyrightProblems

  // The paragraph for a path relative to the root of the source; nullptr when none matches.
  const CopyrightFiles* Find(std::string_view path) const;
};

inline constexpr std::size_t kMaxCopyrightProblems = 200;

// Never throws: of a file that is not machine-readable, or is broken, nothing is known; `reason` says why. `source` is the
// name of the source package: it stands in the LicenseRef- of a name without a text, a digest of the text in others.
Copyright ParseCopyright(std::string_view text, std::string_view name, std::string_view source = {});

}  // namespace nachbau::sbom
