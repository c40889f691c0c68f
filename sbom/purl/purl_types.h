// The registered types of package URLs, from purl_types.txt.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachbau::sbom {

enum class Presence { kOptional, kRequired, kProhibited };

struct PurlType {
  std::string name;
  Presence namespace_ = Presence::kOptional;
  Presence version = Presence::kOptional;
  bool lower_namespace = false, upper_namespace = false, lower_name = false, lower_version = false;
  bool single_dashes = false;           // runs of '-', '_' and '.' in the name are one '-'
  std::string name_forbids;             // a text that a name must not contain
  std::string name_letters;             // the only characters of a name; empty: any
  std::string version_starts;           // what a version begins with
  std::size_t most_segments = 0;        // of the namespace; 0: any number
  std::vector<std::string> qualifiers;  // that must be there
};

const PurlType* FindPurlType(std::string_view name);  // nullptr when it is not registered
const std::vector<PurlType>& PurlTypes();             // sorted by name

}  // namespace nachbau::sbom
