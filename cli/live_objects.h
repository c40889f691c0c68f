// Which objects of the store are needed, and by what: from everything in the home and the workspaces that names
// objects. docs/formats/roots.md
//
// Documents whose form is known are read as such; of the others every text of 64 hexadecimal digits counts as the name
// of an object. That may keep too much, never too little.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/digest.h"
#include "cli/context.h"
#include "mirror/retention.h"
#include "store/repair.h"

namespace nachbau::cli {

struct LiveRoot {
  std::string kind;   // "product", "lock or evidence", "snapshot", "archive", "roots", "published", "imported SBOM", "event",
                      // "proof"
  std::string name;   // "dnsmasq 2.90-4", a file
  std::string place;  // the document's path
};

struct LiveObjects {
  std::vector<LiveRoot> roots;
  std::unordered_map<Sha256Digest, std::vector<std::uint32_t>> objects;  // positions in `roots`
  std::unordered_set<Sha256Digest> never_held;  // named by products, and missing there with a reason
  std::vector<Message> problems;  // what could not be read; then this is not all, and nothing may be deleted
};

// What stays under `retention`. Changes nothing.
LiveObjects FindLiveObjects(Context& context, const mirror::Retention& retention);

// All texts of exactly 64 hexadecimal digits (lower case) in `text`.
std::vector<Sha256Digest> DigestsIn(std::string_view text);

// Fills in where the objects once came from, and their sizes: from products, locks and acquisitions.
void FindOrigins(Context& context, std::vector<LostObject>& lost);

}  // namespace nachbau::cli
