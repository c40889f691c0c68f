// A file by name and content, and the names under which documents speak of content.
#pragma once

#include <compare>
#include <string>

#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

struct Artifact {
  std::string name;  // a file name, no directory
  ContentId content;
  auto operator<=>(const Artifact&) const = default;
};

// {"name": …, "size": …, "sha256": hex, "sha512": hex}
Json ToJson(const Artifact& artifact);
Artifact ArtifactFromJson(const Json& json, const std::string& place);
Json ToJson(const ContentId& content);
ContentId ContentIdFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
