#include "base/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/compress.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau {
namespace {

using ::testing::HasSubstr;

// Archives are made by the tools that make them in Debian: tar, ar, and the compressors.
class ArchiveTest : public ::testing::Test {
 protected:
  std::string Run(const std::string& script) const {
    ProcessRequest request;
    request.arguments = {"sh", "-ec", script};
    request.working_directory = directory_.path().native();
    const ProcessResult result = RunProcess(request);
    EXPECT_EQ(result.exit_code, 0) << result.standard_error;
    return result.standard_output;
  }
  const TemporaryDirectory directory_{"/tmp", "archive-test-"};
};

TEST_F(ArchiveTest, ReadsWhatTarWrites) {
  const std::string tar = Run(
      "mkdir d; printf content > d/file; chmod 4711 d/file; ln -s ../target d/link; ln d/file d/same; mkfifo d/fifo;"
      "touch -d @1000000000.5 d/file;"
      "tar --format=pax --owner=root:0 --group=staff:50 --sort=name -c d");
  ArchiveReader reader(tar, ArchiveFormat::kTar, "x.tar");
  std::vector<ArchiveEntry> entries;
  while (auto entry = reader.Next()) {
    if (entry->path == "d/file") {
      EXPECT_EQ(reader.ReadContent(7), "content");
    }
    entries.push_back(*entry);
  }
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[0].type, ArchiveEntry::Type::kDirectory);
  EXPECT_EQ(entries[1].type, ArchiveEntry::Type::kFifo);
  EXPECT_EQ(entries[2].type, ArchiveEntry::Type::kFile);
  EXPECT_EQ(entries[2].mode, 04711U);
  EXPECT_EQ(entries[2].size, 7U);
  EXPECT_EQ(entries[2].mtime, 1000000000);
  EXPECT_EQ(entries[2].mtime_nanoseconds, 500000000U);
  EXPECT_EQ(entries[2].gid, 50);
  EXPECT_EQ(entries[2].group_name, "staff");
  EXPECT_EQ(entries[3].type, ArchiveEntry::Type::kSymlink);
  EXPECT_EQ(entries[3].link_target, "../target");
  EXPECT_EQ(entries[4].type, ArchiveEntry::Type::kHardlink);
  EXPECT_EQ(entries[4].link_target, "d/file");
}

TEST_F(ArchiveTest, ReadsTheSameFromMemoryDescriptorAndPieces) {
  const std::string deb = Run("printf 2.0 > debian-binary; printf data > data; ar rcD x.deb debian-binary data; cat x.deb");
  const auto names = [](ArchiveReader& reader) {
    std::string text;
    while (auto entry = reader.Next()) text += entry->path + "=" + reader.ReadContent(100) + " ";
    return text;
  };
  ArchiveReader memory(deb, ArchiveFormat::kAr, "x.deb");
  const FileDescriptor fd = OpenForReading(directory_.path() / "x.deb");
  ArchiveReader descriptor(fd, ArchiveFormat::kAr, "x.deb");
  std::size_t position = 0;
  ArchiveReader pieces([&] { return std::string_view(deb).substr(std::min(position++, deb.size()), 1); },
                       ArchiveFormat::kAr, "x.deb");
  EXPECT_EQ(names(memory), "debian-binary=2.0 data=data ");
  EXPECT_EQ(names(descriptor), "debian-binary=2.0 data=data ");
  EXPECT_EQ(names(pieces), "debian-binary=2.0 data=data ");
}

TEST_F(ArchiveTest, PassesOnWhatTheSourceOfPiecesThrows) {
  EXPECT_THROW(
      {
        ArchiveReader reader([]() -> std::string_view { throw CancelledError(); }, ArchiveFormat::kTar, "x");
        reader.Next();
      },
      CancelledError);
}

TEST_F(ArchiveTest, FindsDamageAndTruncation) {
  const std::string tar = Run("head -c 100000 /dev/zero > file; tar -c file");
  for (const std::size_t size : {std::size_t{100}, std::size_t{5000}}) {
    try {
      ArchiveReader reader(std::string_view(tar).substr(0, size), ArchiveFormat::kTar, "x.tar");
      while (reader.Next()) reader.ReadContent(1 << 20);
      ADD_FAILURE() << size;
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr("x.tar: damaged archive: "));
    }
  }
  EXPECT_THROW(
      {
        ArchiveReader reader("this is no archive at all, only text", ArchiveFormat::kTar, "x");
        reader.Next();
      },
      ParseError);
}

TEST_F(ArchiveTest, ReadsNoOtherFormatThanAskedFor) {
  const std::string tar = Run("touch f; tar -c f");
  EXPECT_THROW(
      {
        ArchiveReader reader(tar, ArchiveFormat::kAr, "x");
        reader.Next();
      },
      ParseError);
}

TEST_F(ArchiveTest, RefusesMembersBeyondTheLimit) {
  const std::string tar = Run("head -c 1000 /dev/zero > file; tar -c file");
  ArchiveReader reader(tar, ArchiveFormat::kTar, "x.tar");
  reader.Next();
  EXPECT_THROW(reader.ReadContent(999), ParseError);
}

TEST(CompressXzTest, GivesTheSameBytesEachTimeAndAllOfThemBack) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(300'000, 'x') + "end"}) {
    const std::string compressed = CompressXz(text);
    EXPECT_EQ(compressed, CompressXz(text));
    EXPECT_TRUE(compressed.starts_with("\xfd" "7zXZ"));
    EXPECT_EQ(Decompress(compressed, "x", text.size()), text);
  }
}

TEST_F(ArchiveTest, DecompressesWhatDebianUses) {
  Run("seq 100000 > plain; gzip -k plain; xz -k plain; bzip2 -k plain; zstd -q plain");
  const std::string plain = ReadFile(directory_.path() / "plain");
  for (const char* name : {"plain", "plain.gz", "plain.xz", "plain.bz2", "plain.zst"}) {
    const std::string bytes = ReadFile(directory_.path() / name);
    EXPECT_EQ(Decompress(bytes, name, plain.size()), plain) << name;
    EXPECT_THROW(Decompress(bytes, name, plain.size() - 1), ParseError) << name;
    std::string pieces;
    DecompressPieces(OpenForReading(directory_.path() / name), name, plain.size(),
                     [&](std::string_view piece) { pieces += piece; });
    EXPECT_EQ(pieces, plain) << name;
    if (std::string_view(name) != "plain") {
      EXPECT_THROW(Decompress(std::string_view(bytes).substr(0, bytes.size() / 2), name, plain.size()), ParseError) << name;
    }
  }
  EXPECT_EQ(Decompress("", "x", 0), "");
}

TEST_F(ArchiveTest, IsNotTakenInByABomb) {
  Run("head -c 50000000 /dev/zero | xz -9 > bomb.xz");
  try {
    Decompress(ReadFile(directory_.path() / "bomb.xz"), "bomb.xz", 1000);
    FAIL();
  } catch (const ParseError& error) {
    EXPECT_STREQ(error.what(), "bomb.xz: decompresses to more than 1000 bytes");
  }
}

}  // namespace
}  // namespace nachbau
