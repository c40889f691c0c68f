// Export, import, and what one side tells the other.
#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "cli/progress_text.h"
#include "mirror/export.h"
#include "mirror/have_list.h"
#include "mirror/import.h"
#include "mirror/product_list.h"
#include "verifier/signed_statement.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kShown = 20;  // lines of each kind

void PrintLines(const Context& context, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size() && i < kShown; ++i) context.PrintLine("  " + lines[i]);
  if (lines.size() > kShown) context.Print(Msg("  and {} more", lines.size() - kShown));
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Where 'resolve' writes it too. One that is there already and says something else is a person's business.
void WriteLock(const Context& context, const Lock& lock) {
  const std::filesystem::path path = context.workspace() / "locks" / LockFileName(lock.source);
  if (std::filesystem::exists(path)) {
    const bool same = DigestOf(ReadLock(path)) == DigestOf(lock);
    if (!same) context.progress().Note(Msg("{} is another lock and stays as it is", AsTyped(path).native()));
    return;
  }
  WriteFileAtomically(path, FormatPretty(ToJson(lock)));
}

Json Describe(const mirror::ImportResult& result) {
  Json products = Json::array();
  for (const Product& product : result.products) products.push_back(product.name);
  return {{"manifest", result.manifest.Hex()},
          {"signer", result.signer},
          {"exported", FormatTime(result.exported)},
          {"objectsAdded", result.objects_added},
          {"bytesAdded", result.bytes_added},
          {"objectsPresent", result.objects_present},
          {"objectsMissing", result.objects_missing},
          {"bytesMissing", result.bytes_missing},
          {"missingVolumes", result.missing_volumes},
          {"damaged", result.damaged},
          {"refused", result.refused},
          {"incomplete", result.incomplete},
          {"kept", result.kept},
          {"absent", result.absent},
          {"products", products},
          {"snapshots", result.snapshots}};
}

void PrintImport(const Context& context, const mirror::ImportResult& result) {
  context.Print(Msg("export of {}, signed by {}", FormatTime(result.exported), result.signer));
  context.Print(Msg("{} objects taken in ({}), {} were there, {} missing", result.objects_added,
                    FormatBytes(result.bytes_added), result.objects_present, result.objects_missing));
  if (!result.damaged.empty()) {
    context.Print(Msg("NOT as the signed manifest says:"));
    PrintLines(context, result.damaged);
  }
  if (!result.refused.empty()) {
    context.Print(Msg("refused, because it cannot be proven here:"));
    PrintLines(context, result.refused);
  }
  if (!result.kept.empty()) {
    context.Print(Msg("not taken over:"));
    PrintLines(context, result.kept);
  }
  if (!result.absent.empty()) {
    context.Print(Msg("the exporting side did not have:"));
    PrintLines(context, result.absent);
  }
  for (const Product& product : result.products) {
    context.Print(Msg("product {} {}: complete and proven", product.name, product.current.version));
  }
  if (!result.incomplete.empty()) context.Print(Msg("not visible yet: {}", Joined(result.incomplete)));
  if (!result.Complete()) {
    std::vector<std::string> volumes;
    for (const std::uint32_t number : result.missing_volumes) volumes.push_back(std::to_string(number));
    context.Print(Msg("Next: import volume {} ({} missing); what is held already is not read again", Joined(volumes),
                      FormatBytes(result.bytes_missing)));
  } else if (!result.locks.empty() && result.Good()) {
    context.Print(Msg("Next: nachbau rebuild --lock {}",
                      AsTyped(context.workspace() / "locks" / LockFileName(result.locks.front().source)).native()));
  }
}

}  // namespace

int RunMirrorExport(Context& context) {
  const Arguments& arguments = context.arguments();
  context.PrepareToRecord();
  mirror::ExportRequest request;
  request.output = std::filesystem::absolute(arguments.names.at(0)).lexically_normal();
  if (!request.output.has_filename()) request.output = request.output.parent_path();  // "folder/"
  request.volume_size = arguments.volume_size;
  request.state_directory = context.MirrorConfig().state_directory;
  request.cancelled = &g_cancelled;
  const std::vector<std::string> names(arguments.names.begin() + 1, arguments.names.end());
  const mirror::ProductList products(context.home() / "products");
  if (!names.empty() || arguments.locks.empty()) request.products = products.Choose(names);
  for (const std::filesystem::path& path : arguments.locks) request.locks.push_back(ReadLock(path));
  for (const std::filesystem::path& path : arguments.have) {
    const auto have = mirror::ReadHave(path);
    request.have.insert(have.begin(), have.end());
  }
  const verifier::SigningKey key = context.OpenSigningKey();
  const auto sign = [&](const Json& statement) {
    return verifier::Attest(statement, key, context.LogDirectory(), context.LogOrigin(key), context.clock());
  };
  const mirror::ExportResult result =
      mirror::Export(request, context.store(), sign, context.clock(), context.progress());
  Json exported = Json::array();
  for (const Product& product : request.products) exported.push_back(product.name);
  Json volumes = Json::array();
  for (const std::filesystem::path& path : result.volumes) volumes.push_back(path.native());
  const Json summary = {{"manifest", result.manifest.Hex()},
                        {"products", exported},
                        {"locks", request.locks.size()},
                        {"volumes", volumes},
                        {"objects", result.objects},
                        {"bytes", result.bytes},
                        {"objectsThere", result.objects_there},
                        {"bytesThere", result.bytes_there},
                        {"absent", result.absent}};
  Json details = summary;
  details["absent"] = result.absent.size();
  details["volumes"] = result.volumes.size();
  details["subjects"] = Json::array({{{"name", "manifest.json"}, {"sha256", result.manifest.Hex()}}});
  context.Record("mirror.export", details);
  if (arguments.json) {
    context.PrintJson(summary);
    return kGood;
  }
  context.Print(Msg("{}: {} objects ({}) in {} volumes; {} ({}) are on the other side already",
                    AsTyped(request.output).native(), result.objects, FormatBytes(result.bytes), result.volumes.size(),
                    result.objects_there, FormatBytes(result.bytes_there)));
  if (!result.absent.empty()) {
    context.Print(Msg("{} objects are not held here and could not go along:", result.absent.size()));
    PrintLines(context, result.absent);
  }
  context.Print(Msg("Next: on the other machine, 'nachbau mirror import {} --key KEY', where KEY is this machine's {}",
                    request.output.filename().native(), context.SigningKeyPath().native() + ".pub"));
  return kGood;
}

int RunMirrorImport(Context& context) {
  context.PrepareToRecord();
  mirror::ImportRequest request;
  for (const std::string& name : context.arguments().names) request.paths.push_back(std::filesystem::absolute(name));
  request.config = context.MirrorConfig();
  request.products_directory = context.home() / "products";
  request.roots_directory = context.home() / "roots";
  const std::vector<verifier::TrustedKey> trusted = context.TrustedKeys();
  const auto check = [&](const Json& bundle, const Sha256Digest& manifest) {
    const verifier::SignedStatement statement = verifier::OpenBundle(bundle, "manifest.sigstore.json", trusted);
    mirror::CheckExportStatement(statement.statement, manifest);
    return statement.signer;
  };
  const mirror::ImportResult result =
      mirror::Import(request, context.store(), check, context.clock(), context.progress());
  for (const Lock& lock : result.locks) WriteLock(context, lock);
  Json details = Describe(result);
  details["absent"] = result.absent.size();
  details["damaged"] = result.damaged.size();
  details["subjects"] = Json::array({{{"name", "manifest.json"}, {"sha256", result.manifest.Hex()}}});
  context.Record("mirror.import", details);
  if (context.arguments().json) {
    context.PrintJson(Describe(result));
  } else {
    PrintImport(context, result);
  }
  if (!result.Good()) return kBad;
  return result.Complete() ? kGood : kCouldNotCheck;
}

int RunMirrorHave(Context& context) {
  const std::vector<Sha256Digest> digests = context.store().List();
  const std::filesystem::path& output = context.arguments().output;
  if (!output.empty()) WriteFileAtomically(output, mirror::FormatHaveList(digests));
  if (context.arguments().json) {
    Json list = Json::array();
    for (const Sha256Digest& digest : digests) list.push_back(digest.Hex());
    context.PrintJson(list);
  } else if (output.empty()) {
    context.PrintText(mirror::FormatHaveList(digests));
  } else {
    context.Print(Msg("{}: {} objects", output.native(), digests.size()));
  }
  return kGood;
}

}  // namespace nachbau::cli
