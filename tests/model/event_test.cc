#include "model/event.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau {
namespace {

using testing::HasSubstr;

MirrorEvent Sample(Json details = {{"fingerprint", "AB"}}) {
  return MakeEvent("mirror.key.add", ParseTime("2026-11-25T12:00:00Z", "test"), {"mara", "mirror-keeper", "root", "mara"},
                   std::move(details));
}

TEST(MirrorEventTest, BecomesAStatementAndComesBack) {
  MirrorEvent event = Sample({{"fingerprint", "AB"},
                              {"subjects", Json::array({{{"name", "keys"}, {"sha256", Sha256("x").Hex()}}})}});
  event.repeated = true;
  const Json statement = ToJson(event);
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], "urn:nachbau:predicate:mirror-event:1");
  EXPECT_EQ(statement["subject"][0]["digest"]["sha256"], Sha256("x").Hex());
  EXPECT_FALSE(statement["predicate"]["details"].contains("subjects"));
  const MirrorEvent back = EventFromJson(statement, "event");
  EXPECT_EQ(ToJson(back), statement);
  EXPECT_EQ(back.actor, event.actor);
  EXPECT_TRUE(back.repeated);
}

TEST(MirrorEventTest, WithoutSubjectsItsDetailsAreTheSubject) {
  const MirrorEvent event = Sample();
  ASSERT_EQ(event.subjects.size(), 1u);
  EXPECT_EQ(event.subjects[0].name, "mirror.key.add");
  EXPECT_EQ(event.subjects[0].sha256, Sha256(R"({"fingerprint":"AB"})"));
}

TEST(MirrorEventTest, RefusesDetailsThatAreNoObjectAndSubjectsThatAreNone) {
  EXPECT_THROW(Sample(Json::array()), ParseError);
  EXPECT_THROW(Sample({{"subjects", "x"}}), ParseError);
  EXPECT_THROW(Sample({{"subjects", Json::array({{{"name", "x"}}})}}), ParseError);
  EXPECT_THROW(Sample({{"subjects", Json::array({{{"name", "x"}, {"sha256", "00"}}})}}), ParseError);
}

TEST(MirrorEventTest, RefusesOtherStatements) {
  const Json good = ToJson(Sample());
  const auto error_of = [](const Json& json) -> std::string {
    try {
      EventFromJson(json, "event");
    } catch (const ParseError& error) {
      return error.what();
    }
    return "no error";
  };
  Json bad = good;
  bad["predicateType"] = "https://slsa.dev/provenance/v1";
  EXPECT_THAT(error_of(bad), HasSubstr("/predicateType"));
  bad = good;
  bad["subject"] = Json::array();
  EXPECT_THAT(error_of(bad), HasSubstr("/subject"));
  for (const char* action : {"", "Mirror", "mirror..add", ".add", "mirror add"}) {
    bad = good;
    bad["predicate"]["action"] = action;
    EXPECT_THAT(error_of(bad), HasSubstr("/predicate/action")) << action;
  }
  bad = good;
  bad["predicate"]["actor"]["name"] = "a\nb";
  EXPECT_THAT(error_of(bad), HasSubstr("/predicate/actor/name"));
  bad = good;
  bad["predicate"]["more"] = 1;
  EXPECT_THAT(error_of(bad), HasSubstr("more"));
}

TEST(MirrorEventTest, NamesOfPeopleAreOneLineOfText) {
  EXPECT_TRUE(IsActorName("Mara Müller, Leipzig"));
  for (const std::string name : {"", "  ", "a\tb", "a\x7f", "\xff"}) EXPECT_FALSE(IsActorName(name));
  EXPECT_FALSE(IsActorName(std::string(101, 'a')));
}

}  // namespace
}  // namespace nachbau
