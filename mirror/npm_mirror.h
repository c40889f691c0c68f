// The tarballs of an npm lock file as a product, and back as a folder that npm installs from without network.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "mirror/mirror.h"
#include "mirror/package_lock.h"
#include "mirror/product_list.h"

namespace nachbau::mirror {

// The registry that npm is configured with for this user: asks npm itself. `home`: the user's home directory. Throws
// MissingError when there is no npm.
std::string AskNpmRegistry(const std::string& home);

struct NpmRequest {
  std::string text;      // of package-lock.json
  std::string file;      // its path
  std::string name;      // of the product; empty: the project's, "web-app.npm"
  std::string registry;  // for packages of which the lock does not say where they are; may be empty otherwise
  std::string added_by;
};

struct NpmMirrored {
  Product product;
  Closure closure;
  std::uint64_t packages = 0;       // of the lock
  std::uint64_t fetched = 0;        // tarballs
  std::uint64_t bytes_fetched = 0;
};

// All or nothing: throws MissingError when one tarball cannot be had, naming it and why. IntegrityError counts as that.
NpmMirrored MirrorNpm(const NpmRequest& request, const ProductList& products, const MirrorConfig& config, Store& store,
                      const Clock& clock, Progress& progress);

// Writes tarballs/, package-lock.json and, where there is none, package.json into `directory`. `npm ci --offline` there
// installs what the lock says and contacts nothing. An existing package-lock.json must be the one that was mirrored, or
// one that this function wrote; else UsageError. Returns the number of packages.
std::uint64_t WriteNpmFolder(const Product& product, const std::filesystem::path& directory, const Store& store);

}  // namespace nachbau::mirror
