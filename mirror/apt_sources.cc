#include "mirror/apt_sources.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/error.h>
#include <apt-pkg/indexfile.h>
#include <apt-pkg/init.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/pkgsystem.h>
#include <apt-pkg/sourcelist.h>

#include <algorithm>

#include "base/deb822.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/apt_lock.h"
#include "mirror/keyring.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxKeyring = 64 << 20;

// libapt-pkg's globals, taken and given back.
class Globals {
 public:
  explicit Globals(const std::filesystem::path& root) : lock_(AptMutex()), saved_(_config) {
    _error->PushToStack();
    _config = &configuration_;
    // Not "RootDir": dpkg's tables of architectures, and a key ring of the machine's that is named, are not in there.
    if (root != "/") configuration_.Set("Dir::Etc", (root / "etc/apt").native());
    if (!pkgInitConfig(configuration_) || !pkgInitSystem(configuration_, _system)) Fail(root.native());
  }
  ~Globals() {
    _config = saved_;
    _error->RevertToStack();
  }
  Globals(const Globals&) = delete;
  Globals& operator=(const Globals&) = delete;

  [[noreturn]] static void Fail(const std::string& where) {
    std::string text;
    while (!_error->empty()) {
      std::string message;
      if (_error->PopMessage(message)) text += (text.empty() ? "" : "; ") + message;
    }
    throw ParseError(where, 0, Msg("the apt configuration cannot be read: {}", text));
  }
  const Configuration& configuration() const { return configuration_; }

 private:
  std::lock_guard<std::mutex> lock_;
  Configuration* saved_;
  Configuration configuration_;
};

std::string WithoutSlash(std::string uri) {
  while (!uri.empty() && uri.back() == '/') uri.pop_back();
  return uri;
}

// Appends a keyring file of the machine's. One that cannot be read, or is no keyring, does not spoil the others: apt
// passes over those as well.
void AddIfKeyring(const std::filesystem::path& file, std::string& keyring) {
  try {
    if (const auto fd = OpenForReadingIfExists(file)) {
      keyring += BinaryKeyring(ReadDescriptor(*fd, file.native(), kMaxKeyring), file.native());
    }
  } catch (const ParseError&) {
  } catch (const SystemError&) {
  }
}

void AddKeyringsIn(const std::filesystem::path& directory, std::string& keyring) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string extension = entry.path().extension().native();
    if (extension == ".gpg" || extension == ".asc") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) AddIfKeyring(file, keyring);
}

// apt's own keyrings, for sources without Signed-By.
std::string TrustedKeyrings(const Configuration& configuration) {
  std::string keyring;
  AddIfKeyring(configuration.FindFile("Dir::Etc::trusted"), keyring);
  AddKeyringsIn(configuration.FindDir("Dir::Etc::trustedparts"), keyring);
  return keyring;
}

// Signed-By is a list of keyring files and fingerprints, or a key itself. Fingerprints choose from the files, or from
// the machine's keyrings where there are no files.
void ReadSignedBy(const std::string& signed_by, const std::filesystem::path& root, const Configuration& configuration,
                  AptArchive& archive) {
  if (signed_by.empty()) {
    archive.keyring = TrustedKeyrings(configuration);
    return;
  }
  if (signed_by.find("-----BEGIN PGP PUBLIC KEY BLOCK-----") != signed_by.npos) {
    archive.keyring = BinaryKeyring(signed_by, "Signed-By");
    return;
  }
  std::string keyring;
  for (const std::string_view word : SplitTrimmed(signed_by, ',')) {
    if (word.front() == '/') {
      const std::filesystem::path inside = root / std::string(word.substr(1));
      const std::filesystem::path path = std::filesystem::exists(inside) ? inside : std::filesystem::path(word);
      keyring += BinaryKeyring(ReadFile(path, kMaxKeyring), path.native());
    } else if (IsFingerprint(word)) {
      archive.signed_by.emplace_back(word);
    } else {
      throw Error(Msg("Signed-By is neither a file nor a key: {}", word));
    }
  }
  if (!archive.signed_by.empty()) {
    if (keyring.empty()) {
      keyring = TrustedKeyrings(configuration);
      AddKeyringsIn(root / "usr/share/keyrings", keyring);
      if (root != "/") AddKeyringsIn("/usr/share/keyrings", keyring);
    }
    keyring = SelectKeys(keyring, archive.signed_by, "Signed-By");
    if (keyring.empty()) throw MissingError(Msg("no keyring holds the key that Signed-By names: {}", signed_by));
  }
  archive.keyring = std::move(keyring);
}

std::map<std::string, std::string> Proxies(const Configuration& configuration) {
  std::map<std::string, std::string> proxies;
  for (const std::string scheme : {"http", "https"}) {
    const std::string key = "Acquire::" + scheme + "::Proxy";
    if (const std::string proxy = configuration.Find(key); !proxy.empty()) proxies[scheme] = proxy;
    const Configuration::Item* item = configuration.Tree(key.c_str());
    for (item = item == nullptr ? nullptr : item->Child; item != nullptr; item = item->Next) {
      proxies[scheme + "::" + item->Tag] = item->Value;
    }
  }
  return proxies;
}

}  // namespace

AptSetup ReadAptSetup(const std::filesystem::path& root) {
  const Globals globals(root);
  AptSetup setup;
  setup.architecture = globals.configuration().Find("APT::Architecture");
  setup.proxies = Proxies(globals.configuration());
  pkgSourceList list;
  if (!list.ReadMainList()) Globals::Fail((root / "etc/apt").native());
  for (const metaIndex* index : list) {
    AptArchive archive;
    archive.uri = WithoutSlash(index->GetURI());
    archive.suite = WithoutSlash(index->GetDist());
    if (archive.uri.starts_with("copy:")) archive.uri = "file:" + archive.uri.substr(5);
    for (const IndexTarget& target : index->GetIndexTargets()) {
      const std::string component = target.Option(IndexTarget::COMPONENT);
      const auto& known = archive.components;
      if (!component.empty() && std::find(known.begin(), known.end(), component) == known.end()) {
        archive.components.push_back(component);
      }
    }
    const auto same = std::find_if(setup.archives.begin(), setup.archives.end(), [&](const AptArchive& other) {
      return other.uri == archive.uri && other.suite == archive.suite;
    });
    if (same != setup.archives.end()) continue;  // deb and deb-src of the same suite come as one already
    if (index->GetTrusted() == metaIndex::TRI_YES) {
      archive.problem = "marked 'trusted=yes', which would switch verification off";
    } else if (index->GetDist().ends_with("/")) {
      archive.problem = "a flat archive without suites";
    } else {
      try {
        ReadSignedBy(index->GetSignedBy(), root, globals.configuration(), archive);
      } catch (const Error& error) {
        archive.problem = error.what();
      }
    }
    setup.archives.push_back(std::move(archive));
  }
  return setup;
}

std::vector<std::string> PlacesToAsk(const AptSetup& setup, const std::string& uri) {
  std::vector<std::string> places;
  for (const AptArchive& archive : setup.archives) {
    if (archive.uri == uri) return {uri};
    if (archive.problem.empty() && std::find(places.begin(), places.end(), archive.uri) == places.end()) {
      places.push_back(archive.uri);
    }
  }
  places.push_back(uri);
  return places;
}

}  // namespace nachbau::mirror
