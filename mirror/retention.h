// How long earlier versions of products and snapshots of archives are kept. docs/formats/nachbau.toml.md
//
// What is not set is kept for ever.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/product.h"

namespace nachbau::mirror {

struct Retention {
  // An earlier version of a product stays when it is among the newest so many (the current one counts), or was still the
  // current one so many days ago.
  std::optional<std::uint32_t> product_versions;
  std::optional<std::uint32_t> product_days;
  // Every snapshot for so many days, then the last of each day for so many days (from now), then the last of each week for
  // so many. The newest stays in any case.
  std::optional<std::uint32_t> snapshots_all_days;
  std::optional<std::uint32_t> snapshots_daily_days;
  std::optional<std::uint32_t> snapshots_weekly_days;
};

// The product without the earlier versions whose time is over.
Product WithoutExpired(Product product, const Retention& retention, UnixSeconds now);
// Of moments in any order: whether each is over. Days and weeks (from Monday) are those of UTC.
std::vector<bool> ExpiredSnapshots(const std::vector<UnixSeconds>& times, const Retention& retention, UnixSeconds now);

struct KeptSnapshot {
  std::filesystem::path path;
  UnixSeconds time = 0;
  bool expired = false;
};
// The snapshots in `state_directory`, oldest first. Throws ParseError for one that cannot be read.
std::vector<KeptSnapshot> ListSnapshots(const std::filesystem::path& state_directory, const Retention& retention,
                                        UnixSeconds now);

}  // namespace nachbau::mirror
