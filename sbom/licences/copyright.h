// Machine-readable debian/copyright files (DEP-5, "copyright-format/1.0").
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace nachbau::sbom {

struct Copyright {
  bool machine_readable = false;
  // SPDX expressions of all Files paragraphs, and of the header where it names one.
  std::set<std::string> licences;
};

// Never throws: of a file that is not machine-readable, or is broken, nothing is known.
Copyright ParseCopyright(std::string_view text, std::string_view name);

}  // namespace nachbau::sbom
