#include "mirror/package_lock.h"

#include <algorithm>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxPackages = 100'000;
constexpr std::string_view kModules = "node_modules/";

bool IsTrue(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

bool IsPlain(std::string_view text) {
  return !text.empty() && text.size() <= 214 && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.' || c == '~' || c == '+';
         });
}

bool IsNpmName(std::string_view name) {
  if (!name.starts_with('@')) return IsPlain(name);
  const std::size_t slash = name.find('/');
  return slash != name.npos && IsPlain(name.substr(1, slash - 1)) && IsPlain(name.substr(slash + 1));
}

// The SHA-512 of a subresource integrity text (W3C SRI, section 3.5), which may name several digests.
Sha512Digest IntegrityOf(const std::string& text, const std::string& place) {
  bool any = false;
  for (const std::string_view word : SplitWords(text)) {
    any = true;
    if (!word.starts_with("sha512-")) continue;
    std::string_view base64 = word.substr(7);
    base64 = base64.substr(0, base64.find('?'));
    const auto bytes = DecodeBase64(base64);
    Sha512Digest digest;
    if (!bytes || bytes->size() != digest.bytes.size()) throw ParseError(place, 0, Msg("not a SHA-512"));
    std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
    return digest;
  }
  ParseError error(place, 0, any ? Msg("has only a weak digest: {}", Printable(text.substr(0, 100)))
                                 : Msg("has no digest, so nothing says what it must be"));
  error.SetHint(Msg("make the lock anew with a current npm and registry, which name SHA-512"));
  throw error;
}

}  // namespace

PackageLock ParsePackageLock(std::string_view text, const std::string& file) {
  PackageLock lock;
  lock.json = ParseJson(text, file);
  const auto refuse = [&](Message detail) { throw ParseError(file, 0, std::move(detail)); };
  if (!lock.json.is_object()) refuse(Msg("not a package-lock.json"));
  const auto version = lock.json.find("lockfileVersion");
  if (version == lock.json.end() || (*version != 2 && *version != 3)) {
    ParseError error(file, 0, Msg("not a package-lock.json of version 2 or 3"));
    error.SetHint(Msg("'npm install --package-lock-only' with npm 7 or newer makes one"));
    throw error;
  }
  lock.name = TextMember(lock.json, "name");
  lock.version = TextMember(lock.json, "version");
  const auto packages = lock.json.find("packages");
  if (packages == lock.json.end() || !packages->is_object()) refuse(Msg("there are no packages in it"));
  if (packages->size() > kMaxPackages) refuse(Msg("more than {} packages", kMaxPackages));
  for (const auto& [path, entry] : packages->items()) {
    const std::string place = file + ": " + Printable(path);
    if (!entry.is_object()) throw ParseError(place, 0, Msg("not a package-lock.json"));
    const std::size_t modules = path.rfind(kModules);
    if (modules == path.npos) continue;  // the project itself, and its workspaces
    if (IsTrue(entry, "link") || IsTrue(entry, "inBundle")) continue;
    NpmPackage package;
    package.path = path;
    package.name = TextMember(entry, "name");  // where it is not that of its directory
    if (package.name.empty()) package.name = path.substr(modules + kModules.size());
    package.version = TextMember(entry, "version");
    package.url = TextMember(entry, "resolved");
    if (!IsNpmName(package.name) || !IsPlain(package.version)) throw ParseError(place, 0, Msg("not the name of an npm package"));
    if (!package.url.empty() && !package.url.starts_with("https://") && !package.url.starts_with("http://")) {
      ParseError error(place, 0, Msg("comes from {}, not from a registry", Printable(package.url.substr(0, 200))));
      error.SetHint(Msg("mirror it as a repository or tarball of its own, and let the project name a registry's package"));
      throw error;
    }
    package.sha512 = IntegrityOf(TextMember(entry, "integrity"), place);
    lock.packages.push_back(std::move(package));
  }
  return lock;
}

std::string NpmTarballUrl(const std::string& registry, const NpmPackage& package) {
  if (!package.url.empty()) return package.url;
  std::string base = registry;
  while (base.ends_with('/')) base.pop_back();
  const std::string last = package.name.substr(package.name.find('/') == package.name.npos ? 0 : package.name.find('/') + 1);
  return base + "/" + package.name + "/-/" + last + "-" + PercentEncode(package.version, "") + ".tgz";
}

Json WithLocalTarballs(const PackageLock& lock, const std::map<std::string, std::string>& files) {
  Json json = lock.json;
  json.erase("dependencies");  // the same once more for npm 6, which cannot read version 3 either
  for (const auto& [path, file] : files) json.at("packages").at(path)["resolved"] = "file:" + file;
  return json;
}

Json PackageJsonOf(const PackageLock& lock) {
  Json json = Json::object();
  const Json& packages = lock.json.at("packages");
  if (const auto root = packages.find(""); root != packages.end() && root->is_object()) json = *root;
  return json;
}

}  // namespace nachbau::mirror
