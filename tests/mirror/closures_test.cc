#include "mirror/closures.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "mirror/product_status.h"
#include "tests/mirror/small_archive.h"

namespace nachbau::mirror {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

std::string Depends(const std::string& list) { return "Build-Depends: " + list + "\n"; }

class ClosuresTest : public testing::Test {
 protected:
  ClosuresTest() {
    config_.architecture = "amd64";
    config_.state_directory = directory_.path() / "state";
    config_.processes = 2;
    config_.offline = true;
    // hello is built with tool, tool with lang, lang with itself and with tool: a circle. unpackaged's source has gone.
    archive_.Base().Source("hello", "1", Depends("tool, gone")).Binary("hello", "1");
    archive_.Binary("tool", "2", "Built-Using: lang (= 0.9), hello (= 1)\n").Source("tool", "2", Depends("lang"));
    archive_.Binary("lang", "1").Source("lang", "1", Depends("lang, tool, late")).Source("lang", "0.9");
    archive_.Binary("late", "5").Source("late", "5", Depends("nowhere"));
    archive_.Binary("gone", "3", "Source: gone-src (2)\n").Source("gone-src", "3");
    archive_.Source("other", "1", Depends("tool"));
  }
  std::vector<ClosedProduct> Close(const std::vector<std::string>& names, std::uint32_t depth) {
    CloseRequest request;
    request.depth = depth;
    for (const std::string& name : names) request.sources.emplace_back().source = name;
    return mirror::Close(request, MakeSnapshot({archive_}, store_), config_, store_, progress_);
  }
  // "tool_2_amd64.deb environment 0", without those of Base().
  static std::vector<std::string> Files(const Closure& closure) {
    std::vector<std::string> files;
    for (const ClosureFile& file : closure.files) {
      if (file.name.ends_with(".tar.xz")) continue;  // beside each .dsc
      if (file.package == "base-files" || file.package.starts_with("gcc") || file.package == "build-essential" ||
          file.package == "libc6" || file.package == "glibc") {
        continue;
      }
      files.push_back(file.name + " " + std::string(Name(file.role)) + " " + std::to_string(file.level));
    }
    return files;
  }
  static std::vector<std::string> Sources(const Closure& closure) {
    std::vector<std::string> sources;
    for (const ClosureSource& source : closure.sources) {
      if (source.name == "base-files" || source.name.starts_with("gcc") || source.name == "build-essential" ||
          source.name == "glibc") {
        continue;
      }
      sources.push_back(source.name + " " + source.version + " level " + std::to_string(source.level) +
                        (source.environment ? ", " + std::to_string(*source.environment) + " packages" : "") +
                        (source.missing.empty() ? "" : ", " + source.missing) +
                        (source.problem.empty() ? "" : ", " + source.problem));
    }
    return sources;
  }
  ProductChange Keep(const ClosedProduct& product, UnixSeconds now = 1000) {
    return KeepProduct(product, 0, "mara", now, list_, store_);
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "closures-test-"};
  Store store_{directory_.path() / "store"};
  ProductList list_{directory_.path() / "products"};
  SmallArchive archive_;
  MirrorConfig config_;
  SilentProgress progress_;
};

TEST_F(ClosuresTest, TheFirstLevelIsTheLockAndWhatItsPackagesWereBuiltUsing) {
  const auto products = Close({"hello"}, 0);
  ASSERT_EQ(products.size(), 1u);
  EXPECT_FALSE(products[0].problem);
  EXPECT_THAT(Files(products[0].closure),
              UnorderedElementsAre("hello_1.dsc source 0", "tool_2_amd64.deb environment 0",
                                   "gone_3_amd64.deb environment 0", "tool_2.dsc environment-source 0",
                                   "lang_0.9.dsc built-using 0", "hello_1_amd64.deb reference 0"));
  EXPECT_THAT(Sources(products[0].closure),
              ElementsAre("gone-src 2 level 1, no index offers this version", "hello 1 level 0, 6 packages",
                          "lang 0.9 level 1", "tool 2 level 1"));
  for (const LockedFile& file : products[0].lock.files) {
    EXPECT_TRUE(std::any_of(products[0].closure.files.begin(), products[0].closure.files.end(),
                            [&](const ClosureFile& one) { return one.sha256 == file.sha256; }))
        << file.file_name;
  }
  EXPECT_THAT(products[0].lock.missing_sources, ElementsAre("gone-src 2"));
  // What was made can be read again.
  EXPECT_EQ(ClosureFromJson(ToJson(products[0].closure), "doc").files, products[0].closure.files);
}

TEST_F(ClosuresTest, EachLevelBringsWhatTheSourcesBeforeItAreBuiltWith) {
  const Closure closure = Close({"hello"}, 1).at(0).closure;
  EXPECT_THAT(Files(closure), Contains("lang_1_amd64.deb environment 1"));
  EXPECT_THAT(Files(closure), Contains("lang_1.dsc environment-source 1"));
  EXPECT_THAT(Files(closure), Not(Contains(HasSubstr("late"))));
  EXPECT_THAT(Sources(closure), ElementsAre("gone-src 2 level 1, no index offers this version",
                                            "hello 1 level 0, 6 packages", "lang 0.9 level 1", "lang 1 level 2",
                                            "tool 2 level 1, 5 packages"));
}

TEST_F(ClosuresTest, GoesRoundNoCircleAndTellsWhatCannotBeResolved) {
  const Closure closure = Close({"hello"}, kFullDepth).at(0).closure;
  EXPECT_THAT(Sources(closure),
              ElementsAre("gone-src 2 level 1, no index offers this version", "hello 1 level 0, 6 packages",
                          "lang 0.9 level 1", "lang 1 level 2, 7 packages",
                          HasSubstr("late 5 level 3, the build dependencies cannot be satisfied: source package late 5 "
                                    "needs nowhere, which no archive offers"),
                          "tool 2 level 1, 5 packages"));
  EXPECT_THAT(Files(closure), Contains("late_5.dsc environment-source 2"));
  // Deeper than the fixpoint is the fixpoint.
  EXPECT_EQ(ToJson(Close({"hello"}, 900).at(0).closure), ToJson(closure));
}

TEST_F(ClosuresTest, ClosesManyAsItClosesOne) {
  const auto together = Close({"hello", "other", "tool", "hello"}, 2);
  ASSERT_EQ(together.size(), 3u);
  for (const ClosedProduct& product : together) {
    const auto alone = Close({product.name}, 2);
    EXPECT_EQ(ToJson(product.closure), ToJson(alone.at(0).closure)) << product.name;
    EXPECT_EQ(ToJson(product.lock), ToJson(alone.at(0).lock)) << product.name;
  }
}

TEST_F(ClosuresTest, OneThatCannotBeResolvedDoesNotKeepOutTheOthers) {
  const auto products = Close({"late", "hello"}, 1);
  ASSERT_EQ(products.size(), 2u);
  ASSERT_TRUE(products[0].problem);
  EXPECT_THAT(products[0].problem->what(), HasSubstr("needs nowhere"));
  EXPECT_FALSE(products[1].problem);
  EXPECT_THROW(Close({"hello", "no-such-source"}, 0), MissingError);
}

TEST_F(ClosuresTest, TellsOfEachFileWhyItIsMissing) {
  auto products = Close({"hello", "other"}, 0);
  store_.Put("hello1dsc");  // nine bytes; the index says ten
  const FetchCounts counts = FetchClosures(products, config_, store_, progress_);
  EXPECT_EQ(counts.files_fetched, 0u);
  EXPECT_EQ(counts.files_present, 1u);
  ASSERT_EQ(Keep(products[0]), ProductChange::kAdded);
  ASSERT_EQ(Keep(products[1]), ProductChange::kAdded);
  const MirrorStatus status = StatusOf(list_.Choose({"hello"}), list_.All(), store_);
  ASSERT_EQ(status.products.size(), 1u);
  EXPECT_FALSE(status.Complete());
  std::map<std::string, std::string> reasons;
  for (const ClosureFile& file : status.products[0].missing) reasons[file.name] = file.missing;
  EXPECT_EQ(reasons["hello_1.dsc"], "the index names another size than the object has");
  EXPECT_EQ(reasons["tool_2_amd64.deb"], "not held, and --offline forbids fetching it");
  EXPECT_EQ(status.products[0].unoffered.size(), 1u);
  EXPECT_TRUE(status.products[0].missing.front().Needed());
  EXPECT_FALSE(status.products[0].missing.back().Needed());
}

// With objects of the sizes that SmallArchive gives.
TEST_F(ClosuresTest, CountsWhatIsHeldAndShared) {
  auto products = Close({"hello", "other"}, 0);
  const auto give = [&](ClosedProduct& product, const std::string& name, const std::string& bytes) {
    for (ClosureFile& file : product.closure.files) {
      if (file.name != name) continue;
      file.sha256 = store_.Put(bytes).sha256;
      file.size = bytes.size();
    }
    std::sort(product.closure.files.begin(), product.closure.files.end());
  };
  for (ClosedProduct& product : products) give(product, "tool_2_amd64.deb", "the tool");
  give(products[0], "hello_1.dsc", "hello");
  for (const ClosedProduct& product : products) Keep(product);
  const MirrorStatus status = StatusOf(list_.All(), list_.All(), store_);
  ASSERT_EQ(status.products.size(), 2u);
  EXPECT_EQ(status.products[0].product.name, "hello");
  EXPECT_EQ(status.products[0].held, (Holding{2, 13}));
  EXPECT_EQ(status.products[0].shared, (Holding{1, 8}));
  EXPECT_EQ(status.products[1].held, (Holding{1, 8}));
  EXPECT_EQ(status.products[1].shared, (Holding{1, 8}));
  EXPECT_EQ(status.totals.held, (Holding{2, 13}));
  EXPECT_EQ(status.totals.shared, (Holding{1, 8}));
  EXPECT_EQ(status.totals.products, 2u);
  EXPECT_EQ(status.products[0].oldest_proof, 0);
}

TEST_F(ClosuresTest, KeepsAnEarlierVersionUnlessNothingOfItIsLost) {
  EXPECT_EQ(Keep(Close({"hello"}, 0)[0], 1000), ProductChange::kAdded);
  EXPECT_EQ(Keep(Close({"hello"}, 0)[0], 2000), ProductChange::kUnchanged);
  EXPECT_EQ(list_.Find("hello")->current.added, 1000);
  EXPECT_EQ(Keep(Close({"hello"}, 1)[0], 3000), ProductChange::kUpdated);
  EXPECT_THAT(list_.Find("hello")->earlier, IsEmpty());
  const Product before = *list_.Find("hello");
  archive_.Source("hello", "2", Depends("tool"));
  EXPECT_EQ(Keep(Close({"hello"}, 1)[0], 4000), ProductChange::kUpdated);
  const Product product = *list_.Find("hello");
  EXPECT_EQ(product.current.version, "2");
  EXPECT_EQ(product.current.added, 4000);
  EXPECT_THAT(product.earlier, ElementsAre(before.current));
  // Both versions can be reached.
  EXPECT_EQ(ReadLock(product.current, store_)->version, "2");
  EXPECT_EQ(ReadLock(product.earlier[0], store_)->version, "1");
  const auto objects = ObjectsOf(product.current, store_);
  EXPECT_THAT(objects, Contains(product.current.closure));
  EXPECT_THAT(objects, Contains(*product.current.lock));
  EXPECT_THAT(objects, Contains(Sha256("hello2dsc")));
}

TEST_F(ClosuresTest, TakesNoNameFromAProductOfAnotherKind) {
  Product product;
  product.kind = ProductKind::kGit;
  product.name = "hello";
  list_.Save(product);
  try {
    Keep(Close({"hello"}, 0)[0]);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is a product hello of another kind: git"));
  }
}

TEST_F(ClosuresTest, ProductsAreListedFoundAndRemoved) {
  EXPECT_THAT(list_.All(), IsEmpty());
  for (const ClosedProduct& product : Close({"other", "hello"}, 0)) Keep(product);
  WriteFileAtomically(directory_.path() / "products" / "README", "not a product");
  ASSERT_EQ(list_.All().size(), 2u);
  EXPECT_EQ(list_.All()[0].name, "hello");
  EXPECT_FALSE(list_.Find("../products/hello"));
  EXPECT_THROW(list_.Choose({"hello", "nothing"}), MissingError);
  std::filesystem::copy_file(directory_.path() / "products/hello.json", directory_.path() / "products/copy.json");
  EXPECT_THROW(list_.All(), ParseError);
  EXPECT_TRUE(list_.Remove("copy"));
  EXPECT_TRUE(list_.Remove("hello"));
  EXPECT_FALSE(list_.Remove("hello"));
  EXPECT_EQ(list_.All().size(), 1u);
}

TEST_F(ClosuresTest, AProductWhoseClosureIsLostIsDamagedNotEmpty) {
  const auto products = Close({"hello"}, 0);
  Keep(products[0]);
  Product product = *list_.Find("hello");
  product.current.closure = Sha256("lost");
  list_.Save(product);
  const MirrorStatus status = StatusOf(list_.All(), list_.All(), store_);
  EXPECT_FALSE(status.Complete());
  EXPECT_FALSE(status.products[0].damage.empty());
}

}  // namespace
}  // namespace nachbau::mirror
