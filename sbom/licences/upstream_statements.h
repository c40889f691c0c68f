// What a source says itself of the licences of its files: SPDX tags and REUSE (reuse.software specification 3.3).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"

namespace nachbau::sbom {

struct UpstreamStatement {
  std::string expression;  // canonical SPDX
  std::string place;       // "src/a.c", "src/a.c.license", "REUSE.toml:3", ".reuse/dep5:7"
};

struct UpstreamStatements {
  std::set<std::string> files;                     // all files of the source
  std::map<std::string, UpstreamStatement> by_file;  // by path
  std::map<std::string, std::string> texts;        // LicenseRef-… → text, from LICENSES/
  std::vector<Message> problems;
};

}  // namespace nachbau::sbom
