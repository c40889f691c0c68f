#include "cli/live_objects.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "cli/imported_sboms.h"
#include "cli/remembered_places.h"
#include "mirror/acquisition.h"
#include "mirror/product_list.h"
#include "mirror/url.h"
#include "model/roots.h"
#include "verifier/event_journal.h"

namespace nachbau::cli {
namespace {

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool IsWordCharacter(char c) { return IsHexDigit(c) || (c >= 'g' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::vector<std::filesystem::path> JsonFiles(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  if (!std::filesystem::exists(directory)) return paths;
  for (const std::filesystem::path& file : ListFiles(directory)) {
    if (file.extension() == ".json" && !file.filename().native().starts_with(".")) paths.push_back(directory / file);
  }
  return paths;
}

class Gatherer {
 public:
  Gatherer(Context& context, const mirror::Retention& retention) : context_(context), retention_(retention) {}

  LiveObjects Gather() {
    Products();
    for (const RememberedPlace& place : RememberedPlaces(context_.home())) {
      if (place.gone) {
        result_.problems.push_back(
            Msg("{}, where Nachbau wrote documents, is not there or empty", place.path.native()));
        continue;
      }
      Scan("lock or evidence", DocumentsAt(place.path));
    }
    Scan("lock or evidence", DocumentsAt(context_.workspace()));
    Snapshots();
    RootsFiles();
    Scan("published", JsonFiles(context_.home() / "published"));
    Scan("imported SBOM", JsonFiles(ImportedSbomDirectory(context_.home())));
    Events();
    Proofs();
    return std::move(result_);
  }

 private:
  std::uint32_t Root(std::string kind, std::string name, const std::filesystem::path& place) {
    result_.roots.push_back({std::move(kind), std::move(name), place.native()});
    return static_cast<std::uint32_t>(result_.roots.size() - 1);
  }
  void Keep(const Sha256Digest& sha256, std::uint32_t root) {
    std::vector<std::uint32_t>& roots = result_.objects[sha256];
    if (roots.empty() || roots.back() != root) roots.push_back(root);
  }
  template <typename Work>
  void Try(const Work& work) {
    try {
      work();
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& error) {
      Message whole = error.parts().back();
      for (auto part = error.parts().rbegin() + 1; part != error.parts().rend(); ++part) {
        whole = Msg("{}: {}", Render(*part), Render(whole));
      }
      result_.problems.push_back(std::move(whole));
    }
  }

  void Products() {
    Try([&] {
      for (const Product& whole : mirror::ProductList(context_.home() / "products").All()) {
        const Product product = mirror::WithoutExpired(whole, retention_, context_.clock().Now());
        std::vector<ProductVersion> versions = product.earlier;
        versions.insert(versions.begin(), product.current);
        for (const ProductVersion& version : versions) {
          Try([&] {
            const std::uint32_t root = Root("product", product.name + " " + version.version,
                                            context_.home() / "products" / (product.name + ".json"));
            // The documents first: even where they are damaged, what is left of them stays.
            Keep(version.closure, root);
            if (version.lock) Keep(*version.lock, root);
            for (const Sha256Digest& object : mirror::ObjectsOf(version, context_.store())) Keep(object, root);
            for (const ClosureFile& file : mirror::ReadClosure(version, context_.store()).files) {
              if (!file.missing.empty()) result_.never_held.insert(file.sha256);
            }
          });
        }
      }
    });
  }

  void Scan(const char* kind, const std::vector<std::filesystem::path>& documents) {
    for (const std::filesystem::path& path : documents) {
      Try([&] {
        const auto fd = OpenForReadingIfExists(path);
        if (!fd) return;  // removed meanwhile
        const std::vector<Sha256Digest> digests = DigestsIn(ReadDescriptor(*fd, path.native()));
        if (digests.empty()) return;
        const std::uint32_t root = Root(kind, path.filename().native(), path);
        for (const Sha256Digest& digest : digests) Keep(digest, root);
      });
    }
  }

  void Snapshots() {
    const std::filesystem::path state = context_.home() / "mirror";
    Try([&] {
      for (const mirror::KeptSnapshot& snapshot : mirror::ListSnapshots(state, retention_, context_.clock().Now())) {
        if (!snapshot.expired) Scan("snapshot", {snapshot.path});
      }
    });
    // What was last seen of each archive, pinned keys, and whatever else the mirror remembers.
    std::vector<std::filesystem::path> others;
    for (const std::filesystem::path& path : JsonFiles(state)) {
      if (path.parent_path() != state / "snapshots") others.push_back(path);
    }
    Scan("archive", others);
  }

  void RootsFiles() {
    for (const std::filesystem::path& path : JsonFiles(context_.home() / "roots")) {
      Try([&] {
        const Roots roots = RootsFromJson(ParseJson(ReadFile(path), path.native()), path.native());
        const std::uint32_t root = Root("roots", roots.name + (roots.reason.empty() ? "" : ": " + roots.reason), path);
        for (const Sha256Digest& digest : roots.objects) Keep(digest, root);
      });
    }
  }

  void Events() {
    Try([&] {
      for (const verifier::RecordedEvent& recorded :
           verifier::ListEvents(context_.EventDirectory(), context_.TrustedKeys())) {
        if (!recorded.event) continue;
        const std::uint32_t root = Root("event", recorded.event->action, context_.EventDirectory() / recorded.file);
        for (const EventSubject& subject : recorded.event->subjects) Keep(subject.sha256, root);
      }
    });
  }

  // By what each of the others is proven; and by what the proofs are.
  void Proofs() {
    Try([&] {
      const mirror::AcquisitionLog log(context_.home() / "mirror");
      const std::uint32_t root = Root("proof", "acquisitions", context_.home() / "mirror" / "acquisitions");
      for (bool grown = true; grown;) {
        grown = false;
        log.ForEach([&](const mirror::Acquisition& acquisition) {
          if (!result_.objects.contains(acquisition.sha256)) return;
          for (const Sha256Digest& digest : acquisition.proven_by) {
            if (result_.objects.contains(digest)) continue;
            Keep(digest, root);
            grown = true;
          }
        });
      }
    });
  }

  Context& context_;
  const mirror::Retention& retention_;
  LiveObjects result_;
};

std::string UrlOfFile(const std::vector<ReleaseProof>& releases, const std::vector<IndexProof>& indexes,
                      std::uint32_t index, const std::string& path) {
  if (index == kNoIndex) return path;
  if (index >= indexes.size() || indexes[index].release >= releases.size()) return {};
  return mirror::UrlOf(releases[indexes[index].release].uri, path);
}

}  // namespace

std::vector<Sha256Digest> DigestsIn(std::string_view text) {
  std::vector<Sha256Digest> digests;
  for (std::size_t i = 0; i < text.size();) {
    if (!IsWordCharacter(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    bool hexadecimal = true;
    while (end < text.size() && IsWordCharacter(text[end])) hexadecimal = IsHexDigit(text[end++]) && hexadecimal;
    if (hexadecimal && end - i == 64) digests.push_back(ParseSha256(text.substr(i, 64), ""));
    i = end;
  }
  std::sort(digests.begin(), digests.end());
  digests.erase(std::unique(digests.begin(), digests.end()), digests.end());
  return digests;
}

LiveObjects FindLiveObjects(Context& context, const mirror::Retention& retention) {
  return Gatherer(context, retention).Gather();
}

void FindOrigins(Context& context, std::vector<LostObject>& lost) {
  std::unordered_map<Sha256Digest, LostObject*> wanted;
  for (LostObject& object : lost) wanted.emplace(object.sha256, &object);
  const auto add = [&](const Sha256Digest& sha256, std::uint64_t size, const std::string& url) {
    const auto found = wanted.find(sha256);
    if (found == wanted.end()) return;
    LostObject& object = *found->second;
    if (object.size == 0) object.size = size;
    const bool is_url = url.starts_with("http://") || url.starts_with("https://") || url.starts_with("file://");
    if (is_url && std::find(object.urls.begin(), object.urls.end(), url) == object.urls.end())
      object.urls.push_back(url);
  };
  const auto add_proofs = [&](const std::vector<ReleaseProof>& releases, const std::vector<IndexProof>& indexes) {
    for (const IndexProof& index : indexes) {
      if (index.release >= releases.size()) continue;
      const ReleaseProof& release = releases[index.release];
      const std::string directory = "dists/" + release.suite + "/";
      add(index.sha256, 0,
          mirror::UrlOf(release.uri, directory + index.path.substr(0, index.path.rfind('/') + 1) + "by-hash/SHA256/" +
                                         index.sha256.Hex()));
      add(index.sha256, 0, mirror::UrlOf(release.uri, directory + index.path));
    }
    for (const ReleaseProof& release : releases) {
      add(release.in_release, 0, mirror::UrlOf(release.uri, "dists/" + release.suite + "/InRelease"));
    }
  };
  // A document that cannot be read offers no addresses; FindLiveObjects tells of it.
  const auto try_to = [](const auto& work) {
    try {
      work();
    } catch (const CancelledError&) {
      throw;
    } catch (const Error&) {
    }
  };
  const auto add_lock = [&](const Lock& lock) {
    add_proofs(lock.releases, lock.indexes);
    for (const LockedFile& file : lock.files) {
      add(file.sha256, file.size, UrlOfFile(lock.releases, lock.indexes, file.index, file.path));
    }
  };
  try_to([&] {
    for (const Product& product : mirror::ProductList(context.home() / "products").All()) {
      std::vector<ProductVersion> versions = product.earlier;
      versions.insert(versions.begin(), product.current);
      for (const ProductVersion& version : versions) {
        try_to([&] {
          const Closure closure = mirror::ReadClosure(version, context.store());
          add_proofs(closure.releases, closure.indexes);
          for (const ClosureFile& file : closure.files) {
            add(file.sha256, file.size, UrlOfFile(closure.releases, closure.indexes, file.index, file.path));
          }
          if (const auto lock = mirror::ReadLock(version, context.store())) add_lock(*lock);
        });
      }
    }
  });
  std::vector<std::filesystem::path> documents = DocumentsAt(context.workspace());
  try_to([&] {
    for (const RememberedPlace& place : RememberedPlaces(context.home())) {
      const auto more = DocumentsAt(place.path);
      documents.insert(documents.end(), more.begin(), more.end());
    }
  });
  for (const std::filesystem::path& path : documents) {
    try_to([&] {
      const Json json = ParseJson(ReadFile(path), path.native());
      if (TextMember(json, "format").starts_with("nachbau-lock/")) add_lock(LockFromJson(json, path.native()));
    });
  }
  try_to([&] {
    mirror::AcquisitionLog(context.home() / "mirror").ForEach([&](const mirror::Acquisition& acquisition) {
      add(acquisition.sha256, acquisition.size, acquisition.from);
    });
  });
}

}  // namespace nachbau::cli
