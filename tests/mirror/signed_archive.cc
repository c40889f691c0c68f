#include "tests/mirror/signed_archive.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/process.h"

namespace nachbau::mirror {

std::string CompressXz(const std::string& bytes) {
  ProcessRequest request;
  request.arguments = {"xz", "--compress", "--stdout", "-"};
  request.standard_input = bytes;
  const ProcessResult result = RunProcess(request);
  if (result.exit_code != 0) throw Error(Msg("xz: {}", result.standard_error));
  return result.standard_output;
}

void SignedArchive::AddPackage(const std::string& name, const std::string& version, const std::string& bytes) {
  const std::string dsc = "dsc of " + name;
  indexes["main/binary-amd64/Packages"] +=
      "Package: " + name + "\nVersion: " + version + "\nArchitecture: amd64\nMaintainer: x\nFilename: pool/" + name +
      "_" + version + "_amd64.deb\nSize: " + std::to_string(bytes.size()) + "\nSHA256: " + Sha256(bytes).Hex() + "\n\n";
  indexes["main/source/Sources"] += "Package: " + name + "\nVersion: " + version +
                                    "\nDirectory: pool\nChecksums-Sha256:\n " + Sha256(dsc).Hex() + " " +
                                    std::to_string(dsc.size()) + " " + name + "_" + version + ".dsc\n\n";
}

std::string SignedArchive::Compressed(const std::string& index) const { return CompressXz(indexes.at(index)); }

std::string SignedArchive::ReleaseText() const {
  std::string text = "Origin: " + origin + "\nSuite: " + suite + "\nCodename: " + codename + "\nDate: " + date + "\n" +
                     (valid_until.empty() ? "" : "Valid-Until: " + valid_until + "\n") + fields +
                     "Architectures: amd64\nComponents: main\nSHA256:\n";
  const auto list = [&](const std::string& name, const std::string& bytes) {
    text += " " + Sha256(bytes).Hex() + " " + std::to_string(bytes.size()) + " " + name + "\n";
  };
  for (const auto& [name, plain] : indexes) {
    list(name, plain);
    list(name + ".xz", Compressed(name));
  }
  for (const auto& [name, bytes] : others) list(name, bytes);
  return text;
}

void SignedArchive::Publish(kit::HttpServer& server, const Gpg& gpg, const std::vector<std::string>& keys,
                            const std::string& time) const {
  const std::string below = path + "/dists/" + suite + "/";
  for (const auto& [name, plain] : indexes) server.Put(below + name + ".xz", Compressed(name));
  for (const auto& [name, bytes] : others) server.Put(below + name, bytes);
  server.Put(InReleasePath(), keys.empty() ? ReleaseText() : gpg.ClearSign(ReleaseText(), keys, {.time = time}));
}

AptRoot::AptRoot() { MakeDirectories(path() / "etc/apt"); }

void AptRoot::Write(const std::string& relative, const std::string& text) const {
  WriteFileAtomically(path() / relative, text, 0644, Durability::kNone);
}

}  // namespace nachbau::mirror
