// Small real things for the verifier's tests: .deb files with every byte under control, ELF files by the machine's own
// compiler, and a whole evidence folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "model/build_record.h"
#include "model/comparison.h"
#include "model/finding.h"
#include "model/lock.h"
#include "store/store.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {

struct TarItem {
  std::string path;
  std::string content;
  char type = '0';  // of ustar: '0' file, '2' symbolic link, '5' directory
  unsigned mode = 0644;
  std::int64_t mtime = 1'700'000'000;
  std::string link_target = {};
  std::string owner = "root";
};
std::string MakeTar(const std::vector<TarItem>& items);

struct ArItem {
  std::string name;
  std::string content;
  std::int64_t mtime = 1'700'000'000;
};
std::string MakeAr(const std::vector<ArItem>& items);

// "xz", "gzip" … with its arguments, from standard input to standard output.
std::string Pipe(std::vector<std::string> command, const std::string& input);

// A .deb whose control.tar holds control and a right md5sums, compressed with xz.
std::string MakeDeb(const std::vector<TarItem>& data, const std::string& control = "Package: sample\n",
                    const std::vector<std::string>& compressor = {"xz", "-0"});

// A shared library of this source, with that build id (hexadecimal) and debug link.
std::string MakeElf(const std::string& source, const std::string& build_id, const std::string& debug_link = "");

// A rebuild of "sample" 1:2.0-3 with two packages, sample and sample-doc, and what the mirror, builder and policies
// would hand over. References are in the store.
struct Rebuild {
  Lock lock;
  BuildRecord record;
  Comparison comparison;
  Decision decision;
  std::string policy = "name = 'default'\n";
};
Artifact PutArtifact(Store& store, const std::string& name, const std::string& bytes);
LockedFile MakeReference(const std::string& name, const std::string& bytes);
Rebuild MakeRebuild(Store& store);

// Writes the folder as the pipeline does: documents, artifacts, proofs, both attestations.
void WriteEvidence(const std::filesystem::path& folder, const Rebuild& rebuild, const Store& store,
                   const SigningKey& key, const std::filesystem::path& log);

}  // namespace nachbau::verifier
