#include "mirror/script_source.h"

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "base/http.h"
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

}  // namespace

ContentId FetchSource(const ScriptRequest& request, const MirrorConfig& config, Store& store, Progress& progress) {
  const ScriptRecipe& recipe = request.recipe;
  if (!recipe.git.empty()) return FetchCommit(Place(request), recipe.commit, config, store, progress);
  const ContentId content = FetchTarball(request, config, store, progress);
  const FileDescriptor fd = store.Open(content.sha256);
  ArchiveReader reader(fd, ArchiveFormat::kTar, recipe.tarball);
  if (!reader.Next()) throw ParseError(recipe.tarball, 0, Msg("the tarball is empty"));
  return content;
}

}  // namespace nachbau::mirror
