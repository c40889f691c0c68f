#include "mirror/npm_mirror.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "mirror/acquisition.h"
#include "mirror/fetch_file.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxTarball = 1ULL << 30;  // bytes
constexpr std::uint64_t kMaxLock = 64 << 20;       // bytes

Product ProductFor(const NpmRequest& request, const PackageLock& lock, const ProductList& products) {
  Product product;
  product.kind = ProductKind::kNpm;
  product.origin = std::filesystem::absolute(request.file).lexically_normal().native();
  product.added_by = request.added_by;
  product.name = request.name;
  if (product.name.empty()) {
    for (const char c : lock.name) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (plain || (!product.name.empty() && (c == '.' || c == '-' || c == '_'))) product.name += c;
      if (c == '/') product.name += product.name.empty() ? "" : "-";
    }
    product.name = (product.name.empty() ? "project" : product.name) + ".npm";
  }
  if (!IsProductName(product.name)) throw UsageError(Msg("{} cannot be the name of a product", Printable(product.name)));
  if (const auto known = products.Find(product.name)) {
    if (known->kind != ProductKind::kNpm) {
      UsageError error(Msg("there is a product {} already, from {}", product.name, Printable(known->origin)));
      error.SetHint(Msg("name this one with --name NAME"));
      throw error;
    }
    product.current = known->current;
    product.earlier = known->earlier;
  }
  return product;
}

PackageLock ReadHeldLock(const Closure& closure, const Store& store) {
  for (const ClosureFile& file : closure.files) {
    if (file.role == ClosureRole::kPackageLock) return ParsePackageLock(store.Read(file.sha256, kMaxLock), file.name);
  }
  throw MissingError(Msg("the closure of {} names no lock file", closure.product));
}

// Tarballs of a closure by the digest that npm knows them by.
std::map<Sha512Digest, ContentId> HeldTarballs(const Closure& closure, const Store& store) {
  std::map<Sha512Digest, ContentId> held;
  for (const ClosureFile& file : closure.files) {
    if (file.role != ClosureRole::kTarball) continue;
    if (const auto content = store.Find(file.sha256)) held.emplace(content->sha512, *content);
  }
  return held;
}

}  // namespace

std::string AskNpmRegistry(const std::string& home) {
  ProcessRequest request;
  request.arguments = {"npm", "config", "get", "registry"};
  if (!home.empty()) request.environment["HOME"] = home;
  request.working_directory = "/";  // no .npmrc of a project
  request.output_limit = 1 << 16;
  ProcessResult result;
  try {
    result = RunProcess(request);
  } catch (const SystemError&) {
    MissingError error(Msg("the lock does not say where its packages are, and there is no npm to ask for its registry"));
    error.SetHint(Msg("name the registry with --registry URL, or install the package npm"));
    throw error;
  }
  const std::string registry(Trim(result.standard_output));
  if (result.exit_code != 0 || !(registry.starts_with("https://") || registry.starts_with("http://"))) {
    throw Error(Msg("npm does not say which registry it uses: {}", Printable((result.standard_error + registry).substr(0, 200))));
  }
  return registry;
}

NpmMirrored MirrorNpm(const NpmRequest& request, const ProductList& products, const MirrorConfig& config, Store& store,
                      const Clock& clock, Progress& progress) {
  const PackageLock lock = ParsePackageLock(request.text, request.file);
  NpmMirrored result;
  result.product = ProductFor(request, lock, products);
  result.packages = lock.packages.size();
  const bool fresh = result.product.current.closure == Sha256Digest{};
  std::map<Sha512Digest, ContentId> held;
  if (!fresh) held = HeldTarballs(ReadClosure(result.product.current, store), store);
  std::vector<const NpmPackage*> wanted;
  std::map<Sha512Digest, const NpmPackage*> first;  // one of several places that a tarball is installed at
  for (const NpmPackage& package : lock.packages) {
    if (!first.emplace(package.sha512, &package).second || held.contains(package.sha512)) continue;
    if (package.url.empty() && request.registry.empty()) {
      throw UsageError(Msg("{} does not say where {} is, and no registry is given", request.file, package.name));
    }
    wanted.push_back(&package);
  }
  std::vector<std::string> reasons(wanted.size());
  std::mutex mutex;
  std::exception_ptr failure;
  std::atomic<std::size_t> next{0};
  SilentProgress silent;
  const auto task = progress.Start(Msg("Fetching {} npm packages", wanted.size()), Unit::kItems, wanted.size());
  const auto work = [&] {
    for (std::size_t i = next++; i < wanted.size(); i = next++) {
      const std::string url = NpmTarballUrl(request.registry, *wanted[i]);
      try {
        const ContentId content =
            DownloadToStore({.place = url, .limit = kMaxTarball, .sha512 = wanted[i]->sha512}, config, store, silent);
        const std::lock_guard guard(mutex);
        held.emplace(wanted[i]->sha512, content);
        ++result.fetched;
        result.bytes_fetched += content.size;
        task->Advance(1);
      } catch (const NetworkError& error) {
        reasons[i] = error.what();
      } catch (const IntegrityError& error) {
        reasons[i] = error.what();
      } catch (const MissingError& error) {
        reasons[i] = error.what();
      } catch (const ParseError& error) {
        reasons[i] = error.what();
      } catch (...) {  // the disk, or cancelled: no use in going on
        const std::lock_guard guard(mutex);
        if (!failure) failure = std::current_exception();
        next = wanted.size();
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (std::size_t i = 0; i < std::min<std::size_t>(std::max(1U, config.connections), wanted.size()); ++i) pool.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
  const auto missing = static_cast<std::size_t>(
      std::count_if(reasons.begin(), reasons.end(), [](const std::string& reason) { return !reason.empty(); }));
  if (missing != 0) {
    const auto at = std::find_if(reasons.begin(), reasons.end(), [](const std::string& reason) { return !reason.empty(); });
    const NpmPackage& package = *wanted[static_cast<std::size_t>(at - reasons.begin())];
    MissingError error(Msg("{} of {} npm packages could not be had, the first: {} {}: {}", missing, wanted.size(), package.name,
                           package.version, *at));
    error.SetHint(Msg("nothing was changed; run the same command again later"));
    throw error;
  }
  task->Succeed();
  Closure& closure = result.closure;
  closure.product = result.product.name;
  const ContentId lock_content = store.Put(request.text);
  closure.version = lock.version.empty() ? lock_content.sha256.Hex().substr(0, 12) : lock.version;
  const auto add = [&](const ContentId& content, std::string name, ClosureRole role, const std::string& package,
                       const std::string& version, std::string from) {
    ClosureFile file;
    file.sha256 = content.sha256;
    file.size = content.size;
    file.name = std::move(name);
    file.role = role;
    file.package = package;
    file.version = version;
    file.path = std::move(from);
    closure.files.push_back(std::move(file));
  };
  add(lock_content, "package-lock.json", ClosureRole::kPackageLock, closure.product, closure.version, result.product.origin);
  for (const auto& [sha512, package] : first) {
    add(held.at(sha512), package->name.substr(package->name.rfind('/') + 1) + "-" + package->version + ".tgz",
        ClosureRole::kTarball, package->name, package->version, NpmTarballUrl(request.registry, *package));
  }
  std::sort(closure.files.begin(), closure.files.end(),
            [](const ClosureFile& left, const ClosureFile& right) { return left.sha256 < right.sha256; });
  const ContentId document = store.Put(FormatCanonical(ToJson(closure)));
  if (document.sha256 != result.product.current.closure) {
    if (!fresh) result.product.earlier.insert(result.product.earlier.begin(), result.product.current);
    result.product.current = {closure.version, clock.Now(), std::nullopt, document.sha256};
    products.Save(result.product);
    std::vector<Acquisition> acquisitions;
    for (const ClosureFile& file : closure.files) {
      if (file.role != ClosureRole::kTarball) continue;
      acquisitions.push_back(
          {file.sha256, file.size, file.name, clock.Now(), file.path, Proof::kPinnedDigest, {lock_content.sha256}});
    }
    AcquisitionLog(config.state_directory).Append(acquisitions);
  }
  return result;
}

std::uint64_t WriteNpmFolder(const Product& product, const std::filesystem::path& directory, const Store& store) {
  if (product.kind != ProductKind::kNpm) throw UsageError(Msg("{} is not an npm lock file", product.name));
  const Closure closure = ReadClosure(product.current, store);
  const PackageLock lock = ReadHeldLock(closure, store);
  const std::map<Sha512Digest, ContentId> held = HeldTarballs(closure, store);
  std::map<std::string, std::string> files;
  for (const NpmPackage& package : lock.packages) {
    const auto content = held.find(package.sha512);
    if (content == held.end()) throw MissingError(Msg("the tarball of {} {} is not held", package.name, package.version));
    files.emplace(package.path, "tarballs/" + content->second.sha256.Hex() + ".tgz");
  }
  const std::filesystem::path lock_file = directory / "package-lock.json";
  const std::string rewritten = FormatPretty(WithLocalTarballs(lock, files));
  if (const auto fd = OpenForReadingIfExists(lock_file)) {
    const std::string there = ReadDescriptor(*fd, lock_file.native(), kMaxLock);
    if (there != rewritten && ParseJson(there, lock_file.native()) != lock.json) {
      UsageError error(Msg("{} is another lock than the one of {}", lock_file.native(), product.name));
      error.SetHint(Msg("name an empty folder, or mirror this lock: nachbau mirror npm {}", lock_file.native()));
      throw error;
    }
  }
  MakeDirectories(directory / "tarballs");
  for (const auto& [sha512, content] : held) {
    const std::filesystem::path path = directory / "tarballs" / (content.sha256.Hex() + ".tgz");
    if (std::filesystem::exists(path) && HashDescriptor(OpenForReading(path), path.native()) == content) continue;
    WriteFileAtomically(path, store.Read(content.sha256, kMaxTarball), 0644, Durability::kNone);
  }
  if (!std::filesystem::exists(directory / "package.json")) {
    WriteFileAtomically(directory / "package.json", FormatPretty(PackageJsonOf(lock)));
  }
  WriteFileAtomically(lock_file, rewritten);
  return lock.packages.size();
}

}  // namespace nachbau::mirror
