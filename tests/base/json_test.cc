#include "base/json.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace nachbau {
namespace {

std::string ErrorOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ParseJsonTest, RefusesWhatOthersLetThrough) {
  const std::string deep(static_cast<std::size_t>(kMaxJsonDepth) + 1, '[');
  const std::pair<std::string, const char*> kCases[] = {
      {R"({"a":1,"a":2})", "x: duplicate key: a"},
      {R"({"b":{"a":1,"a":2}})", "x: duplicate key: a"},
      {"18446744073709551616", "x: integer out of range: 18446744073709551616"},
      {"-9223372036854775809", "x: integer out of range: -9223372036854775809"},
      {"1e999", "x"},  // nlohmann says it in its own words
      {deep, "x: nested deeper than 200 levels"},
  };
  for (const auto& [text, message] : kCases) {
    const std::string error = ErrorOf([&] { ParseJson(text, "x"); });
    EXPECT_TRUE(!error.empty() && error.starts_with(message)) << text.substr(0, 60) << ": " << error;
  }
}

TEST(ParseJsonTest, RefusesMalformedTextWithItsLine) {
  for (const std::string& text : {std::string("{\n\"a\": 1,\n}"), std::string("[1\n,\n2"), std::string("\n\n{} {}"),
                                  std::string("\n\n\"\xff\""), std::string("\n\n\"a\nb\""), std::string("\n\nNaN"),
                                  std::string("\n\n01"), std::string("\n\n// c"), std::string("\n\n\"\\ud800\"")}) {
    const std::string error = ErrorOf([&] { ParseJson(text, "x"); });
    EXPECT_TRUE(error.starts_with("x:3: ")) << text << ": " << error;
  }
  EXPECT_NE(ErrorOf([] { ParseJson("", "x"); }), "");
}

TEST(ParseJsonTest, KeepsTheWholeRangeOfIntegers) {
  EXPECT_EQ(ParseJson("18446744073709551615", "x").get<std::uint64_t>(), 18446744073709551615U);
  EXPECT_EQ(ParseJson("-9223372036854775808", "x").get<std::int64_t>(), INT64_MIN);
}

// RFC 8785, section 3.2: sorted keys, no blanks, shortest escapes.
TEST(FormatTest, IsCanonical) {
  const Json value = ParseJson(R"({ "z": [1, -2, true, null], "a": "\u0001\b\t\n\f\r\"\\\/\u00e4\u007f", "": {} })", "x");
  EXPECT_EQ(FormatCanonical(value), R"({"":{},"a":"\u0001\b\t\n\f\r\"\\/ä)" "\x7f" R"(","z":[1,-2,true,null]})");
  EXPECT_EQ(FormatPretty(ParseJson(R"({"b":1,"a":[]})", "x")), "{\n  \"a\": [],\n  \"b\": 1\n}\n");
}

TEST(FormatTest, RefusesWhatHasNoCanonicalForm) {
  EXPECT_THROW(FormatCanonical(Json{{"a", 1.5}}), Error);
  EXPECT_THROW(FormatCanonical(Json{{"a", {1, {{"b", 0.0}}}}}), Error);
  EXPECT_THROW(FormatCanonical(Json{{"a", "\xff"}}), Error);
  EXPECT_THROW(FormatPretty(Json{{"a", 1.5}}), Error);
  EXPECT_THROW(FormatCanonical(Json{{"\xf0\x90\x80\x80", 1}}), Error);
}

TEST(JsonReaderTest, ReadsEveryKind) {
  const Json json = ParseJson(R"({"t":"x","u":3,"i":-3,"b":true,"l":["a","b"],"o":{"k":"v"},"e":[]})", "x");
  JsonReader reader(json, "doc");
  EXPECT_EQ(reader.Text("t"), "x");
  EXPECT_EQ(reader.Unsigned("u"), 3U);
  EXPECT_EQ(reader.Integer("i"), -3);
  EXPECT_TRUE(reader.Boolean("b"));
  EXPECT_EQ(reader.Texts("l"), (std::vector<std::string>{"a", "b"}));
  JsonReader inner = reader.Object("o");
  EXPECT_EQ(inner.Text("k"), "v");
  EXPECT_EQ(inner.PlaceOf("k"), "doc/o/k");
  EXPECT_TRUE(reader.Array("e").empty());
  EXPECT_EQ(reader.TextOr("absent", "otherwise"), "otherwise");
  EXPECT_EQ(reader.FindMember("absent"), nullptr);
  reader.Done();
}

TEST(JsonReaderTest, NamesThePlaceOfWhatIsWrong) {
  const Json json = ParseJson(R"({"t":"x","u":3,"l":["a",1],"surprise":1})", "x");
  const std::pair<std::function<void(JsonReader&)>, const char*> kCases[] = {
      {[](JsonReader& r) { r.Text("none"); }, "doc: member is missing: none"},
      {[](JsonReader& r) { r.Text("u"); }, "doc/u: must be a string"},
      {[](JsonReader& r) { r.Unsigned("t"); }, "doc/t: must be an unsigned integer"},
      {[](JsonReader& r) { r.Integer("t"); }, "doc/t: must be an integer"},
      {[](JsonReader& r) { r.Boolean("t"); }, "doc/t: must be true or false"},
      {[](JsonReader& r) { r.Array("t"); }, "doc/t: must be an array"},
      {[](JsonReader& r) { r.Texts("l"); }, "doc/l: must be an array of strings"},
      {[](JsonReader& r) { r.Object("l"); }, "doc/l: must be an object"},
      {[](JsonReader& r) { r.TextOr("u", "x"); }, "doc/u: must be a string"},
  };
  for (const auto& [action, message] : kCases) {
    JsonReader reader(json, "doc");
    EXPECT_EQ(ErrorOf([&] { action(reader); }), message);
  }
}

TEST(JsonReaderTest, RefusesMembersNobodyAskedFor) {
  const Json json = ParseJson(R"({"t":"x","surprise":1})", "x");
  JsonReader reader(json, "doc");
  reader.Text("t");
  EXPECT_TRUE(ErrorOf([&] { reader.Done(); }).find("surprise") != std::string::npos);
  EXPECT_THROW(JsonReader(Json(3), "doc"), ParseError);
}

}  // namespace
}  // namespace nachbau
