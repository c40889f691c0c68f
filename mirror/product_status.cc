#include "mirror/product_status.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "base/error.h"

namespace nachbau::mirror {
namespace {

// Nothing where it cannot be read; then `damage` says why.
std::optional<Closure> TryToRead(const Product& product, const Store& store, std::string& damage) {
  try {
    return ReadClosure(product.current, store);
  } catch (const Error& error) {
    damage = error.what();
    return std::nullopt;
  }
}

bool IsHeld(const ClosureFile& file, const Store& store) {
  if (!store.Has(file.sha256)) return false;
  std::error_code ignored;  // removed meanwhile
  return std::filesystem::file_size(store.PathOf(file.sha256), ignored) == file.size;
}

void Older(std::optional<UnixSeconds>& oldest, UnixSeconds date) {
  if (!oldest || date < *oldest) oldest = date;
}

// What the products need of each object, together.
class Needs {
 public:
  void Add(const Closure& closure) {
    for (const ClosureFile& file : closure.files) ++products_[file.sha256];
  }
  bool Shared(const Sha256Digest& sha256) const {
    const auto found = products_.find(sha256);
    return found != products_.end() && found->second > 1;
  }

 private:
  std::unordered_map<Sha256Digest, std::uint32_t> products_;
};

void Examine(const Closure& closure, const Needs& needs, const Store& store, ProductStatus& status) {
  for (const ClosureFile& file : closure.files) {
    if (file.Indexed()) {
      Older(status.oldest_proof, closure.releases.at(closure.indexes.at(file.index).release).date);
    }
    if (IsHeld(file, store)) {
      status.held.Add(file.size);
      if (needs.Shared(file.sha256)) status.shared.Add(file.size);
      continue;
    }
    (file.Needed() ? status.missing_needed : status.missing_wanted).Add(file.size);
    status.missing.push_back(file);
    std::string& reason = status.missing.back().missing;
    if (reason.empty()) reason = store.Has(file.sha256) ? Msg("the index names another size than the object has").text
                                       : Msg("not in the store any more").text;
  }
  std::stable_sort(status.missing.begin(), status.missing.end(), [](const ClosureFile& left, const ClosureFile& right) {
    const bool left_wanted = !left.Needed(), right_wanted = !right.Needed();
    return std::tie(left_wanted, left.level, left.name) < std::tie(right_wanted, right.level, right.name);
  });
  status.sources = closure.sources.size();
  for (const ClosureSource& source : closure.sources) {
    if (!source.missing.empty()) status.unoffered.push_back(source);
    if (!source.problem.empty()) status.unresolved.push_back(source);
  }
}

// An object that one product needs and another only wants is needed.
void AddUp(const std::vector<Closure>& closures, const Needs& needs, const Store& store, MirrorStatus& status) {
  ProductTotals& totals = status.totals;
  totals.products = status.products.size();
  std::map<Sha256Digest, std::pair<const ClosureFile*, bool>> files;
  std::set<std::pair<std::string, std::string>> unoffered;
  for (const Closure& closure : closures) {
    for (const ClosureFile& file : closure.files) {
      auto& [first, needed] = files.try_emplace(file.sha256, &file, false).first->second;
      needed = needed || file.Needed();
    }
  }
  for (const auto& [sha256, use] : files) {
    const auto& [file, needed] = use;
    if (IsHeld(*file, store)) {
      totals.held.Add(file->size);
      if (needs.Shared(sha256)) totals.shared.Add(file->size);
    } else {
      (needed ? totals.missing_needed : totals.missing_wanted).Add(file->size);
    }
  }
  for (const ProductStatus& one : status.products) {
    for (const ClosureSource& source : one.unoffered) unoffered.emplace(source.name, source.version);
    if (one.oldest_proof) Older(totals.oldest_proof, *one.oldest_proof);
  }
  totals.unoffered_sources = unoffered.size();
}

}  // namespace

MirrorStatus StatusOf(const std::vector<Product>& chosen, const std::vector<Product>& all, const Store& store) {
  MirrorStatus status;
  Needs needs;
  std::set<std::string> names;
  for (const Product& product : chosen) names.insert(product.name);
  std::vector<Closure> closures;
  for (const Product& product : chosen) {
    ProductStatus one;
    one.product = product;
    if (auto closure = TryToRead(product, store, one.damage)) {
      needs.Add(*closure);
      closures.push_back(std::move(*closure));
    }
    status.products.push_back(std::move(one));
  }
  for (const Product& product : all) {
    if (names.contains(product.name)) continue;
    std::string ignored;  // what is wrong with a product that nobody asked about is not told here
    if (const auto closure = TryToRead(product, store, ignored)) needs.Add(*closure);
  }
  std::size_t next = 0;
  for (ProductStatus& one : status.products) {
    if (one.damage.empty()) Examine(closures[next++], needs, store, one);
  }
  AddUp(closures, needs, store, status);
  return status;
}

}  // namespace nachbau::mirror
