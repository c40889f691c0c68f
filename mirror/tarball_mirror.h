// Upstream tarballs as products: known by a digest that a person wrote down, or by a signature of a key that a person
// gave.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mirror/file_signature.h"
#include "mirror/mirror.h"
#include "mirror/product_list.h"

namespace nachbau::mirror {

struct TarballRequest {
  std::string place;       // URL or path of the tarball
  std::string name;        // of the product; empty: made of the file name ("chrony.tar")
  std::string version;     // empty: as the file name has it
  std::optional<Sha256Digest> sha256;
  std::string signature;   // URL or path of the signature; empty: none
  std::vector<KeyFile> keys;
  std::string added_by;
};

struct TarballMirrored {
  Product product;
  Closure closure;
  ContentId content;
  Vouchers vouchers;      // what was found of the signature
  bool accepted = false;  // where not, no product was made or changed
};

// Accepted is a tarball that has the digest, where one is given, and a good signature and no bad one, where one is
// given. Throws UsageError when neither is, IntegrityError for another digest, NetworkError, MissingError.
TarballMirrored MirrorTarball(const TarballRequest& request, const ProductList& products, const MirrorConfig& config,
                              Store& store, const Clock& clock, Progress& progress);

// The signatures of a tarball product once more, from the store alone.
Vouchers CheckTarball(const Product& product, const std::filesystem::path& scratch, const Store& store, const Clock& clock);

}  // namespace nachbau::mirror
