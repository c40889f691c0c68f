#include "mirror/apt_sources.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "mirror/keyring.h"
#include "tests/mirror/signed_archive.h"

namespace nachbau::mirror {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ReadAptSetupTest : public testing::Test {
 protected:
  AptSetup Read(const std::string& one_line) {
    apt_.Write("etc/apt/sources.list", one_line);
    return ReadAptSetup(apt_.path());
  }
  AptSetup ReadStanzas(const std::string& stanzas) {
    apt_.Write("etc/apt/sources.list.d/test.sources", stanzas);
    return ReadAptSetup(apt_.path());
  }
  static std::vector<std::string> Shown(const AptSetup& setup) {
    std::vector<std::string> shown;
    for (const AptArchive& archive : setup.archives) {
      std::string one = archive.uri + " " + archive.suite;
      for (const std::string& component : archive.components) one += " " + component;
      shown.push_back(one);
    }
    return shown;
  }
  template <typename Function>
  static std::string ErrorOf(const Function& function) {
    try {
      function();
    } catch (const ParseError& error) {
      return error.what();
    }
    return "no error";
  }
  // An armored key as deb822 wants it: indented, a dot on empty lines.
  static std::string Embedded(const std::string& armored) {
    std::string text;
    for (std::size_t begin = 0; begin < armored.size();) {
      const std::size_t end = armored.find('\n', begin);
      text += end == begin ? "\n ." : "\n " + armored.substr(begin, end - begin);
      begin = end + 1;
    }
    return text;
  }

  AptRoot apt_;
  Gpg gpg_;
};

TEST_F(ReadAptSetupTest, ReadsOneLineSources) {
  EXPECT_THAT(Shown(Read("# a comment\n\ndeb http://example.org/debian/ stable main contrib # another\n"
                         "deb [arch=amd64 lang=none] https://example.org/security stable-security main\n"
                         "#deb http://example.org/disabled stable main\n")),
              ElementsAre("http://example.org/debian stable main contrib",
                          "https://example.org/security stable-security main"));
}

TEST_F(ReadAptSetupTest, ReadsDeb822Sources) {
  EXPECT_THAT(
      Shown(ReadStanzas("# a comment\nTypes: deb\nURIs: http://example.org/debian\nSuites: stable stable-updates\n"
                        "Components: main contrib\n\nEnabled: no\nTypes: deb\nURIs: http://example.org/off\n"
                        "Suites: stable\nComponents: main\n\nTypes: deb deb-src\nURIs: http://example.org/a "
                        "http://example.org/b\nSuites: other/updates\nComponents: main\nArchitectures: amd64\n")),
      ElementsAre("http://example.org/debian stable main contrib",
                  "http://example.org/debian stable-updates main contrib", "http://example.org/a other/updates main",
                  "http://example.org/b other/updates main"));
}

TEST_F(ReadAptSetupTest, ReadsAllFilesInAptsOrder) {
  apt_.Write("etc/apt/sources.list.d/b.list", "deb http://example.org/b stable main\n");
  apt_.Write("etc/apt/sources.list.d/a.sources",
             "Types: deb\nURIs: http://example.org/a\nSuites: stable\nComponents: main\n");
  apt_.Write("etc/apt/sources.list.d/ignored.save", "deb http://example.org/ignored stable main\n");
  EXPECT_THAT(Shown(Read("deb http://example.org/first stable main\n")),
              ElementsAre("http://example.org/first stable main", "http://example.org/a stable main",
                          "http://example.org/b stable main"));
}

TEST_F(ReadAptSetupTest, DebAndDebSrcAreOneArchive) {
  EXPECT_THAT(Shown(Read("deb http://example.org/debian stable main\ndeb-src http://example.org/debian stable main\n"
                         "deb-src http://example.org/sources stable main\n")),
              ElementsAre("http://example.org/debian stable main", "http://example.org/sources stable main"));
}

TEST_F(ReadAptSetupTest, SaysWhatCannotBeVerified) {
  const AptSetup setup = Read(
      "deb [trusted=yes] http://example.org/trusted stable main\n"
      "deb http://example.org/flat ./\n"
      "deb [signed-by=/nowhere/key.gpg] http://example.org/keyless stable main\n"
      "deb http://example.org/debian stable main\n");
  ASSERT_THAT(setup.archives, SizeIs(4));
  EXPECT_EQ(setup.archives[0].problem, "marked 'trusted=yes', which would switch verification off");
  EXPECT_EQ(setup.archives[1].problem, "a flat archive without suites");
  EXPECT_EQ(setup.archives[2].problem, "open /nowhere/key.gpg: No such file or directory");
  EXPECT_EQ(setup.archives[3].problem, "");
}

TEST_F(ReadAptSetupTest, AMalformedFileIsNamedWithItsPlace) {
  const std::string file = (apt_.path() / "etc/apt/sources.list").native();
  EXPECT_THAT(ErrorOf([&] { Read("deb http://example.org/debian stable main\n\ndeb\n"); }),
              AllOf(HasSubstr(file), HasSubstr("3")));
  EXPECT_THAT(ErrorOf([&] { Read("deb [unfinished http://example.org/debian stable main\n"); }), HasSubstr(file));
  EXPECT_THAT(ErrorOf([&] { Read("rpm http://example.org/debian stable main\n"); }), HasSubstr(file));
  Read("");
  const std::string stanzas = (apt_.path() / "etc/apt/sources.list.d/test.sources").native();
  EXPECT_THAT(ErrorOf([&] { ReadStanzas("Types: deb\nSuites: stable\nComponents: main\n"); }),
              AllOf(HasSubstr(stanzas), HasSubstr("1")));
  EXPECT_THAT(ErrorOf([&] { ReadStanzas("no field\n"); }), HasSubstr(stanzas));
}

TEST_F(ReadAptSetupTest, AfterAnErrorTheNextReadingIsClean) {
  EXPECT_NE(ErrorOf([&] { Read("deb\n"); }), "no error");
  EXPECT_THAT(Shown(Read("deb http://example.org/debian stable main\n")),
              ElementsAre("http://example.org/debian stable main"));
}

TEST_F(ReadAptSetupTest, ReadsProxies) {
  apt_.Write("etc/apt/apt.conf",
             "Acquire::http::Proxy \"http://proxy.example.org:3128/\";\n"
             "Acquire::http::Proxy::local.example.org \"DIRECT\";\n");
  const AptSetup setup = Read("");
  EXPECT_EQ(setup.proxies.at("http"), "http://proxy.example.org:3128/");
  EXPECT_EQ(setup.proxies.at("http::local.example.org"), "DIRECT");
  EXPECT_FALSE(setup.proxies.contains("https"));
}

TEST_F(ReadAptSetupTest, SignedByNamesFilesOfEitherForm) {
  const std::string a = gpg_.MakeKey("a"), b = gpg_.MakeKey("b");
  apt_.Write("usr/share/keyrings/a.gpg", gpg_.Export({a}));
  apt_.Write("usr/share/keyrings/b.asc", gpg_.ExportArmored({b}));
  const AptSetup setup = Read(
      "deb [signed-by=/usr/share/keyrings/a.gpg] http://example.org/a stable main\n"
      "deb [signed-by=/usr/share/keyrings/b.asc] http://example.org/b stable main\n"
      "deb [signed-by=/usr/share/keyrings/b.asc,/usr/share/keyrings/a.gpg] http://example.org/ab stable main\n");
  ASSERT_THAT(setup.archives, SizeIs(3));
  EXPECT_EQ(setup.archives[0].keyring, gpg_.Export({a}));
  EXPECT_EQ(setup.archives[1].keyring, gpg_.Export({b}));
  EXPECT_EQ(setup.archives[2].keyring, gpg_.Export({b}) + gpg_.Export({a}));
  EXPECT_THAT(setup.archives[0].signed_by, IsEmpty());
}

TEST_F(ReadAptSetupTest, WithoutSignedByAptsTrustedKeyringsHold) {
  const std::string a = gpg_.MakeKey("a"), b = gpg_.MakeKey("b"), c = gpg_.MakeKey("c");
  apt_.Write("etc/apt/trusted.gpg", gpg_.Export({c}));
  apt_.Write("etc/apt/trusted.gpg.d/1.asc", gpg_.ExportArmored({b}));
  apt_.Write("etc/apt/trusted.gpg.d/2.gpg", gpg_.Export({a}));
  apt_.Write("etc/apt/trusted.gpg.d/3.gpg", "not a keyring");
  apt_.Write("etc/apt/trusted.gpg.d/4.gpg", gpg_.Export({a}).substr(0, 50));
  apt_.Write("etc/apt/trusted.gpg.d/5.txt", gpg_.Export({gpg_.MakeKey("d")}));
  const AptSetup setup = Read("deb http://example.org/debian stable main\n");
  ASSERT_THAT(setup.archives, SizeIs(1));
  EXPECT_EQ(setup.archives[0].keyring, gpg_.Export({c}) + gpg_.Export({b}) + gpg_.Export({a}));
}

TEST_F(ReadAptSetupTest, SignedByMayHoldTheKeyItself) {
  const std::string key = gpg_.MakeKey("embedded");
  const AptSetup setup = ReadStanzas(
      "Types: deb\nURIs: http://example.org/debian\nSuites: stable\nComponents: main\n"
      "Signed-By:" +
      Embedded(gpg_.ExportArmored({key})) + "\n");
  ASSERT_THAT(setup.archives, SizeIs(1));
  EXPECT_EQ(setup.archives[0].keyring, gpg_.Export({key}));
}

TEST_F(ReadAptSetupTest, SignedByFingerprintsAreLookedForInTheMachinesKeyrings) {
  const std::string a = gpg_.MakeKey("a"), b = gpg_.MakeKey("b"), c = gpg_.MakeKey("c");
  const std::string subkey = gpg_.AddSubkey(c);
  apt_.Write("etc/apt/trusted.gpg", gpg_.Export({a}));
  apt_.Write("etc/apt/trusted.gpg.d/b.asc", gpg_.ExportArmored({b}));
  apt_.Write("usr/share/keyrings/c.gpg", gpg_.Export({c}));
  const auto source = [](const std::string& signed_by, const std::string& path) {
    return "deb [signed-by=" + signed_by + "] http://example.org/" + path + " stable main\n";
  };
  const AptSetup setup = Read(source(a, "a") + source(b + "!", "b") + source(subkey, "c") + source(a + "," + c, "ac"));
  ASSERT_THAT(setup.archives, SizeIs(4));
  EXPECT_EQ(setup.archives[0].keyring, gpg_.Export({a}));
  EXPECT_THAT(setup.archives[0].signed_by, ElementsAre(a));
  EXPECT_EQ(setup.archives[1].keyring, gpg_.Export({b}));
  EXPECT_THAT(setup.archives[1].signed_by, ElementsAre(b + "!"));
  EXPECT_EQ(setup.archives[2].keyring, gpg_.Export({c}));
  EXPECT_THAT(setup.archives[2].signed_by, ElementsAre(subkey));
  EXPECT_EQ(setup.archives[3].keyring, gpg_.Export({a}) + gpg_.Export({c}));
}

TEST_F(ReadAptSetupTest, SignedByFingerprintsInDeb822AreSeparatedByAnyBlank) {
  const std::string a = gpg_.MakeKey("a"), b = gpg_.MakeKey("b");
  apt_.Write("etc/apt/trusted.gpg", gpg_.Export({a, b}));
  const AptSetup setup = ReadStanzas(
      "Types: deb\nURIs: http://example.org/debian\nSuites: stable\nComponents: main\n"
      "Signed-By: " +
      a + "\n " + b + "\n");
  ASSERT_THAT(setup.archives, SizeIs(1));
  EXPECT_THAT(setup.archives[0].signed_by, ElementsAre(a, b));
}

TEST_F(ReadAptSetupTest, FingerprintsBesideFilesChooseFromTheFiles) {
  const std::string a = gpg_.MakeKey("a"), b = gpg_.MakeKey("b");
  apt_.Write("etc/apt/trusted.gpg", gpg_.Export({a}));
  apt_.Write("usr/share/keyrings/both.gpg", gpg_.Export({a, b}));
  const AptSetup setup =
      Read("deb [signed-by=/usr/share/keyrings/both.gpg," + b + "] http://example.org/b stable main\n");
  ASSERT_THAT(setup.archives, SizeIs(1));
  EXPECT_EQ(setup.archives[0].keyring, gpg_.Export({b}));
}

TEST_F(ReadAptSetupTest, AFingerprintThatNoKeyringHasIsAProblem) {
  const std::string missing(40, 'A');
  const AptSetup setup = Read("deb [signed-by=" + missing + "] http://example.org/debian stable main\n");
  ASSERT_THAT(setup.archives, SizeIs(1));
  EXPECT_EQ(setup.archives[0].problem, "no keyring holds the key that Signed-By names: " + missing);
  EXPECT_EQ(setup.archives[0].keyring, "");
}

class KeyringTest : public testing::Test {
 protected:
  static std::string ErrorOf(const std::string& file) {
    try {
      BinaryKeyring(file, "keys");
    } catch (const ParseError& error) {
      return error.what();
    }
    return "no error";
  }
  Gpg gpg_;
};

TEST_F(KeyringTest, ArmoredBlocksBecomeOneBinaryKeyring) {
  const std::string a = gpg_.MakeKey("a"), b = gpg_.MakeKey("b");
  const std::string armored = "a comment\n" + gpg_.ExportArmored({a}) + "\nanother\n" + gpg_.ExportArmored({b});
  EXPECT_EQ(BinaryKeyring(armored, "keys"), gpg_.Export({a}) + gpg_.Export({b}));
  EXPECT_EQ(SplitKeys(BinaryKeyring(armored, "keys"), "keys").size(), 2u);
}

TEST_F(KeyringTest, RefusesWhatIsNoKeyring) {
  const std::string key = gpg_.MakeKey("a");
  const std::string binary = gpg_.Export({key}), armored = gpg_.ExportArmored({key});
  EXPECT_EQ(ErrorOf(""), "keys: there is no key in this keyring");
  EXPECT_EQ(ErrorOf("hello"), "keys: not an OpenPGP keyring");
  EXPECT_EQ(ErrorOf(binary + "\n"), "keys: not an OpenPGP keyring");
  EXPECT_EQ(ErrorOf("\n" + binary), "keys: not an OpenPGP keyring");
  EXPECT_EQ(ErrorOf(binary.substr(0, binary.size() - 1)), "keys: not an OpenPGP keyring");
  EXPECT_EQ(ErrorOf(armored.substr(0, armored.size() / 2)), "keys: damaged armor around a key");
  EXPECT_EQ(ErrorOf(armored.substr(0, armored.find('\n')) + "\n"), "keys: damaged armor around a key");
}

TEST_F(KeyringTest, FingerprintsAreFortyDigits) {
  const std::string digits = "0123456789ABCDEF0123456789abcdef01234567";
  EXPECT_TRUE(IsFingerprint(digits));
  EXPECT_TRUE(IsFingerprint(digits + "!"));
  EXPECT_FALSE(IsFingerprint(digits + "!!"));
  EXPECT_FALSE(IsFingerprint(digits + "0"));
  EXPECT_FALSE(IsFingerprint(digits.substr(24)));  // a key id: too short to be safe
  EXPECT_FALSE(IsFingerprint("G" + digits.substr(1)));
  EXPECT_FALSE(IsFingerprint(""));
}

TEST_F(KeyringTest, SelectsByAnyFingerprintOfAKey) {
  const std::string a = gpg_.MakeKey("a"), b = gpg_.MakeKey("b");
  const std::string subkey = gpg_.AddSubkey(b);
  const std::string both = gpg_.Export({a, b});
  EXPECT_EQ(SelectKeys(both, {a}, "keys"), gpg_.Export({a}));
  EXPECT_EQ(SelectKeys(both, {subkey + "!"}, "keys"), gpg_.Export({b}));
  std::string lower = b;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  EXPECT_EQ(SelectKeys(both, {lower}, "keys"), gpg_.Export({b}));
  // The same key id alone is not enough.
  EXPECT_EQ(SelectKeys(both, {std::string(24, '0') + a.substr(24)}, "keys"), "");
}

}  // namespace
}  // namespace nachbau::mirror
