// The closures of source packages: what a rebuild needs, the sources of that, what those are built with, and so on, level
// by level. docs/formats/closure.md
//
//   products = Close(…)           resolve; nothing but indexes is read
//   counts   = FetchClosures(…)   every file of all of them into the store
//   change   = KeepProduct(…)     lock and closure into the store, the product file last
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "mirror/mirror.h"
#include "mirror/product_list.h"
#include "model/closure.h"
#include "model/product.h"

namespace nachbau::mirror {

struct CloseRequest {
  std::vector<ResolveRequest> sources;  // of one source package several count as one: the first
  std::uint32_t depth = 0;              // levels beyond the first, or kFullDepth: up to the fixpoint
};

struct ClosedProduct {
  std::string name;     // source package
  std::string version;
  Lock lock;            // as Resolve makes it
  Closure closure;
  std::optional<MissingError> problem;  // why there is no environment; then lock and closure are empty
};

// Level 0 is the source, its build environment, the sources of that environment (and those that it names in Built-Using)
// and the references. Level N is the build environments of the sources that level N-1 brought, and their sources. Build
// dependencies run in circles: a level only brings what none before it had, and the last brings nothing. All that one
// level needs is resolved together, once for all products. What cannot be resolved or is in no index is told in
// Closure::sources. Throws MissingError for a name that no source package has, and what Update and Resolve throw.
std::vector<ClosedProduct> Close(const CloseRequest& request, const Snapshot& snapshot, const MirrorConfig& config,
                                 const Store& store, Progress& progress);

struct FetchCounts {
  std::uint64_t files_fetched = 0;
  std::uint64_t bytes_fetched = 0;
  std::uint64_t files_present = 0;  // each object once, though several products need it
  std::uint64_t files_missing = 0;
};

// What is needed first comes first. Fills in ClosureFile::missing and LockedFile::sha512, and completes locks of binNMUs.
// Products with a problem are passed over.
FetchCounts FetchClosures(std::vector<ClosedProduct>& products, const MirrorConfig& config, Store& store,
                          Progress& progress);

enum class ProductChange { kAdded, kUpdated, kUnchanged };

// Puts lock and closure into the store and writes the product file. What was held before becomes an earlier version,
// unless all of its files are among the new ones. kUnchanged: the same files as before. Throws UsageError where a
// product of another kind has the name.
ProductChange KeepProduct(const ClosedProduct& closed, std::uint32_t depth, const std::string& added_by,
                          UnixSeconds now, const ProductList& list, Store& store);

}  // namespace nachbau::mirror
