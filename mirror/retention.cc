#include "mirror/retention.h"

#include <algorithm>
#include <map>

#include "base/file.h"
#include "mirror/archive_state.h"

namespace nachbau::mirror {
namespace {

constexpr UnixSeconds kDay = 86'400;
constexpr UnixSeconds kMondayOffset = 3 * kDay;  // 1970-01-01 was a Thursday

bool Within(UnixSeconds time, std::uint32_t days, UnixSeconds now) {
  return time > now - static_cast<UnixSeconds>(days) * kDay;
}

}  // namespace

Product WithoutExpired(Product product, const Retention& retention, UnixSeconds now) {
  if (!retention.product_versions && !retention.product_days) return product;
  std::vector<ProductVersion> kept;
  UnixSeconds replaced = product.current.added;  // when the one after it became the current one
  for (std::size_t i = 0; i < product.earlier.size(); ++i) {
    const bool among_newest = retention.product_versions && i + 1 < *retention.product_versions;
    const bool recent = retention.product_days && Within(replaced, *retention.product_days, now);
    replaced = product.earlier[i].added;
    if (among_newest || recent) kept.push_back(std::move(product.earlier[i]));
  }
  product.earlier = std::move(kept);
  return product;
}

std::vector<bool> ExpiredSnapshots(const std::vector<UnixSeconds>& times, const Retention& retention, UnixSeconds now) {
  std::vector<bool> expired(times.size(), false);
  if (!retention.snapshots_all_days || times.empty()) return expired;
  const UnixSeconds newest = *std::max_element(times.begin(), times.end());
  std::map<UnixSeconds, UnixSeconds> last_of_day;   // by number of the day
  std::map<UnixSeconds, UnixSeconds> last_of_week;
  for (const UnixSeconds time : times) {
    UnixSeconds& day = last_of_day.emplace(time / kDay, time).first->second;
    day = std::max(day, time);
    UnixSeconds& week = last_of_week.emplace((time + kMondayOffset) / (7 * kDay), time).first->second;
    week = std::max(week, time);
  }
  for (std::size_t i = 0; i < times.size(); ++i) {
    const UnixSeconds time = times[i];
    if (time == newest || Within(time, *retention.snapshots_all_days, now)) continue;
    if (!retention.snapshots_daily_days || Within(time, *retention.snapshots_daily_days, now)) {
      expired[i] = last_of_day[time / kDay] != time;
    } else if (!retention.snapshots_weekly_days || Within(time, *retention.snapshots_weekly_days, now)) {
      expired[i] = last_of_week[(time + kMondayOffset) / (7 * kDay)] != time;
    } else {
      expired[i] = true;
    }
  }
  return expired;
}

std::vector<KeptSnapshot> ListSnapshots(const std::filesystem::path& state_directory, const Retention& retention,
                                        UnixSeconds now) {
  std::vector<KeptSnapshot> snapshots;
  const std::filesystem::path directory = state_directory / "snapshots";
  if (!std::filesystem::exists(directory)) return snapshots;
  for (const std::filesystem::path& file : ListFiles(directory)) {
    if (file.extension() != ".json" || file.filename().native().starts_with(".")) continue;
    const std::filesystem::path path = directory / file;
    snapshots.push_back({path, ParseSnapshot(ReadFile(path), path.native()).time, false});
  }
  std::vector<UnixSeconds> times;
  for (const KeptSnapshot& snapshot : snapshots) times.push_back(snapshot.time);
  const std::vector<bool> expired = ExpiredSnapshots(times, retention, now);
  for (std::size_t i = 0; i < snapshots.size(); ++i) snapshots[i].expired = expired[i];
  std::sort(snapshots.begin(), snapshots.end(),
            [](const KeptSnapshot& left, const KeptSnapshot& right) { return left.time < right.time; });
  return snapshots;
}

}  // namespace nachbau::mirror
