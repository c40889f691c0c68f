#include "mirror/bin_nmu.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/process.h"
#include "mirror/mirror.h"
#include "mirror/resolver.h"

namespace nachbau::mirror {
namespace {

const std::string kEntry =
    "hello (1:2.0-1+b2) sid; urgency=low, binary-only=yes\n\n"
    "  * Binary-only non-maintainer upload for amd64; no source changes.\n"
    "  * Rebuild with \xc3\xa4\n\n"
    " -- amd64 Build Daemon <buildd@example.org>  Thu, 23 Mar 2023 09:50:05 +0000\n";

void RunProgram(const std::vector<std::string>& arguments) {
  ProcessRequest request;
  request.arguments = arguments;
  const ProcessResult result = RunProcess(request);
  ASSERT_EQ(result.exit_code, 0) << result.standard_error;
}

class BinNmuTest : public testing::Test {
 protected:
  // Into the store, with the changelog of an architecture unless it is empty.
  void AddReference(const std::string& package, const std::string& changelog) {
    const auto tree = directory_.path() / package;
    WriteFileAtomically(tree / "DEBIAN/control", "Package: " + package +
                                                     "\nVersion: 1:2.0-1+b2\nArchitecture: amd64\n"
                                                     "Maintainer: x <x@example.org>\nDescription: x\n");
    const auto file = tree / "usr/share/doc" / package / "changelog.Debian.amd64";
    MakeDirectories(file.parent_path());
    if (!changelog.empty()) {
      WriteFileAtomically(file, changelog);
      RunProgram({"gzip", "-9n", file.native()});
    }
    const auto deb = directory_.path() / (package + ".deb");
    RunProgram({"dpkg-deb", "--root-owner-group", "--build", tree.native(), deb.native()});
    LockedFile reference;
    reference.role = InputRole::kReference;
    reference.package = package;
    reference.version = "1:2.0-1+b2";
    reference.architecture = "amd64";
    reference.sha256 = store_.Put(ReadFile(deb)).sha256;
    lock_.files.push_back(reference);
  }

  void SetUp() override {
    lock_.source = "hello";
    lock_.recipe.binary_version = "1:2.0-1+b2";
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "bin-nmu-test-"};
  Store store_{directory_.path() / "store"};
  Lock lock_;
};

TEST_F(BinNmuTest, EntryComesFromTheFirstPackageThatHasIt) {
  AddReference("hello-dbg", "");
  EXPECT_FALSE(CompleteBinNmu(lock_, store_));
  AddReference("libhello1", kEntry);
  EXPECT_TRUE(CompleteBinNmu(lock_, store_));
  EXPECT_EQ(lock_.recipe.changelog_entry, kEntry);
}

TEST_F(BinNmuTest, PackagesOfOtherVersionsAreNotAsked) {
  AddReference("libhello1", kEntry);
  lock_.files[0].version = "1:2.0-1+b1";
  EXPECT_FALSE(CompleteBinNmu(lock_, store_));
}

TEST_F(BinNmuTest, OrdinaryLocksStayAsTheyAre) {
  lock_.recipe = {};
  EXPECT_TRUE(CompleteBinNmu(lock_, store_));
  EXPECT_EQ(lock_.recipe, LockedRecipe());
}

TEST(ReadBinNmuEntryTest, TakesNothingButAnEntryOfThisVersion) {
  EXPECT_EQ(ReadBinNmuEntry(kEntry, "hello", "1:2.0-1+b2"), kEntry);
  EXPECT_EQ(ReadBinNmuEntry(kEntry + "\nhello (1:2.0-1) sid; urgency=low\n", "hello", "1:2.0-1+b2"), kEntry);
  EXPECT_EQ(ReadBinNmuEntry(kEntry, "hello", "1:2.0-1+b1"), std::nullopt);
  EXPECT_EQ(ReadBinNmuEntry(kEntry, "hell", "1:2.0-1+b2"), std::nullopt);
  EXPECT_EQ(ReadBinNmuEntry("", "hello", "1:2.0-1+b2"), std::nullopt);
  const std::string head = "hello (1) sid; binary-only=yes\n", trailer = " -- x <x@example.org>  y\n";
  EXPECT_NE(ReadBinNmuEntry(head + trailer, "hello", "1"), std::nullopt);
  for (const std::string& text :
       {head, "hello (1) sid; urgency=low\n" + trailer, head + "no change\n" + trailer, head + "  \x01\n" + trailer,
        head + "  \xff\n" + trailer, head + std::string(1 << 17, '\n') + trailer}) {
    EXPECT_EQ(ReadBinNmuEntry(text, "hello", "1"), std::nullopt) << text.substr(0, 80);
  }
}

TEST(FindBinNmuTest, IsTheHighestVersionOfAnArchitecture) {
  const auto of = [](const std::vector<std::pair<const char*, const char*>>& packages) {
    std::vector<LockedFile> references;
    for (const auto& [version, architecture] : packages) {
      references.emplace_back();
      references.back().version = version;
      references.back().architecture = architecture;
    }
    return FindBinNmu(references, "1.0-1");
  };
  EXPECT_EQ(of({}), "");
  EXPECT_EQ(of({{"1.0-1", "amd64"}, {"1.0-1", "all"}}), "");
  EXPECT_EQ(of({{"1.0-1", "all"}, {"1.0-1+b1", "amd64"}}), "1.0-1+b1");
  EXPECT_EQ(of({{"1.0-1+b9", "amd64"}, {"1.0-1+b10", "amd64"}}), "1.0-1+b10");
  EXPECT_EQ(of({{"4:12.2.0-3", "amd64"}}), "");
  EXPECT_EQ(of({{"1.0-1+build", "amd64"}, {"1.0-1+b", "amd64"}}), "");
}

}  // namespace
}  // namespace nachbau::mirror
