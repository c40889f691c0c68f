#include "mirror/vouchers.h"

#include <algorithm>
#include <optional>

#include "base/archive.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/keyring.h"
#include "mirror/openpgp_signature.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxDsc = 1 << 20;          // bytes
constexpr std::uint64_t kMaxSignature = 1 << 20;    // bytes
constexpr std::uint64_t kMaxKeys = 64 << 20;        // bytes of one keyring; Debian's has 30 MB
constexpr std::uint64_t kMaxTarball = 2ULL << 30;   // bytes; it is held in memory
constexpr std::size_t kMaxEntries = 200'000;
// uscan(1): where packages keep the keys of upstream.
constexpr std::string_view kUpstreamKeys[] = {"debian/upstream/signing-key.asc", "debian/upstream/signing-key.pgp",
                                              "debian/upstream-signing-key.pgp", "debian/upstream/signing-key.gpg"};

class Finder {
 public:
  Finder(const Lock& lock, const std::vector<std::filesystem::path>& keyrings, const Store& store, UnixSeconds now)
      : files_(lock.WithRole(InputRole::kSource)), keyrings_(keyrings), store_(store), now_(now) {
    vouchers_.source = lock.source;
    vouchers_.version = lock.version;
  }

  Vouchers Run() {
    for (const LockedFile& file : files_) {
      if (file.file_name.ends_with(".dsc")) Try(file, [&] { Maintainer(file); });
      if (file.file_name.ends_with(".asc")) Try(file, [&] { Upstream(file); });
    }
    std::sort(vouchers_.vouchers.begin(), vouchers_.vouchers.end());
    return std::move(vouchers_);
  }

 private:
  void Problem(const std::string& file, const std::string& detail) { vouchers_.problems.push_back(file + ": " + detail); }
  template <typename Work>
  void Try(const LockedFile& file, const Work& work) {
    if (!store_.Has(file.sha256)) {
      Problem(file.file_name, "is not held");
      return;
    }
    try {
      work();
    } catch (const SystemError&) {
      throw;
    } catch (const IntegrityError&) {
      throw;
    } catch (const Error& error) {
      Problem(file.file_name, error.what());
    }
  }

  void Maintainer(const LockedFile& dsc) {
    const std::string text = store_.Read(dsc.sha256, kMaxDsc);
    std::string keys, names;
    for (const std::filesystem::path& path : keyrings_) {
      const auto fd = OpenForReadingIfExists(path);
      if (!fd) continue;
      names += (names.empty() ? "" : ", ") + path.filename().native();
      const std::string keyring = BinaryKeyring(ReadDescriptor(*fd, path.native(), kMaxKeys), path.native());
      keys += KeysForClearSigned(text, keyring, path.native());
    }
    if (names.empty()) {
      Problem(dsc.file_name, "the maintainer's signature could not be checked: no keyring of Debian's developers is here; "
                             "install the package debian-keyring");
      return;
    }
    for (SignatureVerdict& verdict : OpenPgpKeys(keys).CheckClearSigned(text, dsc.file_name, now_)) {
      vouchers_.vouchers.push_back({"maintainer", "openpgp", dsc.file_name, dsc.sha256, names, std::move(verdict)});
    }
  }

  void Upstream(const LockedFile& signature) {
    const std::string name = signature.file_name.substr(0, signature.file_name.size() - 4);
    const auto tarball = std::find_if(files_.begin(), files_.end(), [&](const LockedFile& file) { return file.file_name == name; });
    if (tarball == files_.end()) return Problem(signature.file_name, "a signature of a file that the source does not have");
    const std::optional<KeyFile> keys = UpstreamKeys();
    if (!keys) return Problem(signature.file_name, "the package has no keys of upstream (debian/upstream/signing-key.asc)");
    const std::string armored = store_.Read(signature.sha256, kMaxSignature);
    const std::string bytes = store_.Read(tarball->sha256, kMaxTarball);
    std::vector<Voucher> found = CheckFileSignature(bytes, armored, {*keys}, name, tarball->sha256, now_, "");
    const auto bad = [](const Voucher& voucher) { return voucher.verdict.outcome == SignatureOutcome::kBad; };
    if (std::all_of(found.begin(), found.end(), bad)) {
      // Some projects sign what is inside of the compression.
      std::vector<Voucher> inside = CheckFileSignature(Decompress(bytes, name, kMaxTarball), armored, {*keys}, name,
                                                       tarball->sha256, now_, "");
      if (!std::all_of(inside.begin(), inside.end(), bad)) {
        found = std::move(inside);
        for (Voucher& voucher : found) {
          voucher.verdict.detail += (voucher.verdict.detail.empty() ? "" : "; ") + std::string("signed is the tarball before compression");
        }
      }
    }
    for (Voucher& voucher : found) vouchers_.vouchers.push_back(std::move(voucher));
  }

  // From the part of the source that Debian made. So it is the maintainer who says that these are upstream's keys.
  std::optional<KeyFile> UpstreamKeys() const {
    for (const LockedFile& file : files_) {
      if (file.file_name.find(".debian.tar.") == file.file_name.npos || !store_.Has(file.sha256)) continue;
      const FileDescriptor fd = store_.Open(file.sha256);
      ArchiveReader reader(fd, ArchiveFormat::kTar, file.file_name);
      std::size_t entries = 0;
      while (auto entry = reader.Next()) {
        if (++entries > kMaxEntries) throw ParseError(file.file_name, 0, Msg("more than {} files", kMaxEntries));
        std::string_view path = entry->path;
        if (path.starts_with("./")) path.remove_prefix(2);
        if (entry->type != ArchiveEntry::Type::kFile) continue;
        for (const std::string_view keys : kUpstreamKeys) {
          if (path == keys) return KeyFile{std::string(keys), reader.ReadContent(kMaxKeys)};
        }
      }
    }
    return std::nullopt;
  }

  std::vector<LockedFile> files_;
  const std::vector<std::filesystem::path>& keyrings_;
  const Store& store_;
  UnixSeconds now_;
  Vouchers vouchers_;
};

}  // namespace

std::vector<std::filesystem::path> DebianKeyrings(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> keyrings;
  for (const char* name : {"debian-keyring.gpg", "debian-maintainers.gpg", "debian-nonupload.gpg"}) {
    keyrings.push_back(root / "usr/share/keyrings" / name);
  }
  return keyrings;
}

Vouchers FindVouchers(const Lock& lock, const std::vector<std::filesystem::path>& keyrings, const Store& store,
                      const Clock& clock) {
  return Finder(lock, keyrings, store, clock.Now()).Run();
}

}  // namespace nachbau::mirror
