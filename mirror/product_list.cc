#include "mirror/product_list.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxProduct = 16 << 20;  // bytes of a product file

Json ReadDocument(const Sha256Digest& sha256, const Store& store) {
  return ParseJson(store.Read(sha256, kMaxDocumentSize), "object " + sha256.Hex());
}

}  // namespace

Product ParseProduct(std::string_view text, const std::string& name) {
  return ProductFromJson(ParseJson(text, name), name);
}

std::filesystem::path ProductList::PathOf(std::string_view name) const {
  return directory_ / (std::string(name) + ".json");
}

std::vector<Product> ProductList::All() const {
  std::vector<Product> products;
  if (!std::filesystem::exists(directory_)) return products;
  for (const std::filesystem::path& file : ListFiles(directory_)) {
    if (file.has_parent_path() || file.extension() != ".json" || !IsProductName(file.stem().native())) continue;
    if (auto product = Find(file.stem().native())) products.push_back(std::move(*product));  // or removed meanwhile
  }
  std::sort(products.begin(), products.end(),
            [](const Product& left, const Product& right) { return left.name < right.name; });
  return products;
}

std::optional<Product> ProductList::Find(std::string_view name) const {
  if (!IsProductName(name)) return std::nullopt;
  const std::filesystem::path path = PathOf(name);
  const auto fd = OpenForReadingIfExists(path);
  if (!fd) return std::nullopt;
  Product product = ParseProduct(ReadDescriptor(*fd, path.native(), kMaxProduct), path.native());
  if (product.name != name) throw ParseError(path.native(), 0, Msg("is the file of the product {}", product.name));
  return product;
}

std::vector<Product> ProductList::Choose(const std::vector<std::string>& names) const {
  if (names.empty()) return All();
  std::vector<Product> products;
  for (const std::string& name : names) {
    auto product = Find(name);
    if (!product) {
      MissingError error(Msg("there is no product {} in {}", name, directory_.native()));
      error.SetHint(Msg("'nachbau mirror status' lists the products; 'nachbau mirror add' makes one"));
      throw error;
    }
    products.push_back(std::move(*product));
  }
  return products;
}

void ProductList::Save(const Product& product) const {
  NACHBAU_CHECK(IsProductName(product.name));
  WriteFileAtomically(PathOf(product.name), FormatPretty(ToJson(product)));
}

bool ProductList::Remove(std::string_view name) const {
  if (!IsProductName(name)) return false;
  const std::filesystem::path path = PathOf(name);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return false;
    throw SystemError(errno, Msg("remove {}", path.native()));
  }
  SyncDirectory(directory_);
  return true;
}

Closure ReadClosure(const ProductVersion& version, const Store& store) {
  return ClosureFromJson(ReadDocument(version.closure, store), "object " + version.closure.Hex());
}

std::optional<Lock> ReadLock(const ProductVersion& version, const Store& store) {
  if (!version.lock) return std::nullopt;
  return LockFromJson(ReadDocument(*version.lock, store), "object " + version.lock->Hex());
}

std::vector<Sha256Digest> ObjectsOf(const ProductVersion& version, const Store& store) {
  std::vector<Sha256Digest> objects = ReadClosure(version, store).Objects();
  objects.push_back(version.closure);
  if (const auto lock = ReadLock(version, store)) {
    objects.push_back(*version.lock);
    for (const LockedFile& file : lock->files) objects.push_back(file.sha256);
    for (const IndexProof& index : lock->indexes) objects.push_back(index.sha256);
    for (const ReleaseProof& release : lock->releases) {
      objects.push_back(release.in_release);
      objects.push_back(release.keyring);
    }
  }
  std::sort(objects.begin(), objects.end());
  objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
  return objects;
}

}  // namespace nachbau::mirror
