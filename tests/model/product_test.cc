#include "model/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "model/product_status.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

using ::testing::HasSubstr;

Product MakeProduct() {
  Product product;
  product.kind = ProductKind::kDebian;
  product.name = "hello";
  product.origin = "Debian";
  product.architecture = "amd64";
  product.depth = 2;
  product.added_by = "mara (mirror-keeper)";
  product.current = {"2.0-1", 1746868584, Sha256("lock"), Sha256("closure")};
  product.earlier = {{"1.0-1", 1736868584, std::nullopt, Sha256("old closure")}};
  return product;
}

TEST(ProductTest, RoundTrips) {
  Product product = MakeProduct();
  EXPECT_EQ(ProductFromJson(ExpectGolden("product.json", ToJson(product)), "doc"), product);
  product.depth = kFullDepth;
  EXPECT_EQ(ToJson(product)["depth"], "max");
  EXPECT_EQ(ProductFromJson(ToJson(product), "doc"), product);
}

TEST(ProductTest, RefusesWhateverIsNotAProduct) {
  ExpectAllRefused(SpoilEverywhere(ToJson(MakeProduct()), {"/lock", "/earlier/*/lock"}, {}),
                   [](const Json& json) { ProductFromJson(json, "doc"); });
}

TEST(ProductTest, RefusesValuesThatNoProductHas) {
  for (const auto& [key, value, expected] :
       {std::tuple("kind", Json("floppy"), "doc/kind: must be debian, git, tarball or npm"),
        {"name", Json("../hello"), "doc/name: must be a name of letters, digits, +, -, . and _"},
        {"depth", Json("deep"), "doc/depth: must be a number of levels or \"max\""},
        {"depth", Json(4294967295U), "doc/depth: must be a number of levels or \"max\""},
        {"depth", Json(-1), "doc/depth: must be a number of levels or \"max\""}}) {
    Json json = ToJson(MakeProduct());
    json[key] = value;
    try {
      ProductFromJson(json, "doc");
      ADD_FAILURE() << key << " " << value;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr(expected));
    }
  }
}

TEST(IsProductNameTest, TakesNamesThatAreSafeAsFileNames) {
  for (const char* name : {"hello", "g++-12", "libstdc++6", "0ad", "Hello_World.git"}) EXPECT_TRUE(IsProductName(name));
  for (const char* name : {"", ".", "..", ".hidden", "-rf", "_x", "a/b", "a b", "a\n", "\xc3\xa4"}) {
    EXPECT_FALSE(IsProductName(name)) << name;
  }
  EXPECT_TRUE(IsProductName(std::string(200, 'a')));
  EXPECT_FALSE(IsProductName(std::string(201, 'a')));
}

TEST(MirrorStatusTest, IsCompleteUnlessSomethingNeededIsMissing) {
  MirrorStatus status;
  status.products.resize(2);
  status.products[1].missing_wanted.Add(10);
  EXPECT_TRUE(status.Complete());
  status.products[1].missing_needed.Add(10);
  EXPECT_FALSE(status.Complete());
  status.products[1].missing_needed = {};
  status.products[0].damage = "not held";
  EXPECT_FALSE(status.Complete());
}

}  // namespace
}  // namespace nachbau
