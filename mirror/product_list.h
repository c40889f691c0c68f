// The products of a home: <home>/products/, one file each. docs/formats/product.md
//
// A product file is written last, after everything that it refers to is in the store; it is what keeps these objects
// from being collected.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/closure.h"
#include "model/lock.h"
#include "model/product.h"
#include "store/store.h"

namespace nachbau::mirror {

// The bytes of a product file. Throws ParseError naming `name`.
Product ParseProduct(std::string_view text, const std::string& name);

class ProductList {
 public:
  // The directory need not exist.
  explicit ProductList(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // All, sorted by name. Throws ParseError for a file that is none, or that has another product's name.
  std::vector<Product> All() const;
  // Nothing also for a name that no product can have.
  std::optional<Product> Find(std::string_view name) const;
  // Those named, in this order; all where none is named. Throws MissingError for one that there is not.
  std::vector<Product> Choose(const std::vector<std::string>& names) const;
  void Save(const Product& product) const;  // atomically and durably
  bool Remove(std::string_view name) const;  // false where there was none

 private:
  std::filesystem::path PathOf(std::string_view name) const;
  std::filesystem::path directory_;
};

// The documents of one version of a product, from the store. Throw MissingError, IntegrityError, ParseError.
Closure ReadClosure(const ProductVersion& version, const Store& store);
std::optional<Lock> ReadLock(const ProductVersion& version, const Store& store);

// Everything in the store that this version of a product keeps alive: its documents, and all that they name. Some of it
// may not be held.
std::vector<Sha256Digest> ObjectsOf(const ProductVersion& version, const Store& store);

}  // namespace nachbau::mirror
