#include "model/variation.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

VariationReport MakeReport() {
  VariationReport report;
  report.source = "hello";
  report.version = "2.0-1";
  report.architecture = "amd64";
  report.lock = Sha256("lock");
  report.root = Sha256("root");
  report.varied = {"build-path", "umask"};
  report.not_varied = {{"processors", "this machine has one processor"}};
  report.builds = {{{}, BuildOutcome::kBuilt, "", {{"hello_2.0-1_amd64.deb", Sha256("a")}}, 1000},
                   {{"build-path", "umask"}, BuildOutcome::kBuilt, "", {{"hello_2.0-1_amd64.deb", Sha256("b")}}, 1100},
                   {{"umask"}, BuildOutcome::kFailed, "why", {}, 900}};
  report.causes = {{{"umask"}, "why", {{"hello_2.0-1_amd64.deb", {{"data.tar.xz", "metadata", "mode", {}}}}}}};
  report.verdict = VariationVerdict::kDependent;
  return report;
}

TEST(VariationReportTest, RoundTrips) {
  const VariationReport report = MakeReport();
  const VariationReport read = VariationReportFromJson(ExpectGolden("variation.json", ToJson(report)), "doc");
  EXPECT_EQ(ToJson(read), ToJson(report));
  EXPECT_EQ(read.builds[1].artifacts, report.builds[1].artifacts);
  EXPECT_EQ(read.causes[0].artifacts[0].differences, report.causes[0].artifacts[0].differences);
}

TEST(VariationReportTest, RefusesWhateverIsNotExactlyIt) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeReport()), {"/causes/*/artifacts/*/differences/*/inside"},
                                   {"/notVaried", "/builds/*/artifacts"}),
                   [](const Json& json) { VariationReportFromJson(json, "doc"); });
}

}  // namespace
}  // namespace nachbau
