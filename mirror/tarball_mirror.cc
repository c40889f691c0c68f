#include "mirror/tarball_mirror.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/fetch_file.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxSignature = 1 << 20;   // bytes
constexpr std::uint64_t kMaxKeys = 16 << 20;       // bytes
constexpr std::uint64_t kMaxSigned = 2ULL << 30;   // bytes; what is signed is held in memory

std::string FileNameOf(const std::string& place) {
  std::string path = place;
  if (IsUrl(place)) path = path.substr(0, path.find_first_of("?#"));
  path = path.substr(path.rfind('/') + 1);
  return IsSafeFileName(path) ? path : "tarball";
}

// "chrony", "4.3" of chrony-4.3.tar.gz, chrony_4.3.orig.tar.gz, chrony-4.3.tgz.
std::pair<std::string, std::string> Split(std::string file) {
  for (const char* end : {".orig.tar", ".tar", ".tgz", ".tbz2", ".txz", ".zip", ".crate"}) {
    if (const std::size_t at = file.find(end); at != file.npos && at != 0) {
      file.resize(at);
      break;
    }
  }
  const auto digit = [&](std::size_t at) { return at < file.size() && file[at] >= '0' && file[at] <= '9'; };
  for (std::size_t at = file.size(); at-- > 1;) {
    if (file[at] != '-' && file[at] != '_') continue;
    if (digit(at + 1) || (file.substr(at + 1, 1) == "v" && digit(at + 2))) return {file.substr(0, at), file.substr(at + 1)};
  }
  return {file, ""};
}

Product ProductFor(const TarballRequest& request, const std::string& file, const ProductList& products) {
  Product product;
  product.kind = ProductKind::kTarball;
  product.name = request.name.empty() ? Split(file).first + ".tar" : request.name;
  product.origin = request.place;
  product.added_by = request.added_by;
  if (!IsProductName(product.name)) {
    UsageError error(Msg("{} cannot be the name of a product", Printable(product.name)));
    error.SetHint(Msg("name this one with --name NAME"));
    throw error;
  }
  if (const auto known = products.Find(product.name)) {
    if (known->kind != ProductKind::kTarball) {
      UsageError error(Msg("there is a product {} already, from {}", product.name, Printable(known->origin)));
      error.SetHint(Msg("name this one with --name NAME"));
      throw error;
    }
    product.current = known->current;
    product.earlier = known->earlier;
  }
  return product;
}

bool Vouched(const Vouchers& vouchers) {
  return vouchers.Count(SignatureOutcome::kGood) != 0 && vouchers.Count(SignatureOutcome::kBad) == 0;
}

}  // namespace

TarballMirrored MirrorTarball(const TarballRequest& request, const ProductList& products, const MirrorConfig& config,
                              Store& store, const Clock& clock, Progress& progress) {
  if (!request.sha256 && request.signature.empty()) {
    UsageError error(Msg("nothing says what the tarball must be"));
    error.SetHint(Msg("give its digest with --sha256, or a signature with --signature and the key with --key"));
    throw error;
  }
  if (!request.signature.empty() && request.keys.empty()) {
    UsageError error(Msg("a signature needs a key to be checked with"));
    error.SetHint(Msg("give upstream's public key with --key FILE"));
    throw error;
  }
  TarballMirrored result;
  const std::string file = FileNameOf(request.place);
  result.product = ProductFor(request, file, products);
  const bool fresh = result.product.current.closure == Sha256Digest{};
  result.content = DownloadToStore({.place = request.place, .sha256 = request.sha256}, config, store, progress);
  Closure& closure = result.closure;
  closure.product = result.product.name;
  closure.version = !request.version.empty() ? request.version : Split(file).second;
  if (closure.version.empty()) closure.version = result.content.sha256.Hex().substr(0, 12);
  result.vouchers.source = closure.product;
  result.vouchers.version = closure.version;
  const auto add = [&](const ContentId& content, const std::string& name, ClosureRole role, const std::string& from) {
    ClosureFile entry;
    entry.sha256 = content.sha256;
    entry.size = content.size;
    entry.name = name;
    entry.role = role;
    entry.package = closure.product;
    entry.version = closure.version;
    entry.path = from;
    closure.files.push_back(std::move(entry));
  };
  add(result.content, file, ClosureRole::kTarball, request.place);
  if (!request.signature.empty()) {
    const ContentId signature =
        DownloadToStore({.place = request.signature, .limit = kMaxSignature}, config, store, progress);
    add(signature, FileNameOf(request.signature), ClosureRole::kSignature, request.signature);
    for (const KeyFile& key : request.keys) add(store.Put(key.bytes), FileNameOf(key.name), ClosureRole::kKey, key.name);
    MakeDirectories(config.state_directory, 0700);
    result.vouchers.vouchers =
        CheckFileSignature(store.Read(result.content.sha256, kMaxSigned), store.Read(signature.sha256, kMaxSignature),
                           request.keys, file, result.content.sha256, clock.Now(), config.state_directory);
    if (!Vouched(result.vouchers)) return result;
  }
  result.accepted = true;
  const auto by_digest = [](const ClosureFile& left, const ClosureFile& right) { return left.sha256 < right.sha256; };
  std::sort(closure.files.begin(), closure.files.end(), by_digest);
  closure.files.erase(std::unique(closure.files.begin(), closure.files.end(),
                                  [](const ClosureFile& left, const ClosureFile& right) { return left.sha256 == right.sha256; }),
                      closure.files.end());
  const ContentId document = store.Put(FormatCanonical(ToJson(closure)));
  if (document.sha256 != result.product.current.closure) {
    if (!fresh) result.product.earlier.insert(result.product.earlier.begin(), result.product.current);
    result.product.current = {closure.version, clock.Now(), std::nullopt, document.sha256};
    products.Save(result.product);
    std::vector<Sha256Digest> proven_by;
    for (const ClosureFile& proof_file : closure.files) {
      if (proof_file.role != ClosureRole::kTarball) proven_by.push_back(proof_file.sha256);
    }
    const Proof proof = proven_by.empty() ? Proof::kPinnedDigest : Proof::kSignedFile;
    AcquisitionLog(config.state_directory)
        .Append({{result.content.sha256, result.content.size, file, clock.Now(), request.place, proof, proven_by}});
  }
  return result;
}

Vouchers CheckTarball(const Product& product, const std::filesystem::path& scratch, const Store& store, const Clock& clock) {
  const Closure closure = ReadClosure(product.current, store);
  Vouchers vouchers;
  vouchers.source = product.name;
  vouchers.version = closure.version;
  std::vector<KeyFile> keys;
  const ClosureFile* tarball = nullptr;
  const ClosureFile* signature = nullptr;
  for (const ClosureFile& file : closure.files) {
    if (file.role == ClosureRole::kTarball) tarball = &file;
    if (file.role == ClosureRole::kSignature) signature = &file;
    if (file.role == ClosureRole::kKey) keys.push_back({file.path, store.Read(file.sha256, kMaxKeys)});
  }
  if (tarball == nullptr) throw MissingError(Msg("the closure of {} names no tarball", product.name));
  if (signature == nullptr) {
    vouchers.problems.push_back(tarball->name + ": known by its digest alone; nobody signed it");
    return vouchers;
  }
  MakeDirectories(scratch, 0700);
  vouchers.vouchers = CheckFileSignature(store.Read(tarball->sha256, kMaxSigned), store.Read(signature->sha256, kMaxSignature),
                                         keys, tarball->name, tarball->sha256, clock.Now(), scratch);
  return vouchers;
}

}  // namespace nachbau::mirror
