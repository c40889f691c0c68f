#include "cli/actor.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace nachbau::cli {
namespace {

TEST(ChooseActorTest, TheNearestWordCounts) {
  Arguments arguments;
  Configuration configuration;
  EXPECT_EQ(ChooseActor(arguments, configuration, {"root", ""}).name, "root");
  EXPECT_EQ(ChooseActor(arguments, configuration, {"root", "mara"}).name, "mara");
  configuration.operator_name = "office a";
  configuration.operator_role = "mirror-keeper";
  EXPECT_EQ(ChooseActor(arguments, configuration, {"root", "mara"}),
            (EventActor{"office a", "mirror-keeper", "root", "mara"}));
  arguments.actor = "Jo";
  arguments.role = "auditor";
  EXPECT_EQ(ChooseActor(arguments, configuration, {"jo", ""}), (EventActor{"Jo", "auditor", "jo", ""}));
}

TEST(ChooseActorTest, RefusesNamesThatAreNone) {
  Arguments arguments;
  arguments.actor = "a\nb";
  try {
    ChooseActor(arguments, {}, {"root", ""});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "not a name for a person or a role: a\\x0ab");
  }
}

}  // namespace
}  // namespace nachbau::cli
