// nachbau mirror tarball, npm, npm-folder, vouchers: sources from other places than a Debian archive, and who signed them.
#include <cstdlib>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "cli/progress_text.h"
#include "mirror/fetch_file.h"
#include "mirror/npm_mirror.h"
#include "mirror/tarball_mirror.h"
#include "model/evidence.h"
#include "report/summary.h"

namespace nachbau::cli {
namespace {

constexpr std::uint64_t kMaxKeys = 16 << 20;   // bytes
constexpr std::uint64_t kMaxLock = 64 << 20;   // bytes

mirror::ProductList Products(const Context& context) { return mirror::ProductList(context.home() / "products"); }

// A path stays the same wherever the command is called.
std::string Place(const std::string& place) {
  return mirror::IsUrl(place) ? place : std::filesystem::absolute(place).lexically_normal().native();
}

std::string Actor(const Context& context) {
  return ChooseActor(context.arguments(), context.configuration(), FindCallingAccount()).name;
}

Json Subject(const Product& product) {
  return Json::array({{{"name", product.name}, {"sha256", product.current.closure.Hex()}}});
}

// A lock file, an evidence folder, or the name of a tarball product.
Vouchers VouchersOf(Context& context, const std::string& what) {
  if (std::filesystem::is_directory(what)) return VouchersOf(context, ReadLock(std::filesystem::path(what) / evidence::kLock));
  if (std::filesystem::exists(what)) return VouchersOf(context, ReadLock(what));
  const Product product = Products(context).Choose({what}).front();
  if (const auto lock = mirror::ReadLock(product.current, context.store())) return VouchersOf(context, *lock);
  return mirror::CheckTarball(product, context.home() / "mirror", context.store(), context.clock());
}

}  // namespace

int RunMirrorTarball(Context& context) {
  const Arguments& arguments = context.arguments();
  context.PrepareToRecord();
  mirror::TarballRequest request;
  request.place = Place(arguments.names.at(0));
  request.name = arguments.product;
  request.version = arguments.version;
  if (!arguments.sha256.empty()) request.sha256 = ParseSha256(arguments.sha256, "--sha256");
  if (!arguments.signature.empty()) request.signature = Place(arguments.signature);
  for (const std::filesystem::path& key : arguments.keys) request.keys.push_back({key.native(), ReadFile(key, kMaxKeys)});
  request.added_by = Actor(context);
  const mirror::TarballMirrored result = mirror::MirrorTarball(request, Products(context), context.MirrorConfig(),
                                                               context.store(), context.clock(), context.progress());
  if (result.accepted) {
    context.Record("mirror.tarball", {{"origin", request.place},
                                      {"version", result.closure.version},
                                      {"vouchers", ToJson(result.vouchers)},
                                      {"subjects", Subject(result.product)}});
  }
  if (arguments.json) {
    context.PrintJson({{"product", result.product.name},
                       {"version", result.closure.version},
                       {"accepted", result.accepted},
                       {"sha256", result.content.sha256.Hex()},
                       {"size", result.content.size},
                       {"vouchers", ToJson(result.vouchers)}});
  } else {
    if (result.accepted) {
      context.Print(Msg("{} {}: {} mirrored, sha256 {}", result.product.name, result.closure.version,
                        FormatBytes(result.content.size), result.content.sha256.Hex()));
    } else {
      context.Print(Msg("{}: refused: no good signature by the keys given, or a bad one", request.place));
    }
    context.PrintText(report::FormatVouchers(result.vouchers, context.catalogue()));
  }
  return result.accepted ? kGood : kBad;
}

int RunMirrorNpm(Context& context) {
  const Arguments& arguments = context.arguments();
  context.PrepareToRecord();
  mirror::NpmRequest request;
  request.file = arguments.names.at(0);
  request.text = ReadFile(request.file, kMaxLock);
  request.name = arguments.product;
  request.registry = arguments.registry;
  request.added_by = Actor(context);
  if (request.registry.empty()) {
    const mirror::PackageLock lock = mirror::ParsePackageLock(request.text, request.file);
    for (const mirror::NpmPackage& package : lock.packages) {
      if (!package.url.empty()) continue;
      const char* home = std::getenv("HOME");
      request.registry = mirror::AskNpmRegistry(home == nullptr ? "" : home);
      break;
    }
  }
  const mirror::NpmMirrored result = mirror::MirrorNpm(request, Products(context), context.MirrorConfig(),
                                                       context.store(), context.clock(), context.progress());
  context.Record("mirror.npm", {{"origin", result.product.origin}, {"packages", result.packages}, {"subjects", Subject(result.product)}});
  if (arguments.json) {
    context.PrintJson({{"product", result.product.name},
                       {"version", result.closure.version},
                       {"packages", result.packages},
                       {"fetched", result.fetched},
                       {"bytes", result.bytes_fetched}});
  } else {
    context.Print(Msg("{}: {} packages, {} fetched ({})", result.product.name, result.packages, result.fetched,
                      FormatBytes(result.bytes_fetched)));
    context.Print(Msg("Next: nachbau mirror npm-folder {} DIR", result.product.name));
  }
  return kGood;
}

int RunMirrorNpmFolder(Context& context) {
  const Product product = Products(context).Choose({context.arguments().names.at(0)}).front();
  const std::filesystem::path directory = context.arguments().names.at(1);
  const std::uint64_t packages = mirror::WriteNpmFolder(product, directory, context.store());
  if (context.arguments().json) {
    context.PrintJson({{"product", product.name}, {"directory", directory.native()}, {"packages", packages}});
  } else {
    context.Print(Msg("{}: {} packages written to {}", product.name, packages, directory.native()));
    context.Print(Msg("Next: in that folder: npm ci --offline --ignore-scripts"));
  }
  return kGood;
}

int RunMirrorVouchers(Context& context) {
  Json list = Json::array();
  std::size_t good = 0, bad = 0;
  for (const std::string& what : context.arguments().names) {
    const Vouchers vouchers = VouchersOf(context, what);
    good += vouchers.Count(SignatureOutcome::kGood);
    bad += vouchers.Count(SignatureOutcome::kBad) + vouchers.Count(SignatureOutcome::kRevokedKey);
    if (context.arguments().json) {
      list.push_back(ToJson(vouchers));
      continue;
    }
    context.Print(Msg("{} {}: {} good signatures", vouchers.source, vouchers.version, vouchers.Count(SignatureOutcome::kGood)));
    context.PrintText(report::FormatVouchers(vouchers, context.catalogue()));
  }
  if (context.arguments().json) context.PrintJson(list);
  if (bad != 0) return kBad;
  return good != 0 ? kGood : kCouldNotCheck;
}

}  // namespace nachbau::cli
