#include "tests/sbom/samples.h"

namespace nachbau::sbom {
namespace {

std::string Octal(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0 && value != 0; --i, value >>= 3) text[i - 1] = static_cast<char>('0' + (value & 7));
  return text;
}

std::string Field(std::string text, std::size_t width) { return text.append(width - text.size(), ' '); }

std::string Control(const std::string& package, const std::string& more) {
  return "Package: " + package + "\nVersion: 1:2.0-3\nArchitecture: amd64\nSource: sample\n" +
         "Maintainer: Jo Doe <jo@example.org>\nDescription: " + package + ", a sample\n Longer text.\n" + more;
}

}  // namespace

std::string MakeTar(const std::vector<SampleFile>& files) {
  std::string tar;
  for (const SampleFile& file : files) {
    std::string header(512, '\0');
    const auto put = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
    put(0, file.path);
    put(100, Octal(0644, 7));
    put(108, Octal(0, 7));
    put(116, Octal(0, 7));
    put(124, Octal(file.content.size(), 11));
    put(136, Octal(1'700'000'000, 11));
    put(148, "        ");
    header[156] = '0';
    put(257, "ustar");
    put(263, "00");
    std::uint64_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, Octal(sum, 6) + std::string(1, '\0'));
    tar += header + file.content + std::string((512 - file.content.size() % 512) % 512, '\0');
  }
  return tar + std::string(1024, '\0');
}

std::string MakeAr(const std::vector<SampleFile>& files) {
  std::string ar = "!<arch>\n";
  for (const SampleFile& file : files) {
    ar += Field(file.path, 16) + Field("1700000000", 12) + Field("0", 6) + Field("0", 6) + Field("100644", 8) +
          Field(std::to_string(file.content.size()), 10) + "`\n" + file.content;
    if (file.content.size() % 2 != 0) ar += '\n';
  }
  return ar;
}

std::string MakeDeb(const std::string& control, const std::vector<SampleFile>& data) {
  return MakeAr({{"debian-binary", "2.0\n"}, {"control.tar", MakeTar({{"./control", control}})}, {"data.tar", MakeTar(data)}});
}

Sample::Sample() : directory_("/var/tmp", "nachbau-sbom-"), store_(directory_.path() / "store") {
  lock.source = record.source = "sample";
  lock.version = record.version = "1:2.0-3";
  lock.architecture = record.architecture = "amd64";
  ReleaseProof release;
  release.uri = "https://archive.example.org/debian";
  release.suite = "stable";
  release.origin = "Debian";
  lock.releases.push_back(release);
  IndexProof index;
  index.path = "main/source/Sources.xz";
  lock.indexes.push_back(index);
  record.outcome = BuildOutcome::kBuilt;
  record.command = {"dpkg-buildpackage", "-us", "-uc"};
}

LockedFile& Sample::AddInput(InputRole role, const std::string& package, const std::string& version,
                             const std::string& architecture, const std::string& file_name, const std::string& bytes) {
  const ContentId content = store_.Put(bytes);
  LockedFile file;
  file.role = role;
  file.package = file.source = package;
  file.version = file.source_version = version;
  file.architecture = architecture;
  file.file_name = file_name;
  file.path = "pool/main/" + file_name;
  file.size = content.size;
  file.sha256 = content.sha256;
  file.sha512 = content.sha512;
  lock.files.push_back(std::move(file));
  return lock.files.back();
}

void Sample::AddSource(const std::string& debian_tarball, const std::string& orig_tarball) {
  AddInput(InputRole::kSource, "sample", "1:2.0-3", "source", "sample_2.0-3.dsc", "Format: 3.0 (quilt)\n");
  AddInput(InputRole::kSource, "sample", "1:2.0-3", "source", "sample_2.0.orig.tar.xz", orig_tarball);
  AddInput(InputRole::kSource, "sample", "1:2.0-3", "source", "sample_2.0-3.debian.tar.xz", debian_tarball);
}

void Sample::AddEnvironment(const std::string& package, const std::string& version) {
  AddInput(InputRole::kEnvironment, package, version, "amd64", package + "_" + version + "_amd64.deb",
           MakeDeb("Package: " + package + "\nVersion: " + version +
                   "\nArchitecture: amd64\nMaintainer: Lib Team <team@example.org>\nDescription: " + package + "\n"));
}

void Sample::AddOutput(const std::string& file_name, const std::string& bytes) {
  record.outputs.push_back({file_name, store_.Put(bytes)});
}

void Fill(Sample& sample) {
  sample.AddSource(MakeTar({{"debian/changelog", kSampleChangelog}, {"debian/copyright", kSampleCopyright}}));
  sample.AddEnvironment("libc6", "2.36-9+deb12u10");
  sample.AddEnvironment("debhelper", "13.11.4");
  sample.AddEnvironment("libpam0g", "1.5.2-6");
  const std::string library = MakeDeb(Control("libsample1", "Depends: libc6 (>= 2.34)\n"));
  sample.AddInput(InputRole::kReference, "libsample1", "1:2.0-3", "amd64", "libsample1_2.0-3_amd64.deb", library);
  sample.AddOutput("libsample1_2.0-3_amd64.deb", library);
  sample.AddOutput("sample_2.0-3_amd64.deb",
                   MakeDeb(Control("sample", "Pre-Depends: libc6 (>= 2.34)\nDepends: libsample1 (= 1:2.0-3),\n netbase "
                                             "(>= 6), adduser, first | second, nowhere | libpam0g\n")));
  sample.AddOutput("sample_2.0-3_amd64.buildinfo", "Format: 1.0\n");
}

}  // namespace nachbau::sbom
