#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/progress_text.h"

namespace nachbau::cli {

int RunStoreVerify(Context& context) {
  const Store::VerifyResult result = context.store().Verify(context.progress());
  if (context.arguments().json) {
    Json damages = Json::array();
    for (const Store::Damage& damage : result.damages) {
      damages.push_back({{"path", damage.path}, {"detail", damage.detail}});
    }
    context.PrintJson({{"objects", result.objects}, {"bytes", result.bytes}, {"damages", damages}});
  } else {
    for (const Store::Damage& damage : result.damages) {
      context.Print(Msg("damaged: {}: {}", (context.home() / "store" / damage.path).native(), damage.detail));
    }
    context.Print(Msg("{} objects ({}) checked, {} damaged", result.objects, FormatBytes(result.bytes),
                      result.damages.size()));
    if (!result.damages.empty()) {
      context.Print(Msg("Next: nachbau store scrub --repair (puts damaged objects into quarantine and fetches them again)"));
    }
  }
  return result.damages.empty() ? kGood : kBad;
}

int RunStoreList(Context& context) {
  Json list = Json::array();
  for (const Sha256Digest& digest : context.store().List()) {
    const auto content = context.store().Describe(digest);
    if (!content) continue;  // removed meanwhile
    if (context.arguments().json) {
      list.push_back({{"sha256", digest.Hex()}, {"size", content->size}, {"sha512", content->sha512.Hex()}});
    } else {
      context.PrintLine(digest.Hex() + " " + std::to_string(content->size));
    }
  }
  if (context.arguments().json) context.PrintJson(list);
  return kGood;
}

int RunStoreRebuildIndex(Context& context) {
  context.store().RebuildIndex(context.progress());
  const std::size_t count = context.store().List().size();
  if (context.arguments().json) {
    context.PrintJson({{"objects", count}});
  } else {
    context.Print(Msg("index made anew: {} objects", count));
  }
  return kGood;
}

}  // namespace nachbau::cli
