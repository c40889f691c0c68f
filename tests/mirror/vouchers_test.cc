#include "mirror/vouchers.h"

#include <gmock/gmock.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/process.h"
#include "tests/mirror/gpg.h"

namespace nachbau::mirror {
namespace {

using testing::HasSubstr;

class VouchersTest : public testing::Test {
 protected:
  void Add(const std::string& name, const std::string& bytes) {
    LockedFile file;
    file.role = InputRole::kSource;
    file.file_name = name;
    file.sha256 = store_.Put(bytes).sha256;
    lock_.files.push_back(file);
  }
  // A tarball with one file.
  std::string Tarball(const std::string& path, const std::string& content) const {
    WriteFileAtomically(directory_.path() / "tree" / path, content, 0644, Durability::kNone);
    ProcessRequest request;
    request.arguments = {"tar", "-C", (directory_.path() / "tree").native(), "-czf", "-", path};
    return RunProcess(request).standard_output;
  }
  Vouchers Find(const std::string& keyring) {
    WriteFileAtomically(directory_.path() / "keyring.gpg", keyring);
    return FindVouchers(lock_, {directory_.path() / "keyring.gpg", directory_.path() / "none.gpg"}, store_, clock_);
  }

  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "nachbau-vouchers-"};
  Store store_{directory_.path() / "store"};
  Lock lock_;
  FixedClock clock_{1750000000};
  Gpg gpg_;
};

TEST_F(VouchersTest, MaintainerAndUpstream) {
  const std::string maintainer = gpg_.MakeKey("maintainer"), upstream = gpg_.MakeKey("upstream");
  const std::string tarball = "tarball";
  lock_.source = "thing";
  Add("thing_1-1.dsc", gpg_.ClearSign("Source: thing\n", {maintainer}));
  Add("thing_1.orig.tar.gz", tarball);
  Add("thing_1.orig.tar.gz.asc", gpg_.DetachSign(tarball, upstream));
  Add("thing_1-1.debian.tar.gz", Tarball("debian/upstream/signing-key.asc", gpg_.ExportArmored({upstream})));
  const Vouchers found = Find(gpg_.Export({maintainer}));
  EXPECT_THAT(found.problems, testing::IsEmpty());
  ASSERT_EQ(found.vouchers.size(), 2U);
  EXPECT_EQ(found.vouchers[0].role, "maintainer");
  EXPECT_EQ(found.vouchers[0].verdict.outcome, SignatureOutcome::kGood);
  EXPECT_EQ(found.vouchers[0].keys, "keyring.gpg");
  EXPECT_EQ(found.vouchers[1].role, "upstream");
  EXPECT_EQ(found.vouchers[1].verdict.name, "upstream <upstream@example.org>");
  EXPECT_EQ(found.vouchers[1].keys, "debian/upstream/signing-key.asc");
  const Vouchers back = VouchersFromJson(ToJson(found), "vouchers.json");
  EXPECT_EQ(back.vouchers, found.vouchers);
}

TEST_F(VouchersTest, TellsWhatCouldNotBeLookedAt) {
  const std::string maintainer = gpg_.MakeKey("maintainer");
  Add("thing_1-1.dsc", "Source: thing\n");
  Add("thing_1.orig.tar.gz", "tarball");
  Add("thing_1.orig.tar.gz.asc", "x");
  LockedFile missing;
  missing.file_name = "other.asc";
  lock_.files.push_back(missing);
  const Vouchers found = Find(gpg_.Export({maintainer}));
  EXPECT_THAT(found.problems, testing::ElementsAre(HasSubstr("thing_1-1.dsc: thing_1-1.dsc:1: not a clear-signed message"),
                                                   HasSubstr("the package has no keys of upstream"), "other.asc: is not held"));
  EXPECT_EQ(FindVouchers(lock_, {directory_.path() / "none.gpg"}, store_, clock_).problems.front(),
            "thing_1-1.dsc: the maintainer's signature could not be checked: no keyring of Debian's developers is here; "
            "install the package debian-keyring");
}

TEST_F(VouchersTest, ASignatureOfOtherBytesIsBad) {
  const std::string upstream = gpg_.MakeKey("upstream");
  const std::string compressed = Tarball("a", "x");
  Add("thing_1.orig.tar.gz", compressed);
  Add("thing_1.orig.tar.gz.asc", gpg_.DetachSign("other", upstream));
  Add("thing_1-1.debian.tar.gz", Tarball("debian/upstream/signing-key.asc", gpg_.ExportArmored({upstream})));
  const Vouchers found = Find(gpg_.Export({upstream}));
  ASSERT_EQ(found.vouchers.size(), 1U);
  EXPECT_EQ(found.vouchers[0].verdict.outcome, SignatureOutcome::kBad);
  EXPECT_EQ(found.Count(SignatureOutcome::kBad), 1U);
}

}  // namespace
}  // namespace nachbau::mirror
