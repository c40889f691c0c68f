// A small archive as texts, and the snapshot that Update would make of it.
#pragma once

#include <string>
#include <vector>

#include "mirror/mirror.h"
#include "store/store.h"

namespace nachbau::mirror {

// Packages are written "name version" and further fields.
class SmallArchive {
 public:
  SmallArchive& Binary(const std::string& name, const std::string& version, const std::string& fields = "",
                       const std::string& architecture = "amd64") {
    packages += "Package: " + name + "\nVersion: " + version + "\nArchitecture: " + architecture + "\nMaintainer: x\n" +
                fields + "Filename: pool/" + name + "_" + version + "_" + architecture + ".deb\nSize: 100\nSHA256: " +
                Sha256(content_salt + name + version).Hex() + "\nDescription: x\n\n";
    return *this;
  }
  SmallArchive& Source(const std::string& name, const std::string& version, const std::string& fields = "") {
    sources += "Package: " + name + "\nVersion: " + version + "\nDirectory: pool/" + name + "\n" + fields +
               "Checksums-Sha256:\n " + Sha256(name + version + "dsc").Hex() + " 10 " + name + "_" + version +
               ".dsc\n " + Sha256(name + version + "tar").Hex() + " 20 " + name + "_" + version + ".tar.xz\n\n";
    return *this;
  }
  // What no build goes without.
  SmallArchive& Base() {
    return Binary("base-files", "12", "Essential: yes\n").Binary("build-essential", "12.9", "Depends: gcc\n")
        .Binary("gcc", "4:12.2", "Source: gcc-defaults (1.203)\nDepends: libc6\n").Binary("libc6", "2.36", "Source: glibc\n")
        .Source("base-files", "12").Source("gcc-defaults", "1.203").Source("glibc", "2.36")
        .Source("build-essential", "12.9");
  }

  std::string release = "Origin: Test\nSuite: stable\nCodename: test\n";
  std::string packages;
  std::string sources;
  std::string content_salt;
};

inline Snapshot MakeSnapshot(const std::vector<SmallArchive>& archives, Store& store, const std::string& uri =
                                 "http://archive.example.org/debian") {
  Snapshot snapshot;
  for (const SmallArchive& archive : archives) {
    const auto release = static_cast<std::uint32_t>(snapshot.releases.size());
    ReleaseProof proof;
    proof.uri = uri;
    proof.suite = "suite" + std::to_string(release);
    proof.in_release = store.Put(archive.release).sha256;
    snapshot.releases.push_back(proof);
    snapshot.indexes.push_back(
        {{release, "main/binary-amd64/Packages", store.Put(archive.packages).sha256}, "main", "amd64"});
    snapshot.indexes.push_back(
        {{release, "main/source/Sources", store.Put(archive.sources).sha256}, "main", "source"});
  }
  return snapshot;
}

}  // namespace nachbau::mirror
