// A small rebuild for the tests of this room: "sample" 1:2.0-3 with the packages sample and libsample1, built in an
// environment of three packages, everything in a store.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "model/build_record.h"
#include "model/lock.h"
#include "store/store.h"

namespace nachbau::sbom {

struct SampleFile {
  std::string path;
  std::string content;
};
std::string MakeTar(const std::vector<SampleFile>& files);
std::string MakeAr(const std::vector<SampleFile>& files);
// With uncompressed members, as dpkg reads them too.
std::string MakeDeb(const std::string& control, const std::vector<SampleFile>& data = {});

inline constexpr const char* kSampleCopyright =
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
    "\n"
    "Files: *\nCopyright: A\nLicense: GPL-2+ or Expat\n"
    "\n"
    "Files: debian/*\nCopyright: B\nLicense: Expat\n A text.\n";
inline constexpr const char* kSampleChangelog =
    "sample (1:2.0-3) unstable; urgency=medium\n\n  * Change.\n\n"
    " -- Jo Doe <jo@example.org>  Sat, 10 May 2025 09:16:24 +0200\n\n"
    "sample (1:2.0-2) unstable; urgency=medium\n\n  * Older.\n\n"
    " -- Jo Doe <jo@example.org>  Thu, 01 May 2025 00:00:00 +0000\n";

class Sample {
 public:
  Sample();

  // Adds a file to the lock, and its bytes to the store.
  LockedFile& AddInput(InputRole role, const std::string& package, const std::string& version,
                       const std::string& architecture, const std::string& file_name, const std::string& bytes);
  // .dsc, orig tarball and this debian.tar.xz
  void AddSource(const std::string& debian_tarball,
                 const std::string& orig_tarball = MakeTar({{"sample-2.0/README", "A sample.\n"}}));
  void AddEnvironment(const std::string& package, const std::string& version);
  void AddOutput(const std::string& file_name, const std::string& bytes);

  Lock lock;
  BuildRecord record;
  Store& store() { return store_; }
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
  Store store_;
};

// The sample as described above.
void Fill(Sample& sample);

}  // namespace nachbau::sbom
