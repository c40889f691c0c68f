// The rules of RFC 8785, and its examples of numbers (appendix B).
#include "base/jcs.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "base/error.h"

namespace nachbau {
namespace {

TEST(JcsTest, NumbersAreThoseOfEcmaScript) {
  const std::pair<std::uint64_t, const char*> examples[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : examples) EXPECT_EQ(FormatEcmaScriptNumber(std::bit_cast<double>(bits)), text);
  EXPECT_THROW(FormatEcmaScriptNumber(std::numeric_limits<double>::infinity()), Error);
}

TEST(JcsTest, DocumentsAreInTheOneForm) {
  const std::pair<const char*, const char*> examples[] = {
      // Numbers lose what a double does not hold, and forms that say the same.
      {"[1.0, 1e5, 0.10, -0.0, 9007199254740993, 18446744073709551615, 4.50, 2e-3]",
       "[1,100000,0.1,0,9007199254740992,18446744073709552000,4.5,0.002]"},
      {R"({"b":[true,false,null],"a":{}})", R"({"a":{},"b":[true,false,null]})"},
      {R"(["\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/\u007f\b\f\t\r"])",
       "[\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\x7F\\b\\f\\t\\r\"]"},
      // Section 3.2.3: by UTF-16 code units, so that a smiley (D83D DE00) stands before a Hebrew letter in presentation
      // form (FB33), which as UTF-8 it does not.
      {R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})",
       "{\"\\r\":2,\"1\":4,\"\xC2\x80\":6,\"\xC3\xB6\":7,\"\xE2\x82\xAC\":1,\"\xF0\x9F\x98\x80\":5,\"\xEF\xAC\xB3\":3}"},
      {R"({"a\ufb33":1,"a":2,"a\ud83d\ude00b":3,"a\ud83d\ude00":4})",
       "{\"a\":2,\"a\xF0\x9F\x98\x80\":4,\"a\xF0\x9F\x98\x80" "b\":3,\"a\xEF\xAC\xB3\":1}"},
  };
  for (const auto& [in, out] : examples) EXPECT_EQ(FormatJcs(ParseJson(in, "example")), out);
  // Where FormatCanonical writes at all, it writes the same.
  const Json ours = ParseJson(R"({"z":["ä\n",1,-5,true],"A":{"\u0001":""}})", "ours");
  EXPECT_EQ(FormatJcs(ours), FormatCanonical(ours));
}

}  // namespace
}  // namespace nachbau
