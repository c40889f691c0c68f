#include "tests/verifier/samples.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "model/evidence.h"

namespace nachbau::verifier {
namespace {

std::string Octal(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0 && value != 0; --i, value >>= 3) text[i - 1] = static_cast<char>('0' + (value & 7));
  return text;
}

std::string Md5(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr);
  return EncodeHex({reinterpret_cast<const char*>(digest.data()), size});
}

void Put(std::string& header, std::size_t at, const std::string& text) { header.replace(at, text.size(), text); }

}  // namespace

std::string MakeTar(const std::vector<TarItem>& items) {
  std::string tar;
  for (const TarItem& item : items) {
    std::string header(512, '\0');
    Put(header, 0, item.path);
    Put(header, 100, Octal(item.mode, 7));
    Put(header, 108, Octal(0, 7));
    Put(header, 116, Octal(0, 7));
    Put(header, 124, Octal(item.content.size(), 11));
    Put(header, 136, Octal(static_cast<std::uint64_t>(item.mtime), 11));
    Put(header, 148, "        ");
    header[156] = item.type;
    Put(header, 157, item.link_target);
    Put(header, 257, "ustar");
    Put(header, 263, "00");
    Put(header, 265, item.owner);
    Put(header, 297, item.owner);
    std::uint64_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    Put(header, 148, Octal(sum, 6) + std::string(1, '\0'));
    tar += header + item.content + std::string((512 - item.content.size() % 512) % 512, '\0');
  }
  return tar + std::string(1024, '\0');
}

std::string MakeAr(const std::vector<ArItem>& items) {
  std::string ar = "!<arch>\n";
  const auto field = [](std::string text, std::size_t width) { return text.append(width - text.size(), ' '); };
  for (const ArItem& item : items) {
    ar += field(item.name, 16) + field(std::to_string(item.mtime), 12) + field("0", 6) + field("0", 6) +
          field("100644", 8) + field(std::to_string(item.content.size()), 10) + "`\n" + item.content;
    if (item.content.size() % 2 != 0) ar += '\n';
  }
  return ar;
}

std::string Pipe(std::vector<std::string> command, const std::string& input) {
  ProcessRequest request;
  request.arguments = std::move(command);
  request.standard_input = input;
  ProcessResult result = RunProcess(request);
  if (result.exit_code != 0) throw Error(Msg("{} failed: {}", request.arguments[0], result.standard_error));
  return std::move(result.standard_output);
}

std::string MakeDeb(const std::vector<TarItem>& data, const std::string& control,
                    const std::vector<std::string>& compressor) {
  std::string sums;
  for (const TarItem& item : data) {
    if (item.type == '0') sums += Md5(item.content) + "  " + item.path.substr(2) + "\n";
  }
  const std::string suffix = compressor.front() == "gzip" ? "gz" : compressor.front();
  return MakeAr({{"debian-binary", "2.0\n"},
                 {"control.tar." + suffix, Pipe(compressor, MakeTar({{"./control", control}, {"./md5sums", sums}}))},
                 {"data.tar." + suffix, Pipe(compressor, MakeTar(data))}});
}

std::string MakeElf(const std::string& source, const std::string& build_id, const std::string& debug_link) {
  const TemporaryDirectory directory(std::filesystem::temp_directory_path(), "nachbau-elf-");
  const auto file = [&](const char* name) { return (directory.path() / name).native(); };
  WriteFileAtomically(file("a.c"), source);
  Pipe({"gcc", "-shared", "-nostdlib", "-fPIC", "-O1", "-Wl,--build-id=0x" + build_id, "-o", file("a.so"), file("a.c")},
       "");
  if (!debug_link.empty()) {
    WriteFileAtomically(file(debug_link.c_str()), source + build_id);  // any file: its name and CRC are what counts
    Pipe({"objcopy", "--add-gnu-debuglink=" + file(debug_link.c_str()), file("a.so")}, "");
  }
  return ReadFile(file("a.so"));
}

Artifact PutArtifact(Store& store, const std::string& name, const std::string& bytes) {
  return {name, store.Put(bytes)};
}

LockedFile MakeReference(const std::string& name, const std::string& bytes) {
  LockedFile file;
  file.role = InputRole::kReference;
  file.package = name.substr(0, name.find('_'));
  file.version = "1:2.0-3";
  file.architecture = name.find("_all") != name.npos ? "all" : "amd64";
  file.source = "sample";
  file.source_version = "1:2.0-3";
  file.file_name = name;
  file.path = "pool/main/s/sample/" + name;
  file.index = 0;
  file.size = bytes.size();
  file.sha256 = Sha256(bytes);
  return file;
}

Rebuild MakeRebuild(Store& store) {
  Rebuild rebuild;
  ReleaseProof release;
  release.uri = "http://archive.example.org/debian";
  release.suite = "bookworm-security";
  release.origin = "Debian";
  release.codename = "bookworm-security";
  release.date = 1'760'000'000;
  release.in_release = store.Put("InRelease").sha256;
  release.keyring = store.Put("keyring").sha256;
  release.signers = {"0123456789ABCDEF0123456789ABCDEF01234567"};
  Lock& lock = rebuild.lock;
  lock.source = "sample";
  lock.version = "1:2.0-3";
  lock.architecture = "amd64";
  lock.releases = {release};
  lock.indexes = {{0, "main/binary-amd64/Packages.xz", store.Put("Packages").sha256}};
  lock.binaries = {"sample", "sample-doc"};

  const std::string deb = MakeDeb({{"./", "", '5', 0755}, {"./usr/bin/sample", "#!/bin/sh\n", '0', 0755}});
  const std::string doc = MakeDeb({{"./", "", '5', 0755}, {"./usr/share/doc/sample/README", "read me\n"}});
  LockedFile source = MakeReference("sample_2.0-3.dsc", "the source");
  source.role = InputRole::kSource;
  source.architecture = "source";
  LockedFile compiler = MakeReference("gcc_4_amd64.deb", "a compiler");
  compiler.role = InputRole::kEnvironment;
  compiler.version = "4";
  compiler.source = "gcc-defaults";
  compiler.source_version = "1.203";
  compiler.sha512 = HashBytes("a compiler").sha512;
  lock.files = {source, compiler, MakeReference("sample-doc_2.0-3_all.deb", doc),
                MakeReference("sample_2.0-3_amd64.deb", deb)};

  BuildRecord& record = rebuild.record;
  record.source = lock.source;
  record.version = lock.version;
  record.architecture = lock.architecture;
  record.lock = DigestOf(lock);
  record.root = Sha256("root");
  record.command = {"dpkg-buildpackage", "-us", "-uc", "-b"};
  record.environment = {{"DEB_BUILD_OPTIONS", "parallel=2"}, {"PATH", "/usr/bin:/bin"}};
  record.build_path = "/build/reproducible-path/sample-2.0";
  record.sandbox = {{"network-namespace", true, "loopback only"}, {"seccomp", true, "42 rules"}};
  record.kernel = "Linux 6.1.0";
  record.builder = "nachbau 0.1.0";
  record.outcome = BuildOutcome::kBuilt;
  record.exit_code = 0;
  record.started = 1'760'000'100;
  record.duration_ms = 61'500;
  record.outputs = {PutArtifact(store, "sample-doc_2.0-3_all.deb", doc),
                    PutArtifact(store, "sample_2.0-3_amd64.buildinfo", "Format: 1.0\n"),
                    PutArtifact(store, "sample_2.0-3_amd64.deb", deb)};
  record.log = PutArtifact(store, evidence::kBuildLog, "the log");

  SilentProgress progress;
  rebuild.comparison = Compare(lock, record, store, progress);

  Decision& decision = rebuild.decision;
  decision.subject = "sample 1:2.0-3 amd64";
  decision.policy = "default";
  decision.policy_version = 1;
  decision.policy_digest = Sha256(rebuild.policy);
  decision.time = 1'760'000'200;
  decision.findings = {{"binaries.identical", "sample", FindingOutcome::kPass, Msg("2 of 2"), {}, {}}};
  decision.verdict = Verdict::kAllowed;
  return rebuild;
}

void WriteEvidence(const std::filesystem::path& folder, const Rebuild& rebuild, const Store& store,
                   const SigningKey& key, const std::filesystem::path& log) {
  std::vector<EvidenceFile> files;
  const auto add = [&](const std::string& path, const std::string& bytes) {
    WriteFileAtomically(folder / path, bytes, 0644, Durability::kNone);
    files.push_back({path, HashBytes(bytes)});
    std::sort(files.begin(), files.end(), [](const auto& left, const auto& right) { return left.path < right.path; });
  };
  const auto object = [&](const Sha256Digest& digest) { return store.Read(digest, 1 << 20); };
  add(evidence::kLock, FormatPretty(ToJson(rebuild.lock)));
  add(evidence::kBuildRecord, FormatPretty(ToJson(rebuild.record)));
  add(evidence::kBuildLog, object(rebuild.record.log.content.sha256));
  for (const Artifact& output : rebuild.record.outputs) {
    add(std::string(evidence::kArtifacts) + "/" + output.name, object(output.content.sha256));
  }
  for (const ReleaseProof& release : rebuild.lock.releases) {
    for (const Sha256Digest& digest : {release.in_release, release.keyring}) {
      add(std::string(evidence::kProofs) + "/" + digest.Hex(), object(digest));
    }
  }
  add(evidence::kComparison, FormatPretty(ToJson(rebuild.comparison)));
  if (rebuild.record.outcome == BuildOutcome::kBuilt) add(evidence::kSbom, "{\n  \"bomFormat\": \"CycloneDX\"\n}\n");

  const FixedClock clock(1'760'000'300);
  const std::string origin = "nachbau.log/" + key.key_id.substr(0, 16);
  const Json provenance =
      MakeProvenance(rebuild.lock, rebuild.record, rebuild.comparison, files, "https://rebuilder.example.org/");
  files.clear();
  add(evidence::kProvenance, FormatPretty(Attest(provenance, key, log, origin, clock)));
  add(evidence::kPolicy, rebuild.policy);
  add(evidence::kDecision, FormatPretty(ToJson(rebuild.decision)));
  const Json summary = MakeSummary(rebuild.decision, rebuild.record, files, "https://verifier.example.org/");
  add(evidence::kSummary, FormatPretty(Attest(summary, key, log, origin, clock)));
}

}  // namespace nachbau::verifier
