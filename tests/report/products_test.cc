#include "report/products.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nachbau::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ProductsTest : public ::testing::Test {
 protected:
  ProductsTest() {
    ProductStatus one;
    one.product.name = "hello";
    one.product.current.version = "2.0-1";
    one.product.depth = kFullDepth;
    one.held = {120, 3'400'000};
    one.shared = {100, 3'000'000};
    one.oldest_proof = 1746868584;
    ProductStatus two;
    two.product.name = "a-much-longer-name";
    two.product.current.version = "1";
    two.held = {1, 10};
    status_.products = {two, one};
    status_.totals.products = 2;
    status_.totals.held = {121, 3'400'010};
  }
  static ClosureFile File(const std::string& name, ClosureRole role, const std::string& reason) {
    ClosureFile file;
    file.name = name;
    file.role = role;
    file.missing = reason;
    return file;
  }
  std::string Text(bool all = false, Language language = Language::kEnglish) const {
    return FormatMirrorStatus(status_, all, Catalogue(language));
  }
  MirrorStatus status_;
};

TEST_F(ProductsTest, IsATable) {
  EXPECT_EQ(Text(),
            "product             version  depth  held               of it shared       missing, needed  missing, wanted  "
            "oldest proof\n"
            "a-much-longer-name  1        0      1 files, 10 B      -                  -                -                "
            "-\n"
            "hello               2.0-1    max    120 files, 3.4 MB  100 files, 3.0 MB  -                -                "
            "2025-05-10\n"
            "all together                        121 files, 3.4 MB  -                  -                -                "
            "-\n"
            "Everything is held: for a rebuild, and for independence as far as the depth goes.\n");
}

TEST_F(ProductsTest, TellsWhatARebuildNeedsFromWhatIsOnlyWanted) {
  ProductStatus& one = status_.products[1];
  one.missing = {File("hello_2.dsc", ClosureRole::kSource, "404 Not Found"),
                 File("tool_1.dsc", ClosureRole::kEnvironmentSource, "404 Not Found"),
                 File("tool_1.tar.xz", ClosureRole::kEnvironmentSource, "404 Not Found"),
                 File("lang\x1b_1.dsc", ClosureRole::kEnvironmentSource, "timeout")};
  one.missing_needed = {1, 100};
  one.missing_wanted = {3, 200};
  one.unoffered = {{"gcc-12", "12.2-1", 1, "no index offers this version", {}, {}}};
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hello: 1 files are missing that a rebuild needs:\n"
                              "    hello_2.dsc (source, level 0): 404 Not Found\n"));
  EXPECT_THAT(text, HasSubstr("hello: 3 files are missing that only independence needs: 2 x 404 Not Found; 1 x timeout\n"));
  EXPECT_THAT(text, HasSubstr("hello: 1 source packages are in no index at the version needed\n"));
  EXPECT_THAT(text, Not(HasSubstr("tool_1.dsc")));
  EXPECT_THAT(text, Not(HasSubstr("Everything")));
  EXPECT_THAT(Text(true), HasSubstr("    tool_1.dsc (environment-source, level 0): 404 Not Found\n"));
  EXPECT_THAT(Text(true), HasSubstr("    gcc-12 12.2-1 (level 1): no index offers this version\n"));
  EXPECT_THAT(Text(true), Not(HasSubstr("\x1b")));
  one.missing_needed = {};
  one.missing.erase(one.missing.begin());
  EXPECT_THAT(Text(), HasSubstr("Everything that a rebuild needs is held."));
}

TEST_F(ProductsTest, SaysThatThereIsNothing) {
  status_ = {};
  EXPECT_EQ(Text(), "There are no products. 'nachbau mirror add SOURCE' makes one.\n");
}

}  // namespace
}  // namespace nachbau::report
