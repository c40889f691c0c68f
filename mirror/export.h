// Puts products into one file, or into volumes, for a machine without network. docs/formats/export.md
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "mirror/export_format.h"
#include "model/lock.h"
#include "model/product.h"
#include "store/store.h"

namespace nachbau::mirror {

struct ExportRequest {
  std::filesystem::path output;   // must not exist yet; with volumes a folder
  std::uint64_t volume_size = 0;  // bytes; 0: one file
  std::vector<Product> products;
  std::vector<Lock> locks;                // beside the products
  std::set<Sha256Digest> have;            // what the other side has
  std::filesystem::path state_directory;  // of the mirror: its snapshots, as MirrorConfig says
  const std::atomic<bool>* cancelled = nullptr;
};

struct ExportResult {
  Sha256Digest manifest;
  std::vector<std::filesystem::path> volumes;
  std::uint64_t objects = 0, bytes = 0;              // in the volumes
  std::uint64_t objects_there = 0, bytes_there = 0;  // left out because the other side has them
  std::vector<std::string> absent;                   // what this store has not either
};

// Signs a statement; the result is the bundle that travels.
using SignStatement = std::function<Json(const Json& statement)>;

// The output appears under its name when all of it is written and on disk. Throws UsageError when it exists, or for
// volumes that are too small; IntegrityError when an object of the store is damaged.
ExportResult Export(const ExportRequest& request, Store& store, const SignStatement& sign, const Clock& clock,
                    Progress& progress);

// What the other side has: a have list, or an earlier export that it imported (a volume of it). Throws ParseError.
std::vector<Sha256Digest> ReadHave(const std::filesystem::path& path);

}  // namespace nachbau::mirror
