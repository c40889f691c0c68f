#include "mirror/export.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstring>

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/archive_state.h"
#include "mirror/have_list.h"
#include "mirror/import.h"
#include "mirror/product_list.h"
#include "tests/mirror/signed_archive.h"

namespace nachbau::mirror {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

const UnixSeconds kNow = ParseTime("2026-11-25T12:00:00Z", "test");

// One machine with a product, and one without network that gets it.
class AirGapTest : public testing::Test {
 protected:
  AirGapTest() {
    archive_.AddPackage("hello", "1", kDeb);
    apt_.Write("usr/share/keyrings/own.gpg", gpg_.Export({key_}));
    Configure("stable");
    product_ = MakeProduct("hello");
    request_.output = directory_.path() / "export.tar";
    request_.products = {product_};
    request_.state_directory = directory_.path() / "from-state";
    ArchiveState(request_.state_directory).Accept(snapshot_);
    import_.paths = {request_.output};
    import_.config.apt_root = apt_.path();
    import_.config.state_directory = directory_.path() / "to-state";
    import_.products_directory = directory_.path() / "to-products";
    import_.roots_directory = directory_.path() / "to-roots";
  }

  void Configure(const std::string& suite) {
    apt_.Write("etc/apt/sources.list",
               "deb [signed-by=/usr/share/keyrings/own.gpg] http://mirror.example.org/debian " + suite + " main\n");
  }

  // Lock, closure, snapshot and objects of a product whose every link is good.
  Product MakeProduct(const std::string& name) {
    ReleaseProof release;
    release.uri = "http://example.org/debian";
    release.suite = "stable";
    release.origin = "Debian";
    release.codename = "one";
    release.date = ParseTime("2020-06-01T11:00:00Z", "test");
    release.in_release = from_.Put(gpg_.ClearSign(archive_.ReleaseText(), {key_})).sha256;
    release.keyring = from_.Put(gpg_.Export({key_})).sha256;
    release.signers = {key_};
    Lock lock;
    lock.source = name;
    lock.version = "1";
    lock.architecture = "amd64";
    lock.releases = {release};
    for (const std::string path : {"main/binary-amd64/Packages", "main/source/Sources"}) {
      lock.indexes.push_back({0, path + ".xz", from_.Put(archive_.Compressed(path)).sha256});
    }
    LockedFile file;
    file.package = file.source = name;
    file.version = file.source_version = "1";
    file.architecture = "source";
    file.file_name = name + "_1.dsc";
    file.path = "pool/" + file.file_name;
    file.index = 1;
    file.size = std::string(kDsc).size();
    file.sha256 = from_.Put(kDsc).sha256;
    lock.files = {file};
    Closure closure;
    closure.product = name;
    closure.version = "1";
    closure.architecture = "amd64";
    closure.releases = lock.releases;
    closure.indexes = lock.indexes;
    ClosureFile dsc{file.sha256, file.size, file.file_name, ClosureRole::kSource, 0, name, "1", "source", file.path,
                    1,           ""};
    const ContentId deb = from_.Put(kDeb);
    ClosureFile binary{deb.sha256,
                       deb.size,
                       name + "_1_amd64.deb",
                       ClosureRole::kEnvironment,
                       0,
                       name,
                       "1",
                       "amd64",
                       "pool/" + name + "_1_amd64.deb",
                       0,
                       ""};
    closure.files = {dsc, binary};
    std::sort(closure.files.begin(), closure.files.end());
    Product product;
    product.name = name;
    product.origin = "Debian";
    product.architecture = "amd64";
    product.current = {"1", kNow, from_.Put(FormatCanonical(ToJson(lock))).sha256,
                       from_.Put(FormatCanonical(ToJson(closure))).sha256};
    snapshot_.time = kNow;
    snapshot_.releases = lock.releases;
    snapshot_.indexes = {{lock.indexes[0], "main", "amd64"}, {lock.indexes[1], "main", "source"}};
    return product;
  }

  static Json Sign(const Json& statement) { return {{"signedBy", "kit"}, {"statement", statement}}; }
  static std::string CheckSigned(const Json& bundle, const Sha256Digest& manifest) {
    if (TextMember(bundle, "signedBy") != "kit") throw Error(Msg("{}", std::string("signed by a stranger")));
    CheckExportStatement(bundle.at("statement"), manifest);
    return "kit";
  }
  ExportResult Export() { return mirror::Export(request_, from_, &AirGapTest::Sign, FixedClock(kNow), progress_); }
  ImportResult Import() {
    Store to(directory_.path() / "to");  // a fresh one each time, which has not looked at its objects yet
    return mirror::Import(import_, to, &AirGapTest::CheckSigned, FixedClock(now_), progress_);
  }
  template <typename Work>
  static std::string ErrorOf(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  // The file with one change, as import sees it.
  ImportResult ImportChanged(const std::function<void(std::string&)>& change) {
    std::string bytes = ReadFile(request_.output);
    change(bytes);
    WriteFileAtomically(directory_.path() / "changed.tar", bytes);
    std::filesystem::remove_all(directory_.path() / "to");
    std::filesystem::remove_all(import_.products_directory);
    std::filesystem::remove_all(import_.config.state_directory);
    import_.paths = {directory_.path() / "changed.tar"};
    return Import();
  }
  // Where the object's bytes begin in the exported file.
  std::size_t OffsetOf(const Sha256Digest& sha256) const {
    const std::string bytes = ReadFile(request_.output);
    const std::string hex = sha256.Hex();
    return bytes.find("volume-0001/objects/" + hex.substr(0, 2) + "/" + hex.substr(2)) + 512;
  }
  std::vector<std::string> Products() const {
    std::vector<std::string> names;
    for (const Product& product : ProductList(import_.products_directory).All()) names.push_back(product.name);
    return names;
  }

  static constexpr const char* kDeb = "bytes of hello";
  static constexpr const char* kDsc = "dsc of hello";
  TemporaryDirectory directory_{std::filesystem::temp_directory_path(), "air-gap-test-"};
  Gpg gpg_;
  std::string key_ = gpg_.MakeKey("archive");
  SignedArchive archive_;
  AptRoot apt_;
  Store from_{directory_.path() / "from"};
  Snapshot snapshot_;
  Product product_;
  ExportRequest request_;
  ImportRequest import_;
  UnixSeconds now_ = kNow;
  SilentProgress progress_;
};

TEST_F(AirGapTest, BringsAProductWithAllItNeeds) {
  const ExportResult exported = Export();
  EXPECT_THAT(exported.absent, IsEmpty());
  const ImportResult result = Import();
  EXPECT_TRUE(result.Good());
  EXPECT_TRUE(result.Complete());
  EXPECT_EQ(result.signer, "kit");
  EXPECT_EQ(result.objects_added, exported.objects);
  EXPECT_EQ(result.bytes_added, exported.bytes);
  EXPECT_EQ(result.snapshots, 1U);
  EXPECT_THAT(result.products, ElementsAre(product_));
  EXPECT_THAT(result.locks, SizeIs(1));
  EXPECT_THAT(ProductList(import_.products_directory).All(), ElementsAre(product_));
  Store to(directory_.path() / "to");
  for (const Sha256Digest& object : ObjectsOf(product_.current, from_)) EXPECT_TRUE(to.Has(object)) << object.Hex();
  EXPECT_EQ(ArchiveState(import_.config.state_directory).NewestSnapshot()->time, snapshot_.time);
  std::size_t records = 0;
  AcquisitionLog(import_.config.state_directory).ForEach([&](const Acquisition& acquisition) {
    EXPECT_EQ(acquisition.proof, Proof::kImport);
    ++records;
  });
  EXPECT_EQ(records, exported.objects);
}

TEST_F(AirGapTest, TheSameExportIsTheSameBytesAndAnyTarReadsIt) {
  Export();
  const std::string first = ReadFile(request_.output);
  std::filesystem::remove(request_.output);
  Export();
  EXPECT_EQ(ReadFile(request_.output), first);
  ArchiveReader reader(first, ArchiveFormat::kTar, "export");
  std::size_t objects = 0;
  while (const auto entry = reader.Next()) {
    EXPECT_THAT(entry->path, StartsWith("volume-0001/"));
    const std::string bytes = reader.ReadContent(1 << 20);
    EXPECT_EQ(bytes.size(), entry->size);
    if (!entry->path.starts_with("volume-0001/objects/")) continue;
    EXPECT_EQ(Sha256(bytes).Hex(), entry->path.substr(20, 2) + entry->path.substr(23));
    ++objects;
  }
  EXPECT_GT(objects, 5U);
}

TEST_F(AirGapTest, ImportingAgainReadsNothing) {
  Export();
  Import();
  const ImportResult again = Import();
  EXPECT_EQ(again.objects_added, 0U);
  EXPECT_EQ(again.objects_missing, 0U);
  EXPECT_TRUE(again.Good());
  EXPECT_THAT(again.products, SizeIs(1));
}

TEST_F(AirGapTest, VolumesAreGoodInAnyOrderAndNothingIsVisibleBeforeTheLast) {
  request_.volume_size = 28 << 10;
  request_.output = directory_.path() / "volumes";
  const ExportResult exported = Export();
  ASSERT_GT(exported.volumes.size(), 1U);
  for (const auto& volume : exported.volumes) EXPECT_LE(std::filesystem::file_size(volume), request_.volume_size);
  for (std::size_t i = exported.volumes.size(); i-- > 0;) {
    import_.paths = {exported.volumes[i]};
    const ImportResult result = Import();
    EXPECT_TRUE(result.Good());
    EXPECT_EQ(result.Complete(), i == 0);
    if (i != 0) {
      EXPECT_THAT(Products(), IsEmpty());
      EXPECT_THAT(result.incomplete, ElementsAre("hello"));
      EXPECT_THAT(result.missing_volumes, SizeIs(i));
    }
  }
  EXPECT_THAT(Products(), ElementsAre("hello"));
  std::filesystem::remove_all(directory_.path() / "to");
  import_.paths = {request_.output};  // the folder at once
  EXPECT_TRUE(Import().Complete());
}

TEST_F(AirGapTest, ASmallVolumeSaysWhatItWouldTake) {
  request_.volume_size = 1000;
  EXPECT_THAT(ErrorOf([&] { Export(); }), HasSubstr("does not fit into a volume of 1000 bytes"));
  EXPECT_FALSE(std::filesystem::exists(request_.output));
}

TEST_F(AirGapTest, LeavesOutWhatTheOtherSideHas) {
  Export();
  Import();
  from_.Put("unrelated");
  const std::string list = FormatHaveList(Store(directory_.path() / "to").List());
  WriteFileAtomically(directory_.path() / "have", list);
  for (const std::filesystem::path& have : {directory_.path() / "have", directory_.path() / "export.tar"}) {
    const auto digests = ReadHave(have);
    request_.have = {digests.begin(), digests.end()};
    request_.output = directory_.path() / ("second" + have.filename().native());
    const ExportResult exported = Export();
    EXPECT_EQ(exported.objects, 0U);
    EXPECT_GT(exported.objects_there, 5U);
    import_.paths = {request_.output};
    EXPECT_TRUE(Import().Complete());
  }
  // Another machine than the one that the list is of.
  std::filesystem::remove_all(directory_.path() / "to");
  std::filesystem::remove_all(import_.products_directory);
  const ImportResult result = Import();
  EXPECT_FALSE(result.Complete());
  EXPECT_THAT(result.damaged, Each(HasSubstr("left out because this side was said to have it")));
  EXPECT_THAT(Products(), IsEmpty());
}

TEST_F(AirGapTest, NamesWhatThisStoreDoesNotHoldEither) {
  std::filesystem::remove(from_.PathOf(Sha256(kDeb)));
  EXPECT_THAT(Export().absent, ElementsAre("hello_1_amd64.deb (" + Sha256(kDeb).Hex() + ")"));
  // It is one that a rebuild needs, and the closure says that it is held.
  const ImportResult result = Import();
  EXPECT_THAT(result.refused,
              ElementsAre("product hello: hello_1_amd64.deb: is needed, and the export does not have it"));
  EXPECT_THAT(Products(), IsEmpty());
}

TEST_F(AirGapTest, ADamagedObjectIsNeverExported) {
  const std::filesystem::path path = from_.PathOf(Sha256(kDeb));
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  WriteFileAtomically(path, "bytes of jello");
  Store fresh(directory_.path() / "from");
  EXPECT_THROW(mirror::Export(request_, fresh, &AirGapTest::Sign, FixedClock(kNow), progress_), IntegrityError);
  EXPECT_FALSE(std::filesystem::exists(request_.output));
}

TEST_F(AirGapTest, RefusesWhatNoTrustedKeySigned) {
  Export();
  EXPECT_THAT(ErrorOf([&] {
                Store to(directory_.path() / "to");
                mirror::Import(
                    import_, to,
                    [](const Json&, const Sha256Digest&) -> std::string {
                      throw Error(Msg("{}", std::string("signed by a stranger")));
                    },
                    FixedClock(kNow), progress_);
              }),
              HasSubstr("signed by a stranger"));
  EXPECT_THAT(Products(), IsEmpty());
  EXPECT_THAT(Store(directory_.path() / "to").List(), IsEmpty());
}

TEST_F(AirGapTest, AChangedManifestIsNotTheSignedOne) {
  Export();
  EXPECT_THAT(ErrorOf([&] {
                ImportChanged([](std::string& bytes) {
                  const std::size_t place = bytes.rfind("\"volumes\":1}");
                  ASSERT_NE(place, std::string::npos);
                  bytes[place + 10] = '2';
                });
              }),
              HasSubstr("the signed statement is not about this manifest"));
}

TEST_F(AirGapTest, NamesTheDamagedObjectAndTakesTheRest) {
  Export();
  const std::size_t place = OffsetOf(Sha256(kDeb));
  const ImportResult result = ImportChanged([&](std::string& bytes) { bytes[place] = 'B'; });
  EXPECT_THAT(result.damaged, ElementsAre(HasSubstr(Sha256(kDeb).Hex())));
  EXPECT_EQ(result.objects_missing, 1U);
  EXPECT_THAT(result.incomplete, ElementsAre("hello"));
  EXPECT_THAT(Products(), IsEmpty());
  import_.paths = {request_.output};
  const ImportResult again = Import();
  EXPECT_EQ(again.objects_added, 1U);
  EXPECT_TRUE(again.Complete());
  EXPECT_THAT(Products(), ElementsAre("hello"));
}

// What a tar reader would have to refuse, one by one; here every header that is not the expected one is.
TEST_F(AirGapTest, TakesNoNameAndNoSizeFromTheFile) {
  Export();
  const std::size_t header = OffsetOf(Sha256(kDeb)) - 512;
  const auto rewritten = [&](const std::function<void(char*)>& change) {
    return ImportChanged([&](std::string& bytes) {
      char* const block = bytes.data() + header;
      change(block);
      std::memset(block + 148, ' ', 8);
      unsigned sum = 0;
      for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(block[i]);
      std::snprintf(block + 148, 7, "%06o", sum);
    });
  };
  struct {
    const char* what;
    std::function<void(char*)> change;
  } const kCases[] = {
      {"path traversal", [](char* block) { std::strcpy(block, "../../../../etc/passwd"); }},
      {"absolute path", [](char* block) { std::strcpy(block, "/etc/passwd"); }},
      {"another volume", [](char* block) { block[10] = '2'; }},
      {"symbolic link",
       [](char* block) {
         block[156] = '2';
         std::strcpy(block + 157, "/etc/passwd");
       }},
      {"hard link",
       [](char* block) {
         block[156] = '1';
         std::strcpy(block + 157, "/etc/passwd");
       }},
      {"character device", [](char* block) { block[156] = '3'; }},
      {"block device", [](char* block) { block[156] = '4'; }},
      {"fifo", [](char* block) { block[156] = '6'; }},
      {"directory", [](char* block) { block[156] = '5'; }},
      {"sparse file", [](char* block) { block[156] = 'S'; }},
      {"long name", [](char* block) { block[156] = 'L'; }},
      {"pax header", [](char* block) { block[156] = 'x'; }},
      {"larger", [](char* block) { block[124] = '7'; }},
      {"base-256 size", [](char* block) { block[124] = static_cast<char>(0x80); }},
      {"setuid", [](char* block) { std::memcpy(block + 100, "0004755", 7); }},
      {"owner", [](char* block) { block[114] = '1'; }},
  };
  for (const auto& [what, change] : kCases) {
    const ImportResult result = rewritten(change);
    EXPECT_THAT(result.damaged, ElementsAre(AllOf(HasSubstr(Sha256(kDeb).Hex()),
                                                  HasSubstr("its header is not what the manifest says"))))
        << what;
    EXPECT_EQ(result.objects_missing, 1U) << what;
    EXPECT_THAT(Products(), IsEmpty()) << what;
  }
}

TEST_F(AirGapTest, NoticesBytesThatDoNotBelongThere) {
  Export();
  const std::size_t object = OffsetOf(Sha256(kDeb));
  EXPECT_THAT(ImportChanged([](std::string& bytes) { bytes += "x"; }).damaged, ElementsAre(HasSubstr("bytes, not ")));
  EXPECT_THAT(ImportChanged([](std::string& bytes) { bytes.back() = 'x'; }).damaged,
              ElementsAre(HasSubstr("there are bytes between its members")));
  EXPECT_THAT(ImportChanged([&](std::string& bytes) { bytes[object + 100] = 'x'; }).damaged,
              ElementsAre(HasSubstr("there are bytes between it and the next")));
}

TEST_F(AirGapTest, ACutFileGivesWhatIsInIt) {
  Export();
  const ImportResult result = ImportChanged([&](std::string& bytes) { bytes.resize(bytes.size() - 1600); });
  EXPECT_THAT(result.damaged, Contains(HasSubstr("bytes, not ")));
  EXPECT_GT(result.objects_added, 0U);
  EXPECT_GT(result.objects_missing, 0U);
  EXPECT_THAT(Products(), IsEmpty());
  for (const std::size_t size : {0U, 100U, 600U, 3000U}) {
    EXPECT_NE(ErrorOf([&] { ImportChanged([&](std::string& bytes) { bytes.resize(size); }); }), "no error") << size;
  }
}

TEST_F(AirGapTest, OneDamagedVolumeDoesNotSpoilTheOthers) {
  request_.volume_size = 28 << 10;
  request_.output = directory_.path() / "volumes";
  const ExportResult exported = Export();
  std::string bytes = ReadFile(exported.volumes[0]);
  const std::string good = bytes;
  bytes[5] = 'X';
  WriteFileAtomically(exported.volumes[0], bytes);
  import_.paths = {request_.output};
  const ImportResult result = Import();
  EXPECT_THAT(result.damaged, ElementsAre(HasSubstr("volume-0001.tar: not a volume of an export")));
  EXPECT_THAT(result.missing_volumes, ElementsAre(1U));
  WriteFileAtomically(exported.volumes[0], good);
  import_.paths = {exported.volumes[0]};
  EXPECT_TRUE(Import().Complete());
}

TEST_F(AirGapTest, OnlyThisMachinesOwnKeysCount) {
  Export();
  apt_.Write("usr/share/keyrings/own.gpg", gpg_.Export({gpg_.MakeKey("another")}));
  const ImportResult stranger = Import();
  EXPECT_THAT(stranger.refused, Contains(AllOf(StartsWith("product hello: "), HasSubstr("not in the keyring"))));
  EXPECT_THAT(stranger.refused, Contains(StartsWith("snapshot ")));
  EXPECT_THAT(Products(), IsEmpty());
  EXPECT_FALSE(ArchiveState(import_.config.state_directory).NewestSnapshot());
  apt_.Write("usr/share/keyrings/own.gpg", gpg_.Export({key_}));
  Configure("other");
  EXPECT_THAT(Import().refused,
              Contains(HasSubstr("no archive with this suite is in this machine's apt configuration")));
  Configure("stable");
  EXPECT_TRUE(Import().Good());
}

TEST_F(AirGapTest, AClosureThatTheIndexesDoNotProveIsRefused) {
  Closure closure = ReadClosure(product_.current, from_);
  for (ClosureFile& file : closure.files) {
    if (file.architecture == "amd64") file.version = "2";
  }
  request_.products[0].current.closure = from_.Put(FormatCanonical(ToJson(closure))).sha256;
  Export();
  EXPECT_THAT(Import().refused,
              ElementsAre("product hello: hello_1_amd64.deb: not in stable/main/binary-amd64/Packages.xz like this"));
  EXPECT_THAT(Products(), IsEmpty());
}

TEST_F(AirGapTest, ANewerProductStays) {
  Export();
  Product newer = product_;
  newer.current.added = kNow + 10;
  newer.current.closure = Sha256("another closure");
  ProductList(import_.products_directory).Save(newer);
  EXPECT_THAT(Import().kept, ElementsAre(HasSubstr("hello: this machine's is of 2026-11-25T12:00:10Z, newer than")));
  EXPECT_EQ(ProductList(import_.products_directory).Find("hello"), newer);
  newer.current.added = kNow - 10;
  ProductList(import_.products_directory).Save(newer);
  EXPECT_THAT(Import().kept, IsEmpty());
  EXPECT_EQ(ProductList(import_.products_directory).Find("hello")->earlier, std::vector{newer.current});
}

TEST_F(AirGapTest, NothingFromTheFuture) {
  Export();
  now_ = kNow - 3600;
  EXPECT_THAT(ErrorOf([&] { Import(); }),
              HasSubstr("the export is dated 2026-11-25T12:00:00Z, later than this machine's clock"));
}

TEST_F(AirGapTest, FilesOfTwoExportsAreNotMixed) {
  Export();
  const std::filesystem::path first = request_.output;
  request_.output = directory_.path() / "second.tar";
  request_.have = {Sha256(kDeb)};
  Export();
  import_.paths = {first, request_.output};
  EXPECT_THAT(ErrorOf([&] { Import(); }), HasSubstr("is of another export than"));
}

TEST_F(AirGapTest, ExportsALockByItself) {
  request_.locks = {*ReadLock(product_.current, from_)};
  request_.products.clear();
  Export();
  const ImportResult result = Import();
  EXPECT_TRUE(result.Complete());
  ASSERT_THAT(result.locks, SizeIs(1));
  EXPECT_EQ(DigestOf(result.locks[0]), DigestOf(request_.locks[0]));
  EXPECT_EQ(result.snapshots, 1U);
  EXPECT_THAT(Products(), IsEmpty());
  EXPECT_THAT(ErrorOf([&] { Export(); }), HasSubstr("exists already"));
  request_.locks.clear();
  request_.output = directory_.path() / "nothing.tar";
  EXPECT_THAT(ErrorOf([&] { Export(); }), HasSubstr("there is nothing to export"));
}

TEST(TarHeaderTest, LargeObjectsGetAPaxRecord) {
  const std::uint64_t size = 9ULL << 30;
  const std::string header = TarHeader("volume-0001/x", size);
  EXPECT_EQ(header.size(), 3 * 512U);
  EXPECT_EQ(header.substr(512, 19), "19 size=9663676416\n");
  ArchiveReader reader(header, ArchiveFormat::kTar, "x");
  const auto entry = reader.Next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->path, "volume-0001/x");
  EXPECT_EQ(entry->size, size);
}

TEST(ManifestTest, RefusesWhatIsOutOfOrderOrOutOfRange) {
  ExportManifest manifest;
  manifest.time = kNow;
  manifest.volumes = 2;
  manifest.objects = {{Sha256("a"), 1, 1}, {Sha256("b"), 2, 2}};
  std::sort(manifest.objects.begin(), manifest.objects.end());
  const Json good = ParseJson(FormatManifest(manifest), "x");
  EXPECT_EQ(FormatManifest(ParseManifest(FormatManifest(manifest), "x")), FormatManifest(manifest));
  const auto refused = [&](const std::function<void(Json&)>& change) {
    Json bad = good;
    change(bad);
    EXPECT_THROW(ParseManifest(FormatCanonical(bad), "x"), ParseError) << bad.dump();
  };
  refused([](Json& json) { std::swap(json["objects"][0], json["objects"][1]); });
  refused([](Json& json) { json["objects"][1] = json["objects"][0]; });
  refused([](Json& json) { json["objects"][0]["volume"] = 3; });
  refused([](Json& json) { json["objects"][0]["size"] = 1ULL << 60; });
  refused([](Json& json) { json["objects"][0]["name"] = "x"; });
  refused([](Json& json) { json["volumes"] = 0; });
  refused([](Json& json) { json["volumes"] = 10000; });
  refused([](Json& json) { json["format"] = "nachbau-export/2"; });
  refused([](Json& json) { json["more"] = 1; });
  refused([](Json& json) { json.erase("absent"); });
}

TEST(HaveListTest, IsReadBackAndNothingElseIs) {
  std::vector<Sha256Digest> digests = {Sha256("a"), Sha256("b"), Sha256("c")};
  std::sort(digests.begin(), digests.end());
  const std::string text = FormatHaveList(digests);
  EXPECT_EQ(ParseHaveList(text, "x"), digests);
  EXPECT_THAT(ParseHaveList(FormatHaveList({}), "x"), IsEmpty());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THROW(ParseHaveList(text.substr(0, size), "x"), ParseError) << size;
  }
  EXPECT_THROW(ParseHaveList(text + "\n", "x"), ParseError);
  EXPECT_THROW(ParseHaveList(FormatHaveList({digests[1], digests[0]}), "x"), ParseError);
  EXPECT_THROW(ParseHaveList("nachbau-have/1 01\n" + digests[0].Hex() + "\n", "x"), ParseError);
}

}  // namespace
}  // namespace nachbau::mirror
