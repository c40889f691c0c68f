#include "mirror/package_lock.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

const std::string kSri = "sha512-" + EncodeBase64(std::string(64, '\x01'));

std::string Lock(const std::string& packages) { return "{\"name\":\"app\",\"lockfileVersion\":3,\"packages\":{" + packages + "}}"; }
std::string Package(const std::string& path, const std::string& members) {
  return "\"" + path + "\":{\"version\":\"1.0.0\"," + members + "}";
}
std::string RefusalOf(const std::string& text) {
  try {
    ParsePackageLock(text, "lock");
    return "not refused";
  } catch (const ParseError& error) {
    return error.what();
  }
}

TEST(PackageLockTest, ReadsWhatIsToBeFetched) {
  const std::string sri = "\"integrity\":\"sha1-AAAA " + kSri + "\"";
  const PackageLock lock = ParsePackageLock(
      Lock("\"\":{\"name\":\"app\"}," + Package("node_modules/a", sri) + "," +
           Package("node_modules/a/node_modules/@s/b", sri + ",\"resolved\":\"https://example.org/b.tgz\"") + "," +
           Package("node_modules/alias", sri + ",\"name\":\"real\"") + ",\"node_modules/w\":{\"link\":true,\"resolved\":\"w\"}," +
           "\"w\":{\"version\":\"1.0.0\"}," + Package("node_modules/a/node_modules/c", "\"inBundle\":true")),
      "lock");
  ASSERT_EQ(lock.packages.size(), 3U);
  EXPECT_EQ(NpmTarballUrl("https://example.org/npm/", lock.packages[0]), "https://example.org/npm/a/-/a-1.0.0.tgz");
  EXPECT_EQ(lock.packages[1].name, "@s/b");
  EXPECT_EQ(NpmTarballUrl("", lock.packages[1]), "https://example.org/b.tgz");
  EXPECT_EQ(lock.packages[2].name, "real");
  const Json local = WithLocalTarballs(lock, {{"node_modules/a", "tarballs/x.tgz"}});
  EXPECT_EQ(local["packages"]["node_modules/a"]["resolved"], "file:tarballs/x.tgz");
  EXPECT_EQ(PackageJsonOf(lock), (Json{{"name", "app"}}));
}

TEST(PackageLockTest, ScopedPackagesHaveTheirNameTwiceInTheUrl) {
  NpmPackage package;
  package.name = "@cyclonedx/library";
  package.version = "1.0.0+x";
  EXPECT_EQ(NpmTarballUrl("http://example.org", package), "http://example.org/@cyclonedx/library/-/library-1.0.0%2Bx.tgz");
}

TEST(PackageLockTest, ReadsOurOwn) {
  const std::string file = std::string(NACHBAU_SOURCE_DIR) + "/package-lock.json";
  const PackageLock lock = ParsePackageLock(ReadFile(file), file);
  const auto library = std::find_if(lock.packages.begin(), lock.packages.end(), [](const NpmPackage& package) {
    return package.name == "@cyclonedx/cyclonedx-library";
  });
  ASSERT_NE(library, lock.packages.end());
  EXPECT_EQ(library->url, "");
}

TEST(PackageLockTest, Refuses) {
  const struct {
    std::string text, refusal;
  } cases[] = {
      {"[]", "not a package-lock.json"},
      {"{\"lockfileVersion\":1,\"packages\":{}}", "not a package-lock.json of version 2 or 3"},
      {"{\"lockfileVersion\":3}", "there are no packages in it"},
      {Lock(Package("node_modules/a", "\"integrity\":\"sha1-AAAA\"")), "node_modules/a: has only a weak digest: sha1-AAAA"},
      {Lock(Package("node_modules/a", "\"dev\":true")), "node_modules/a: has no digest"},
      {Lock(Package("node_modules/a", "\"integrity\":\"sha512-AAAA\"")), "not a SHA-512"},
      {Lock(Package("node_modules/a", "\"resolved\":\"git+ssh://x\",\"integrity\":\"" + kSri + "\"")),
       "comes from git+ssh://x, not from a registry"},
      {Lock(Package("node_modules/../../x", "\"integrity\":\"" + kSri + "\"")), "not the name of an npm package"},
      {Lock(Package("node_modules/a", "\"name\":\"a b\",\"integrity\":\"" + kSri + "\"")), "not the name of an npm package"},
  };
  for (const auto& one : cases) EXPECT_THAT(RefusalOf(one.text), HasSubstr(one.refusal));
}

}  // namespace
}  // namespace nachbau::mirror
