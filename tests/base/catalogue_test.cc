#include "base/catalogue.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau {
namespace {

TEST(ParseLanguageTest, KnowsLocalesAndCodes) {
  for (const char* text : {"de", "de_DE.UTF-8", "de_AT", "de@euro", "de-CH"}) {
    EXPECT_EQ(ParseLanguage(text), Language::kGerman) << text;
  }
  for (const char* text : {"en", "en_GB.UTF-8", "C", "C.UTF-8", "POSIX"}) {
    EXPECT_EQ(ParseLanguage(text), Language::kEnglish) << text;
  }
  for (const char* text : {"", "fr", "deutsch", "DE", "_de"}) EXPECT_EQ(ParseLanguage(text), std::nullopt) << text;
}

class CatalogueTest : public ::testing::Test {
 protected:
  CatalogueTest() {
    ProcessRequest request;
    request.arguments = {"msgfmt", "--endianness=little", "-o", (directory_.path() / "x.mo").native(), "-"};
    request.standard_input =
        "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n"
        "msgid \"{} of {}\"\nmsgstr \"{2}, davon {1}\"\nmsgid \"fine\"\nmsgstr \"schön\"\n";
    EXPECT_EQ(RunProcess(request).exit_code, 0);
    mo_ = ReadFile(directory_.path() / "x.mo");
  }
  const TemporaryDirectory directory_{"/tmp", "catalogue-test-"};
  std::string mo_;
};

TEST_F(CatalogueTest, TranslatesAndReorders) {
  const Catalogue catalogue(Language::kGerman, mo_, "x.mo");
  EXPECT_EQ(catalogue.Translate(Msg("fine")), "schön");
  EXPECT_EQ(catalogue.Translate(Msg("{} of {}", 3, 4)), "4, davon 3");
  EXPECT_EQ(catalogue.Translate(Msg("unknown {}", 1)), "unknown 1");
}

TEST_F(CatalogueTest, RefusesEveryTruncation) {
  for (std::size_t size = 0; size < mo_.size() - 1; ++size) {
    EXPECT_THROW(Catalogue(Language::kGerman, std::string_view(mo_).substr(0, size), "x.mo"), ParseError) << size;
  }
  EXPECT_THROW(Catalogue(Language::kGerman, std::string(100, 'x'), "x.mo"), ParseError);
}

TEST(BuiltInCatalogueTest, SpeaksGermanWithoutAnyLocale) {
  EXPECT_EQ(Catalogue(Language::kEnglish).Translate(Msg("cancelled")), "cancelled");
  EXPECT_EQ(Catalogue(Language::kGerman).Translate(Msg("cancelled")), "abgebrochen");
}

}  // namespace
}  // namespace nachbau
