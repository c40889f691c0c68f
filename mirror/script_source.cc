#include "mirror/script_source.h"

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "base/http.h"
#include "mirror/acquisition.h"
#include "mirror/apt_sources.h"
#include "mirror/git_source.h"
#include "mirror/retry.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxTarball = 8ULL << 30;  // bytes

bool IsUrl(const std::string& origin) { return origin.find("://") != origin.npos; }

// A path in a recipe is relative to the recipe, wherever nachbau is called.
std::string Place(const ScriptRequest& request) {
  const std::string& origin = request.recipe.Origin();
  if (IsUrl(origin)) return origin;
  return std::filesystem::absolute(std::filesystem::path(request.file).parent_path() / origin)
      .lexically_normal()
      .native();
}

ContentId Download(const std::string& url, const Sha256Digest& expected, const MirrorConfig& config, Store& store,
                   Progress& progress) {
  const auto fetcher = MakeFetcher(ReadAptSetup(config.apt_root).proxies, config.cancelled);
  const auto task = progress.Start(Msg("Fetching {}", url), Unit::kBytes, 0);
  for (int attempt = 0;; ++attempt) {
    try {
      Store::Writer writer = store.StartWriting();
      fetcher->Get(url, {.limit = kMaxTarball}, [&](std::uint64_t, std::string_view bytes) {
        writer.Write(bytes);
        task->Advance(bytes.size());
      });
      const ContentId content = writer.Commit(url, expected);
      task->Succeed();
      return content;
    } catch (const NetworkError& error) {
      if (!WorthAnotherTry(error) || attempt + 1 >= kTries) throw;
    }
    BackOff(attempt, config);
  }
}

ContentId CopyIn(const std::string& path, const Sha256Digest& expected, Store& store) {
  const FileDescriptor fd = OpenForReading(path);
  Store::Writer writer = store.StartWriting();
  ReadPieces(fd, path, [&](std::string_view piece) {
    if (writer.size() + piece.size() > kMaxTarball) throw ParseError(path, 0, Msg("larger than {} bytes", kMaxTarball));
    writer.Write(piece);
  });
  return writer.Commit(path, expected);
}

ContentId FetchTarball(const ScriptRequest& request, const MirrorConfig& config, Store& store, Progress& progress) {
  const ScriptRecipe& recipe = request.recipe;
  const std::string place = Place(request);
  if (const auto held = store.Find(recipe.sha256)) return *held;
  if (!IsUrl(place)) return CopyIn(place, recipe.sha256, store);
  if (config.offline) {
    MissingError error(Msg("{} is not held, and --offline forbids fetching it", place));
    error.SetHint(Msg("run the same command once without --offline"));
    throw error;
  }
  return Download(place, recipe.sha256, config, store, progress);
}

// Once per object: a commit's tarball is made anew each time, and is the same each time.
void Record(const ScriptRequest& request, const ContentId& content, const MirrorConfig& config) {
  if (config.clock == nullptr) return;
  const AcquisitionLog acquisitions(config.state_directory);
  bool known = false;
  acquisitions.ForEach([&](const Acquisition& one) { known = known || one.sha256 == content.sha256; });
  if (known) return;
  const bool is_commit = !request.recipe.git.empty();
  const std::string place = Place(request);
  acquisitions.Append({{content.sha256, content.size, place.substr(place.rfind('/') + 1), config.clock->Now(),
                        is_commit ? place + "#" + request.recipe.commit : place,
                        is_commit ? Proof::kCommit : Proof::kPinnedDigest, {Sha256(request.text)}}});
}

}  // namespace

ContentId FetchSource(const ScriptRequest& request, const MirrorConfig& config, Store& store, Progress& progress) {
  const ScriptRecipe& recipe = request.recipe;
  if (!recipe.git.empty()) {
    const ContentId tarball = FetchCommit(Place(request), recipe.commit, config, store, progress);
    Record(request, tarball, config);
    return tarball;
  }
  const ContentId content = FetchTarball(request, config, store, progress);
  const FileDescriptor fd = store.Open(content.sha256);
  ArchiveReader reader(fd, ArchiveFormat::kTar, recipe.tarball);
  if (!reader.Next()) throw ParseError(recipe.tarball, 0, Msg("the tarball is empty"));
  Record(request, content, config);
  return content;
}

}  // namespace nachbau::mirror
