#include "tests/model/strictness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace nachbau {
namespace {

std::string Generic(std::string pointer) {
  std::string result;
  for (std::size_t i = 0; i < pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', i + 1), pointer.size());
    const std::string part = pointer.substr(i + 1, end - i - 1);
    const bool number = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    result += "/" + (number ? "*" : part);
    i = end;
  }
  return result;
}

void Visit(const Json& value, const std::string& pointer, const std::function<void(const std::string&, const Json&)>& sink) {
  sink(pointer, value);
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) Visit(child, pointer + "/" + key, sink);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) Visit(value[i], pointer + "/" + std::to_string(i), sink);
  }
}

}  // namespace

std::vector<SpoiledJson> SpoilEverywhere(const Json& good, const std::set<std::string>& optional,
                                         const std::set<std::string>& free_form) {
  std::vector<SpoiledJson> spoiled;
  const auto at = [](Json& json, const std::string& pointer) -> Json& { return json[Json::json_pointer(pointer)]; };
  Visit(good, "", [&](const std::string& pointer, const Json& value) {
    Json other = good;
    at(other, pointer) = value.is_number() ? Json("text") : Json(-1.5);
    spoiled.push_back({"other type at " + pointer, std::move(other)});
    if (!value.is_object() || free_form.contains(Generic(pointer))) return;
    Json more = good;
    at(more, pointer)["surprise"] = 1;
    spoiled.push_back({"too much in " + pointer, std::move(more)});
    for (const auto& [key, child] : value.items()) {
      if (optional.contains(Generic(pointer + "/" + key))) continue;
      Json less = good;
      at(less, pointer).erase(key);
      spoiled.push_back({"without " + pointer + "/" + key, std::move(less)});
    }
  });
  return spoiled;
}

void ExpectAllRefused(const std::vector<SpoiledJson>& spoiled, const std::function<void(const Json&)>& read) {
  EXPECT_GT(spoiled.size(), 10U);
  for (const SpoiledJson& document : spoiled) {
    try {
      read(document.json);
      ADD_FAILURE() << "accepted: " << document.how;
    } catch (const ParseError& error) {
      EXPECT_TRUE(std::string_view(error.what()).starts_with("doc")) << document.how << ": " << error.what();
    }
  }
}

Json ExpectGolden(const std::string& name, const Json& value) {
  const std::filesystem::path path = std::filesystem::path(NACHBAU_SOURCE_DIR) / "tests/golden/model" / name;
  if (const char* accept = std::getenv("NACHBAU_ACCEPT"); accept != nullptr && std::string_view(accept) == "1") {
    WriteFileAtomically(path, FormatPretty(value));
  }
  const std::string text = ReadFile(path);
  EXPECT_EQ(text, FormatPretty(value)) << "NACHBAU_ACCEPT=1 takes the new form";
  return ParseJson(text, name);
}

}  // namespace nachbau
