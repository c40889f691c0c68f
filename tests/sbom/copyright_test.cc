#include "sbom/licences/copyright.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nachbau::sbom {
namespace {

constexpr const char* kFormat = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

TEST(CopyrightTest, CollectsTheLicencesOfAllFiles) {
  const Copyright copyright = ParseCopyright(std::string(kFormat) +
                                                 "License: ISC\n\n"
                                                 "Files: *\nCopyright: A\nLicense: GPL-2+\n Text.\n\n"
                                                 "Files: x\n y\nCopyright: B\nLicense: Expat or GPL-2+\n\n"
                                                 "License: Zlib\n The text of a licence nothing is under.\n",
                                             "copyright");
  EXPECT_TRUE(copyright.machine_readable);
  EXPECT_THAT(copyright.licences, testing::ElementsAre("GPL-2.0-or-later", "ISC", "MIT OR GPL-2.0-or-later"));
}

TEST(CopyrightTest, FilesWithoutALicenceAreOfAnUnknownOne) {
  for (const char* licence : {"", "License:\n Some text without a name.\n"}) {
    const Copyright copyright =
        ParseCopyright(std::string(kFormat) + "\nFiles: *\nCopyright: A\n" + licence, "copyright");
    EXPECT_THAT(copyright.licences, testing::ElementsAre("LicenseRef-debian-unstated")) << licence;
  }
}

TEST(CopyrightTest, AnExplanationInTheHeaderIsNoLicence) {
  const Copyright copyright = ParseCopyright(
      std::string(kFormat) + "\nLicense:\n Different licenses apply.\n\nFiles: *\nCopyright: A\nLicense: Expat\n", "copyright");
  EXPECT_THAT(copyright.licences, testing::ElementsAre("MIT"));
}

TEST(CopyrightTest, WhatIsNotMachineReadableIsUnknown) {
  const std::string format = kFormat;
  for (const std::string& text : {std::string(), std::string("This package was debianized by hand.\n\nLicense: GPL\n"),
                                  std::string("License: GPL-2\n"), format, format + "\nLicense: MIT\n",
                                  format + "\nFiles: *\nnot a field\n", format + "\nFiles: *\nFiles: x\nLicense: MIT\n",
                                  std::string("Format: something else\n\nFiles: *\nLicense: MIT\n")}) {
    const Copyright copyright = ParseCopyright(text, "copyright");
    EXPECT_FALSE(copyright.machine_readable) << text;
    EXPECT_THAT(copyright.licences, testing::IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace nachbau::sbom
