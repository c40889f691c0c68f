// nachbau mirror add, status, remove: the products of the mirror.
#include <algorithm>
#include <charconv>

#include "base/amount.h"
#include "base/error.h"
#include "base/file.h"
#include "builder/builder.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "mirror/closures.h"
#include "mirror/product_list.h"
#include "mirror/product_status.h"
#include "report/products.h"

namespace nachbau::cli {
namespace {

mirror::ProductList Products(const Context& context) { return mirror::ProductList(context.home() / "products"); }

std::uint32_t ParseDepth(const std::string& text) {
  if (text == "max") return kFullDepth;
  std::uint32_t depth = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), depth);
  if (error != std::errc() || end != text.data() + text.size() || depth > 1000) {
    throw UsageError(Msg("--depth takes a number of levels up to 1000, or max; not '{}'", text));
  }
  return depth;
}

mirror::CloseRequest RequestOf(const Arguments& arguments) {
  mirror::CloseRequest request;
  request.depth = ParseDepth(arguments.depth);
  if (!arguments.version.empty() && arguments.names.size() != 1) {
    throw UsageError(Msg("a version is for one source package: give one name with --version-wanted"));
  }
  for (const std::string& name : arguments.names) {
    if (name.ends_with(".toml")) {
      UsageError error(Msg("{}: a product is a source package; a recipe file is none", name));
      error.SetHint(Msg("'nachbau resolve {}' mirrors the source of a recipe file, 'nachbau mirror fetch' the rest of "
                        "its lock",
                        name));
      throw error;
    }
    request.sources.push_back(RequestFor(arguments, name));
  }
  return request;
}

std::string_view Name(mirror::ProductChange change) {
  switch (change) {
    case mirror::ProductChange::kAdded: return "added";
    case mirror::ProductChange::kUpdated: return "updated";
    case mirror::ProductChange::kUnchanged: return "unchanged";
  }
  return "unknown";
}

Message Tell(mirror::ProductChange change, const std::string& name) {
  switch (change) {
    case mirror::ProductChange::kAdded: return Msg("{}: added", name);
    case mirror::ProductChange::kUpdated: return Msg("{}: updated", name);
    case mirror::ProductChange::kUnchanged: return Msg("{}: nothing new, the same files as before", name);
  }
  return Msg("unknown");
}

}  // namespace

int RunMirrorAdd(Context& context) {
  const mirror::CloseRequest request = RequestOf(context.arguments());
  const mirror::MirrorConfig config = context.MirrorConfig();
  context.PrepareToRecord();
  const mirror::Snapshot snapshot = mirror::Update(config, context.store(), context.clock(), context.progress());
  for (const std::string& left_out : snapshot.left_out) context.progress().Note(Msg("left out: {}", left_out));
  std::vector<mirror::ClosedProduct> closed =
      mirror::Close(request, snapshot, config, context.store(), context.progress());
  const mirror::FetchCounts counts = mirror::FetchClosures(closed, config, context.store(), context.progress());

  const mirror::ProductList list = Products(context);
  const EventActor actor = ChooseActor(context.arguments(), context.configuration(), FindCallingAccount());
  const std::string added_by = actor.role.empty() ? actor.name : actor.name + " (" + actor.role + ")";
  Json changes = Json::array();
  Json subjects = Json::array();
  std::vector<std::string> names;
  std::vector<Message> told;
  bool all = true;
  for (const mirror::ClosedProduct& one : closed) {
    Json entry = {{"name", one.name}, {"version", one.version}};
    if (one.problem) {
      all = false;
      entry["problem"] = one.problem->what();
      told.push_back(Msg("{} {}: not added: {}", one.name, one.version, std::string_view(one.problem->what())));
    } else {
      const mirror::ProductChange change =
          mirror::KeepProduct(one, request.depth, added_by, context.clock().Now(), list, context.store());
      const std::filesystem::path path = context.workspace() / "locks" / LockFileName(one.name);
      WriteFileAtomically(path, FormatPretty(ToJson(one.lock)));
      const Product product = list.Choose({one.name}).front();
      entry["change"] = Name(change);
      entry["lock"] = product.current.lock->Hex();
      entry["closure"] = product.current.closure.Hex();
      entry["depth"] = ToJson(product)["depth"];
      subjects.push_back({{"name", "closure of " + one.name}, {"sha256", product.current.closure.Hex()}});
      names.push_back(one.name);
      told.push_back(Tell(change, one.name + " " + one.version));
    }
    changes.push_back(std::move(entry));
  }
  Json details = {{"products", changes},
                  {"filesFetched", counts.files_fetched},
                  {"bytesFetched", counts.bytes_fetched}};
  if (!subjects.empty()) details["subjects"] = subjects;
  context.Record("mirror.add", std::move(details));
  MirrorStatus status;
  if (!names.empty()) status = mirror::StatusOf(list.Choose(names), list.All(), context.store());
  if (context.arguments().json) {
    context.PrintJson({{"changes", changes},
                       {"fetched", {{"files", counts.files_fetched}, {"bytes", counts.bytes_fetched}}},
                       {"present", counts.files_present},
                       {"missing", counts.files_missing},
                       {"status", ToJson(status, false)}});
  } else {
    for (const Message& message : told) context.Print(message);
    context.Print(Msg("{} files fetched ({}), {} were there, {} could not be had", counts.files_fetched,
                      FormatBytes(counts.bytes_fetched), counts.files_present, counts.files_missing));
    if (!names.empty()) context.PrintText(report::FormatMirrorStatus(status, false, context.catalogue()));
  }
  if (!all) return kCouldNotCheck;
  return status.Complete() ? kGood : kBad;
}

int RunMirrorStatus(Context& context) {
  const mirror::ProductList list = Products(context);
  const std::vector<Product> all = list.All();
  const Arguments& arguments = context.arguments();
  const MirrorStatus status =
      mirror::StatusOf(arguments.names.empty() ? all : list.Choose(arguments.names), all, context.store());
  if (arguments.json) {
    context.PrintJson(ToJson(status, arguments.list_missing));
  } else {
    context.PrintText(report::FormatMirrorStatus(status, arguments.list_missing, context.catalogue()));
  }
  return status.Complete() ? kGood : kBad;
}

int RunMirrorRemove(Context& context) {
  const mirror::ProductList list = Products(context);
  const std::vector<Product> products = list.Choose(context.arguments().names);  // all of them exist, or none is removed
  context.PrepareToRecord();
  Json removed = Json::array();
  for (const Product& product : products) {
    if (!list.Remove(product.name)) continue;  // named twice
    removed.push_back({{"name", product.name},
                       {"kind", Name(product.kind)},
                       {"version", product.current.version},
                       {"closure", product.current.closure.Hex()}});
  }
  context.Record("mirror.remove", {{"products", removed}});
  if (context.arguments().json) {
    context.PrintJson(removed);
  } else {
    for (const Json& one : removed) {
      context.Print(Msg("{}: forgotten; the files that nothing else needs go with the next garbage collection",
                        one.at("name").get<std::string>()));
    }
  }
  return kGood;
}

}  // namespace nachbau::cli
