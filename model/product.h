// A product: something the mirror was told to hold, with everything that it needs. docs/formats/product.md
//
// One file per product, <home>/products/<name>.json; see mirror/product_list.h. From it everything can be reached as
// objects of the store: lock, closure (model/closure.h), and what these name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"

namespace nachbau {

enum class ProductKind { kDebian, kGit, kTarball, kNpm };
std::string_view Name(ProductKind kind);  // "debian", "git", "tarball", "npm"

// Levels of a closure (ClosureFile::level) up to the fixpoint: where nothing new is needed.
inline constexpr std::uint32_t kFullDepth = 0xffffffff;

// What was held of a product at one time.
struct ProductVersion {
  std::string version;              // of a git repository its newest commit or tag
  UnixSeconds added = 0;
  std::optional<Sha256Digest> lock;  // object: canonical JSON of the lock; nothing for kinds without one
  Sha256Digest closure;              // object: canonical JSON of the closure
  auto operator<=>(const ProductVersion&) const = default;
};

struct Product {
  ProductKind kind = ProductKind::kDebian;
  std::string name;          // IsProductName; for kDebian the source package's
  std::string origin;        // Release file's Origin ("Debian"), or the URL or path it is taken from
  std::string architecture;  // Debian architecture; empty for other kinds
  std::uint32_t depth = 0;   // levels followed beyond the first, or kFullDepth; 0 for other kinds than kDebian
  std::string added_by;      // who asked for the current version: a person or a role; may be empty
  ProductVersion current;
  std::vector<ProductVersion> earlier;  // newest first
  auto operator<=>(const Product&) const = default;
};

// Letters, digits, '+', '-', '.', '_', not beginning with '.', '-' or '_'; at most 200: safe as a file name.
bool IsProductName(std::string_view name);

Json ToJson(const Product& product);
Product ProductFromJson(const Json& json, const std::string& place);

}  // namespace nachbau
