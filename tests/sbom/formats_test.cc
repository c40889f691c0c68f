#include "sbom/validation/formats.h"

#include <gtest/gtest.h>

namespace nachbau::sbom {
namespace {

struct FormatCase {
  const char* format;
  const char* text;
  bool conforms;
};

TEST(FormatsTest, ConformAsTheirSpecificationsSay) {
  const FormatCase cases[] = {
      {"date", "2024-02-29", true},
      {"date", "2023-02-29", false},
      {"date", "2000-02-29", true},
      {"date", "1900-02-29", false},
      {"date", "2024-13-01", false},
      {"date", "2024-1-01", false},
      {"date", "2024-04-31", false},
      {"date", "2024-04-30Z", false},
      {"date-time", "2025-05-10T07:16:24Z", true},
      {"date-time", "2025-05-10t07:16:24.123456z", true},
      {"date-time", "2025-05-10T07:16:24+02:00", true},
      {"date-time", "2025-05-10T07:16:24", false},
      {"date-time", "2025-05-10 07:16:24Z", false},
      {"date-time", "2025-05-10T24:00:00Z", false},
      {"date-time", "2025-05-10T07:60:00Z", false},
      {"date-time", "2025-05-10T07:16:24.Z", false},
      {"date-time", "2025-05-10T07:16:24+0200", false},
      {"date-time", "2025-05-10T07:16:24Zx", false},
      {"date-time", "2016-12-31T23:59:60Z", true},
      {"date-time", "2017-01-01T00:59:60+01:00", true},
      {"date-time", "2016-12-31T22:59:60Z", false},
      {"date-time", "", false},
      {"idn-email", "jo@example.org", true},
      {"idn-email", "jörg@exämple.org", true},
      {"idn-email", "a+b.c@localhost", true},
      {"idn-email", "\"a b\"@example.org", true},
      {"idn-email", "\"a\\\"b\"@example.org", true},
      {"idn-email", "\"a\"b\"@example.org", false},
      {"idn-email", "jo@[192.0.2.1]", true},
      {"idn-email", "jo", false},
      {"idn-email", "@example.org", false},
      {"idn-email", "jo@", false},
      {"idn-email", "jo..doe@example.org", false},
      {"idn-email", "jo doe@example.org", false},
      {"idn-email", "jo@exam_ple.org", false},
      {"idn-email", "jo@-example.org", false},
      {"idn-email", "jo@example..org", false},
      {"iri-reference", "https://example.org/a/b?c=d#e", true},
      {"iri-reference", "http://", true},
      {"iri-reference", "", true},
      {"iri-reference", "../a/b", true},
      {"iri-reference", "a/b:c", true},
      {"iri-reference", "#frag", true},
      {"iri-reference", "https://exämple.org/straße", true},
      {"iri-reference", "https://user:pw@example.org:8080/", true},
      {"iri-reference", "https://[2001:db8::1]:443/x", true},
      {"iri-reference", "https://[v1.a:b]/", true},
      {"iri-reference", "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x", true},
      {"iri-reference", "mailto:jo@example.org", true},
      {"iri-reference", "https://example.org/a b", false},
      {"iri-reference", "https://example.org/?package_name[]=x", false},
      {"iri-reference", "git@example.org:x/y.git", false},
      {"iri-reference", "https://example.org/%zz", false},
      {"iri-reference", "https://example.org/%4", false},
      {"iri-reference", "https://example.org/<x>", false},
      {"iri-reference", "https://example.org/a\\b", false},
      {"iri-reference", "https://example.org/a|b", false},
      {"iri-reference", "https://example.org/#a#b", false},
      {"iri-reference", "https://example.org:8a/", false},
      {"iri-reference", "https://[2001:db8::1/x", false},
      {"iri-reference", "https://[example]/x", false},
      {"iri-reference", ":x", false},
      {"iri-reference", "https://example.org/\xee\x80\x80", false},   // private use, not in a path
      {"iri-reference", "https://example.org/?\xee\x80\x80", true},   // but in a query
      {"iri-reference", "https://example.org/\xff", false},
      {"iri-reference", "https://example.org/\x01", false},
      {"uri", "https://example.org/", true},
      {"uri", "urn:x:y", true},
      {"uri", "ES256", false},
      {"uri", "/a", false},
      {"uri", "https://exämple.org/", false},
  };
  for (const FormatCase& c : cases) {
    EXPECT_EQ(CheckFormat(c.format, c.text), c.conforms ? Format::kConforms : Format::kViolated) << c.format << " " << c.text;
  }
}

TEST(FormatsTest, UnknownFormatsAreNotAsserted) {
  EXPECT_EQ(CheckFormat("string", "anything"), Format::kNotAsserted);
  EXPECT_EQ(CheckFormat("hostname", " "), Format::kNotAsserted);
}

TEST(FormatsTest, TruncatedUtf8DoesNotReadBeyondTheEnd) {
  for (const char* text : {"a\xc3", "a\xe2\x82", "a\xf0\x9f\x98"}) EXPECT_FALSE(IsIriReference(text)) << text;
}

}  // namespace
}  // namespace nachbau::sbom
