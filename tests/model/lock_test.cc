#include "model/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/model/strictness.h"

namespace nachbau {
namespace {

Lock MakeLock() {
  Lock lock;
  lock.source = "hello";
  lock.version = "1:2.0-1";
  lock.architecture = "amd64";
  lock.recipe.build_profiles = {"nocheck", "nodoc"};
  lock.recipe.parts = BuildParts::kArchitecture;
  lock.recipe.binary_version = "1:2.0-1+b1";
  lock.recipe.changelog_entry = "hello (1:2.0-1+b1) sid; urgency=low, binary-only=yes\n";
  lock.binaries = {"hello", "hello-doc"};
  lock.missing_sources = {"gcc-12 12.2.0-14"};
  ReleaseProof release;
  release.uri = "http://archive.example.org/debian";
  release.suite = "bookworm";
  release.origin = "Debian";
  release.codename = "bookworm";
  release.date = 1746868584;
  release.in_release = Sha256("in release");
  release.keyring = Sha256("keyring");
  release.signers = {"0123456789ABCDEF0123456789ABCDEF01234567"};
  lock.releases.push_back(release);
  release.valid_until = 1747473384;
  release.overrides = {"valid-until"};
  lock.releases.push_back(release);
  lock.indexes = {{0, "main/source/Sources.xz", Sha256("sources")}, {1, "main/binary-amd64/Packages.xz", Sha256("packages")}};
  LockedFile file;
  for (const InputRole role :
       {InputRole::kSource, InputRole::kEnvironment, InputRole::kEnvironmentSource, InputRole::kReference}) {
    file.role = role;
    file.package = "hello";
    file.version = "1:2.0-1";
    file.architecture = "source";
    file.source = "hello";
    file.source_version = "1:2.0-1";
    file.path = "pool/main/h/hello/hello_2.0-1.dsc";
    file.file_name = "hello_2.0-1.dsc";
    file.index = role == InputRole::kSource ? 0 : 1;
    file.size = 18446744073709551615U;
    file.sha256 = Sha256("file");
    lock.files.push_back(file);
    file.sha512 = HashBytes("file").sha512;
  }
  return lock;
}

TEST(LockTest, RoundTrips) {
  const Lock lock = MakeLock();
  const Lock read = LockFromJson(ExpectGolden("lock.json", ToJson(lock)), "doc");
  EXPECT_EQ(ToJson(read), ToJson(lock));
  EXPECT_EQ(read.releases, lock.releases);
  EXPECT_EQ(read.indexes, lock.indexes);
  EXPECT_EQ(read.files, lock.files);
  EXPECT_EQ(DigestOf(read), DigestOf(lock));
}

// python3 -c 'import hashlib, json; d = json.load(open("tests/golden/model/lock.json"));
//   print(hashlib.sha256(json.dumps(d, sort_keys=True, separators=(",", ":")).encode()).hexdigest())'
TEST(LockTest, DigestIsThatOfTheCanonicalForm) {
  EXPECT_EQ(DigestOf(MakeLock()).Hex(), "185ffb4e9dddb411f834d43d3618f687dae7352be362b749822a45be440ff521");
}

TEST(LockTest, EveryChangeChangesTheDigest) {
  Lock lock = MakeLock();
  lock.files[2].size -= 1;
  EXPECT_NE(DigestOf(lock), DigestOf(MakeLock()));
}

TEST(LockTest, NamesTheCreatorOfItsSbom) {
  Lock lock = MakeLock();
  lock.sbom_creator = SbomCreator{"office a", "sbom@example.org", ""};
  const Json json = ToJson(lock);
  EXPECT_EQ(json.at("sbomCreator"), Json({{"name", "office a"}, {"email", "sbom@example.org"}}));
  EXPECT_EQ(LockFromJson(json, "doc").sbom_creator, lock.sbom_creator);
  ExpectAllRefused(SpoilEverywhere(json, {"/releases/*/validUntil", "/files/*/sha512", "/recipe/binaryVersion",
                                          "/recipe/changelogEntry", "/sbomCreator"}, {}),
                   [](const Json& spoilt) { LockFromJson(spoilt, "doc"); });
  Json both = json.at("sbomCreator");
  both["url"] = "https://example.org/";
  EXPECT_EQ(SbomCreatorFromJson(both, "doc"), (SbomCreator{"office a", "sbom@example.org", "https://example.org/"}));
}

TEST(LockTest, RefusesWhateverIsNotALock) {
  ExpectAllRefused(
      SpoilEverywhere(ToJson(MakeLock()),
                      {"/releases/*/validUntil", "/files/*/sha512", "/recipe/binaryVersion", "/recipe/changelogEntry"},
                      {}),
      [](const Json& json) { LockFromJson(json, "doc"); });
}

TEST(LockTest, RefusesChainsThatLeadNowhere) {
  const std::pair<const char*, const char*> kCases[] = {
      {"/files/0/index", "doc/files/0/index: must be the position of an entry that exists"},
      {"/indexes/1/release", "doc/indexes/1/release: must be the position of an entry that exists"}};
  for (const auto& [pointer, message] : kCases) {
    Json json = ToJson(MakeLock());
    json[Json::json_pointer(pointer)] = 2U;
    try {
      LockFromJson(json, "doc");
      ADD_FAILURE() << pointer;
    } catch (const ParseError& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
}

// Of a script, nobody but the recipe vouches for the source; of everything else an index must.
Lock MakeScriptLock() {
  Lock lock = MakeLock();
  lock.recipe = LockedRecipe();
  lock.recipe.kind = RecipeKind::kScript;
  lock.recipe.build_profiles.clear();
  std::erase_if(lock.files, [](const LockedFile& file) { return file.role == InputRole::kReference; });
  lock.files[0].index = kNoIndex;
  lock.files[0].path = "https://example.org/hello.git#0123";
  lock.files[0].file_name = "hello.git#0123";
  LockedFile recipe = lock.files[0];
  recipe.role = InputRole::kRecipe;
  recipe.path = recipe.file_name = "hello.toml";
  lock.files.push_back(recipe);
  return lock;
}

TEST(LockTest, ScriptsHaveASourceWithoutIndex) {
  const Lock lock = MakeScriptLock();
  const Lock read = LockFromJson(ToJson(lock), "doc");
  EXPECT_EQ(read.files, lock.files);
  EXPECT_EQ(read.recipe, lock.recipe);
  EXPECT_EQ(ToJson(lock)["files"].back().count("index"), 0U);
  ExpectAllRefused(SpoilEverywhere(ToJson(lock), {"/releases/*/validUntil", "/files/*/sha512"}, {}),
                   [](const Json& json) { LockFromJson(json, "doc"); });
}

TEST(LockTest, NothingElseGoesWithoutAnIndex) {
  Json json = ToJson(MakeLock());
  json["files"][0].erase("index");
  EXPECT_THROW(LockFromJson(json, "doc"), ParseError);
  json = ToJson(MakeScriptLock());
  json["files"][1].erase("index");
  EXPECT_THROW(LockFromJson(json, "doc"), ParseError);
  json = ToJson(MakeScriptLock());
  json["recipe"] = ToJson(LockedRecipe());
  EXPECT_THROW(LockFromJson(json, "doc"), ParseError);
}

TEST(LockTest, RefusesRecipesThatCannotBe) {
  const std::pair<const char*, Json> kCases[] = {{"/recipe/kind", "make"},
                                                 {"/recipe/profile", "Match"},
                                                 {"/recipe/parts", "-B"},
                                                 {"/recipe/buildProfiles", {"nodoc", "nocheck"}},
                                                 {"/recipe/buildProfiles", {"nodoc", "nodoc"}},
                                                 {"/recipe/buildProfiles", {"no doc"}},
                                                 {"/recipe/binaryVersion", ""}};
  for (const auto& [pointer, value] : kCases) {
    Json json = ToJson(MakeLock());
    json[Json::json_pointer(pointer)] = value;
    EXPECT_THROW(LockFromJson(json, "doc"), ParseError) << pointer << " " << value;
  }
}

TEST(LockTest, RefusesOtherWordsAndFormats) {
  const std::pair<const char*, Json> kCases[] = {{"/format", "nachbau-lock/2"},       {"/files/0/role", "Source"},
                                                 {"/files/0/sha256", "00"},           {"/releases/0/date", "yesterday"},
                                                 {"/releases/0/inRelease", "sha256:"}, {"/files/0/size", -1}};
  for (const auto& [pointer, value] : kCases) {
    Json json = ToJson(MakeLock());
    json[Json::json_pointer(pointer)] = value;
    EXPECT_THROW(LockFromJson(json, "doc"), ParseError) << pointer;
  }
}

TEST(LockTest, SelectsByRoleInOrder) {
  EXPECT_EQ(MakeLock().WithRole(InputRole::kReference).size(), 1U);
  EXPECT_EQ(MakeLock().WithRole(InputRole::kReference)[0].role, InputRole::kReference);
}

}  // namespace
}  // namespace nachbau
