#include "builder/unpack.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.h"
#include "tests/builder/as_user.h"
#include "tests/builder/deb_maker.h"

namespace nachbau::builder {
namespace {

using testing::HasSubstr;

struct stat Look(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

class Unpack : public EachUser {};
INSTANTIATE_TEST_SUITE_P(Users, Unpack, testing::Values(Who::kRoot, Who::kUser), WhoName);

TEST_P(Unpack, KeepsContentOwnersModesTimesAndLinks) {
  Run([] {
    const MappedArea area;
    const std::string text(300'000, 'x');
    const TarMember owned{"./var/mail", "", '5', "", 02775, 0, 8, 1'600'000'000};
    const TarMember program{"./usr/bin/su", text, '0', "", 04755, 0, 0, 1'500'000'000};
    const TarMember other{"./usr/bin/man", "m", '0', "", 0644, 6, 12, 1'500'000'000};
    const TarMember hard{"./usr/bin/su2", "", '1', "./usr/bin/su", 04755, 0, 0, 1'500'000'000};
    area.Unpack("p", MakeDeb(Control("p"), {Directory("./"), Directory("./usr/"), Directory("./usr/bin/"), program, other,
                                            hard, Directory("./var/", 0555), owned, Link("./usr/lib", "/etc/../x")},
                             {File("./postinst", "#!/bin/sh\n", 0755), File("./md5sums", "")}));
    const auto data = area.path() / "p/data";
    EXPECT_EQ(ReadFile(data / "usr/bin/su"), text);
    EXPECT_EQ(Look(data / "usr/bin/su").st_mode, 0104755U);
    EXPECT_EQ(Look(data / "usr/bin/su").st_mtime, 1'500'000'000);
    EXPECT_EQ(Look(data / "usr/bin/su").st_uid, area.Uid(0));
    EXPECT_EQ(Look(data / "usr/bin/su2").st_ino, Look(data / "usr/bin/su").st_ino);
    EXPECT_EQ(Look(data / "usr/bin/man").st_uid, area.Uid(6));
    EXPECT_EQ(Look(data / "var/mail").st_mode, 0042775U);
    EXPECT_EQ(Look(data / "var/mail").st_mtime, 1'600'000'000);
    EXPECT_EQ(Look(data / "var").st_mode, 0040555U);
    EXPECT_EQ(Look(data / "var").st_mtime, 1'700'000'000);
    EXPECT_EQ(Look(data).st_mtime, 1'700'000'000);
    EXPECT_EQ(std::filesystem::read_symlink(data / "usr/lib"), "/etc/../x");
    EXPECT_EQ(ReadFile(area.path() / "p/control/postinst"), "#!/bin/sh\n");
    EXPECT_EQ(Look(area.path() / "p/control/postinst").st_mode, 0100755U);
    EXPECT_EQ(Look(area.path() / "p/control/md5sums").st_mode, 0100644U);
    const auto entries = ReadEntries(OpenDirectory(area.path() / "p"), "p");
    ASSERT_EQ(entries.size(), 9U);
    EXPECT_EQ(entries[0], (UnpackedEntry{true, 0755, 0, 0, 1'700'000'000, "."}));
    EXPECT_EQ(entries[4], (UnpackedEntry{false, 0644, 6, 12, 1'500'000'000, "usr/bin/man"}));
  });
}

TEST_P(Unpack, TakesADirectoryTwice) {
  Run([] {
    const MappedArea area;
    area.Unpack("p", MakeDeb(Control("p"), {Directory("./"), Directory("./a"), File("./a/f", "1"), Directory("./a", 0700)}));
    EXPECT_EQ(Look(area.path() / "p/data/a").st_mode, 0040700U);
  });
}

struct Hostile {
  const char* what;
  std::string deb;
  const char* message;
};

std::string WithData(const std::vector<TarMember>& data) { return MakeDeb(Control("p"), data); }

std::string Nested(int depth) {
  std::string path = ".";
  for (int i = 0; i < depth; ++i) path += "/d";
  return path;
}

std::vector<Hostile> HostilePackages() {
  const TarMember device{"./null", "", '3', "", 0666, 0, 0, 0};
  const TarMember fifo{"./pipe", "", '6', "", 0666, 0, 0, 0};
  const TarMember outside_link{"./h", "", '1', "../../../etc/passwd", 0644, 0, 0, 0};
  const TarMember absolute_link{"./h", "", '1', "/etc/passwd", 0644, 0, 0, 0};
  const TarMember dangling_link{"./h", "", '1', "./nothing", 0644, 0, 0, 0};
  const TarMember link_through{"./h", "", '1', "./l/passwd", 0644, 0, 0, 0};
  const TarMember directory_link{"./h", "", '1', "./d", 0644, 0, 0, 0};
  const TarMember stranger{"./f", "", '0', "", 0644, 70000, 0, 0};
  const std::string good = WithData({Directory("./"), File("./f", std::string(5000, 'f'))});
  const std::string control = MakeTar({File("./control", Control("p"))});
  const auto deb = [](const std::vector<std::pair<std::string, std::string>>& members) { return MakeAr(members); };
  return {
      {"dot-dot", WithData({File("./../f", "")}), "unsafe path: ./../f"},
      {"dot-dot inside", WithData({Directory("./a"), File("./a/../../f", "")}), "unsafe path"},
      {"absolute", WithData({File("/f", "")}), "absolute path: /f"},
      {"through a link", WithData({Link("./l", "/tmp"), File("./l/f", "")}), "l is used as a directory and is none"},
      {"through its own link", WithData({Directory("./d"), Link("./l", "d"), File("./l/f", "")}), "is none"},
      {"link then directory", WithData({Link("./l", "/tmp"), Directory("./l"), File("./l/f", "")}), "contained twice: l"},
      {"file as directory", WithData({File("./l", ""), File("./l/f", "")}), "l is used as a directory"},
      {"no parent", WithData({File("./a/f", "")}), "a is used as a directory and is none"},
      {"twice", WithData({File("./f", "1"), File("./f", "2")}), "contained twice: f"},
      {"over a link", WithData({Link("./f", "/etc/passwd"), File("./f", "2")}), "contained twice: f"},
      {"root is a file", WithData({File(".", "")}), "the root is not a directory"},
      {"device", WithData({device}), "special file: null"},
      {"pipe", WithData({fifo}), "special file: pipe"},
      {"hard link outside", WithData({outside_link}), "unsafe path"},
      {"hard link absolute", WithData({absolute_link}), "absolute path"},
      {"hard link to nothing", WithData({dangling_link}), "a hard link to what is not there: h"},
      {"hard link through a link", WithData({Link("./l", "/etc"), link_through}), "l is used as a directory"},
      {"hard link to a directory", WithData({Directory("./d"), directory_link}), "a hard link to what is not there"},
      {"owner outside", WithData({stranger}), "owner 70000 is outside the sandbox's ids"},
      {"line end in a name", WithData({File("./a\nb", "")}), "unsafe path: ./a"},
      {"name too long", WithData({File("./" + std::string(300, 'n'), "")}), "unsafe path"},
      {"too deep", WithData({File(Nested(200), "")}), "unsafe path"},
      {"directory in control", MakeDeb(Control("p"), {}, {Directory("./d")}), "not a plain file: ./d"},
      {"link in control", MakeDeb(Control("p"), {}, {Link("./postinst", "/etc/passwd")}), "not a plain file"},
      {"control twice", MakeDeb(Control("p"), {}, {File("./control", "")}), "contained twice: control"},
      {"control outside", MakeDeb(Control("p"), {}, {File("./../postinst", "")}), "unsafe path"},
      {"two controls", deb({{"debian-binary", "2.0\n"}, {"control.tar", control}, {"control.tar", control}}),
       "contained twice: control"},
      {"no control", deb({{"debian-binary", "2.0\n"}, {"data.tar", MakeTar({})}}), "control.tar is missing"},
      {"no data", deb({{"debian-binary", "2.0\n"}, {"control.tar", control}}), "data.tar is missing"},
      {"version 3", deb({{"debian-binary", "3.0\n"}, {"control.tar", control}}), "not a binary package"},
      {"nothing", "", "p.deb"},
      {"not an archive", std::string(4096, 'z'), "p.deb"},
      {"truncated", good.substr(0, good.size() - 4000), "p.deb"},
  };
}

TEST(UnpackHostile, IsRefusedWithItsReason) {
  for (const Hostile& hostile : HostilePackages()) {
    SCOPED_TRACE(hostile.what);
    const MappedArea area;
    try {
      area.Unpack("p", hostile.deb);
      ADD_FAILURE() << "was accepted";
    } catch (const ParseError& error) {
      EXPECT_THAT(error.what(), HasSubstr(hostile.message));
      EXPECT_THAT(error.what(), HasSubstr("p.deb"));
    } catch (const std::exception& error) {
      ADD_FAILURE() << "is not a ParseError: " << error.what();
    }
  }
}

// Every place at which a download or a disk may have cut it.
TEST(UnpackHostile, IsNeverMistakenForWholeWhenCut) {
  const std::string deb = WithData({Directory("./"), File("./f", std::string(2000, 'f'))});
  const std::size_t data_begins = deb.find("data.tar");
  const MappedArea area;
  int refused = 0;
  for (std::size_t size = 0; size < data_begins + 60 + 1024 + 2000; size += 257) {
    EXPECT_THROW(area.Unpack("p" + std::to_string(size), deb.substr(0, size)), ParseError) << size;
    ++refused;
  }
  EXPECT_GT(refused, 10);
}

TEST(Entries, ReadBackWhatWasWritten) {
  const std::vector<UnpackedEntry> entries = {{true, 0755, 0, 0, 0, "."},
                                              {false, 04755, 65535, 12, 4'000'000'000, "usr/a name with blanks"},
                                              {false, 0, 1, 2, -5, "\xff\xfe"}};
  EXPECT_EQ(ParseEntries(FormatEntries(entries), "e"), entries);
  EXPECT_TRUE(ParseEntries("", "e").empty());
}

TEST(Entries, RefuseAnythingElse) {
  for (const char* text : {"d 755 0 0 0 .", "x 755 0 0 0 a\n", "d 788 0 0 0 a\n", "d 755 0 0 a\n", "f 644 0 0 0 /a\n",
                           "f 644 0 0 0 a/../b\n", "f 644 0 0 0 a/\n", "f 644 0 0 0 \n", "\n", "f\n", "f 644 -1 0 0 a\n"}) {
    EXPECT_THROW(ParseEntries(text, "e"), ParseError) << text;
  }
}

}  // namespace
}  // namespace nachbau::builder
