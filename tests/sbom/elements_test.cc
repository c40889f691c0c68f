#include "sbom/elements.h"

#include <gtest/gtest.h>

#include "sbom/purl/purl.h"

namespace nachbau::sbom {
namespace {

TEST(ElementsTest, SerialNumberIsAUuidOfVersion5) {
  // python3 -c 'import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, "https://example.org/x"))'
  EXPECT_EQ(SerialNumber("https://example.org/x"), "urn:uuid:fdb420ba-c7a0-5bc0-b348-39fd508cc82c");
}

TEST(ElementsTest, ChangelogDateIsThatOfTheFirstEntry) {
  EXPECT_EQ(ChangelogDate("a (1) unstable; urgency=low\n\n  * x -- y\n\n -- A <a@example.org>  Sat, 10 May 2025 09:16:24 +0200\n"
                          "\n -- A <a@example.org>  Sat, 10 May 2003 09:16:24 +0200\n"),
            1746861384);
  EXPECT_FALSE(ChangelogDate(""));
  EXPECT_FALSE(ChangelogDate(" -- A <a@example.org>  someday\n"));
  EXPECT_FALSE(ChangelogDate(" -- A\n"));
}

TEST(ElementsTest, OrganisationTakesOnlyRealAddresses) {
  EXPECT_EQ(Organisation("Jo <jo@example.org>"), Json::parse(R"({"name":"Jo","contact":[{"email":"jo@example.org"}]})"));
  EXPECT_EQ(Organisation("<jo@example.org>"), Json::parse(R"({"name":"jo@example.org","contact":[{"email":"jo@example.org"}]})"));
  EXPECT_EQ(Organisation("Jo <nobody>"), Json::parse(R"({"name":"Jo <nobody>"})"));
  EXPECT_EQ(Organisation("Jo"), Json::parse(R"({"name":"Jo"})"));
}

TEST(ElementsTest, UnresolvedComponentsHaveTheVersionsThatWouldDo) {
  EXPECT_EQ(UnresolvedComponent({"a", "", ""}).dump(),
            R"({"bom-ref":"dependency:a","isExternal":true,"name":"a","purl":"pkg:deb/debian/a","type":"library"})");
  EXPECT_EQ(UnresolvedComponent({"a", ">=", "1:2+b"}).at("versionRange"), "vers:deb/>=1:2%2Bb");
  EXPECT_EQ(UnresolvedComponent({"a", "<<", "2~"}).at("versionRange"), "vers:deb/<2~");
  EXPECT_EQ(UnresolvedComponent({"a", "=", "2"}).at("version"), "2");
  EXPECT_EQ(UnresolvedComponent({"a", "=", "2"}).at("purl"), "pkg:deb/debian/a@2");
}

TEST(PurlTest, EncodesAsTheSpecificationSays) {
  EXPECT_EQ(DebPurl("attr", "1:2.4.47-2+b1", "amd64"), "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64");
  EXPECT_EQ(DebPurl("libstdc++6", "12~rc1", "all"), "pkg:deb/debian/libstdc%2B%2B6@12~rc1?arch=all");
  EXPECT_EQ(DebPurl("Foo", "1", "source"), "pkg:deb/debian/foo@1?arch=source");
}

}  // namespace
}  // namespace nachbau::sbom
