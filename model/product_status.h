// What the mirror holds of its products, and what is missing. Made from product files, closures and the store; not read
// back from anywhere. docs/formats/product.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/closure.h"
#include "model/product.h"

namespace nachbau {

// Files and bytes; each object once.
struct Holding {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  void Add(std::uint64_t size) { ++files, bytes += size; }
  auto operator<=>(const Holding&) const = default;
};

struct ProductStatus {
  Product product;
  std::string damage;      // English: why the closure itself cannot be read; then nothing else is known
  Holding held;
  Holding shared;          // of these, what another product needs too
  Holding missing_needed;  // without it no rebuild
  Holding missing_wanted;  // for independence alone: sources of the environment, further levels, references
  std::vector<ClosureFile> missing;            // ClosureFile::missing says why; needed ones first, then by level, name
  std::vector<ClosureSource> unoffered;        // sources that no index offers
  std::vector<ClosureSource> unresolved;       // sources whose environment cannot be resolved
  std::uint64_t sources = 0;                   // that the closure follows
  std::optional<UnixSeconds> oldest_proof;     // date of the oldest Release file that a file's chain of proof rests on

  // Nothing that a rebuild needs is missing.
  bool Complete() const { return damage.empty() && missing_needed.files == 0; }
};

// Over all products; an object of several counts once.
struct ProductTotals {
  std::uint64_t products = 0;
  Holding held;
  Holding shared;  // by two products or more
  Holding missing_needed;
  Holding missing_wanted;
  std::uint64_t unoffered_sources = 0;
  std::optional<UnixSeconds> oldest_proof;
};

struct MirrorStatus {
  std::vector<ProductStatus> products;  // sorted by name
  ProductTotals totals;
  bool Complete() const;
};

// With `with_missing` each missing file is listed, else they are only counted.
Json ToJson(const MirrorStatus& status, bool with_missing);

}  // namespace nachbau
