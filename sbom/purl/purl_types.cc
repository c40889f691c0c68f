#include "sbom/purl/purl_types.h"

#include <algorithm>
#include <sstream>

#include "base/error.h"

namespace nachbau::sbom {

std::string_view PurlTypeTable();  // purl_types.txt, embedded at build time

namespace {

Presence PresenceOf(const std::string& word) {
  NACHBAU_CHECK(word == "required" || word == "optional" || word == "prohibited");
  return word == "required" ? Presence::kRequired : word == "optional" ? Presence::kOptional : Presence::kProhibited;
}

void ReadRule(const std::string& rule, PurlType& type) {
  const std::size_t colon = rule.find(':');
  NACHBAU_CHECK(colon != rule.npos);
  const std::string key = rule.substr(0, colon);
  const std::size_t equals = rule.find('=');
  const std::string word = rule.substr(colon + 1, equals == rule.npos ? rule.npos : equals - colon - 1);
  const std::string value = equals == rule.npos ? "" : rule.substr(equals + 1);
  if (key == "qualifier") {
    type.qualifiers.push_back(word);
  } else if (key == "lower" || key == "upper") {
    NACHBAU_CHECK(word == "namespace" || (key == "lower" && (word == "name" || word == "version")));
    (key == "upper"        ? type.upper_namespace
     : word == "namespace" ? type.lower_namespace
     : word == "name"      ? type.lower_name
                           : type.lower_version) = true;
  } else if (key == "namespace" && word == "segments") {
    type.most_segments = std::stoul(value);
  } else if (key == "namespace") {
    type.namespace_ = PresenceOf(word);
  } else if (key == "version" && word == "starts") {
    type.version_starts = value;
  } else if (key == "version") {
    type.version = PresenceOf(word);
  } else if (key == "name" && word == "without") {
    type.name_forbids = value;
  } else if (key == "name" && word == "only") {
    type.name_letters = value;
  } else {
    NACHBAU_CHECK(key == "name" && word == "dashes");
    type.single_dashes = true;
  }
}

}  // namespace

const std::vector<PurlType>& PurlTypes() {
  static const std::vector<PurlType> types = [] {
    std::vector<PurlType> list;
    std::istringstream table{std::string(PurlTypeTable())};
    for (std::string line; std::getline(table, line);) {
      std::istringstream words(line);
      PurlType type;
      if (line.starts_with('#') || !(words >> type.name)) continue;
      for (std::string rule; words >> rule;) ReadRule(rule, type);
      list.push_back(std::move(type));
    }
    NACHBAU_CHECK(
        std::is_sorted(list.begin(), list.end(), [](const PurlType& a, const PurlType& b) { return a.name < b.name; }));
    return list;
  }();
  return types;
}

const PurlType* FindPurlType(std::string_view name) {
  const auto& types = PurlTypes();
  const auto found = std::lower_bound(types.begin(), types.end(), name,
                                      [](const PurlType& type, std::string_view wanted) { return type.name < wanted; });
  return found != types.end() && found->name == name ? &*found : nullptr;
}

}  // namespace nachbau::sbom
