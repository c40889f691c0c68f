#include "mirror/script_source.h"

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/download.h"
#include "mirror/git_source.h"

namespace nachbau::mirror {
namespace {

// A path in a recipe is relative to the recipe, wherever nachbau is called.
std::string Place(const ScriptRequest& request) {
  const std::string& origin = request.recipe.Origin();
  if (IsUrl(origin)) return origin;
  return std::filesystem::absolute(std::filesystem::path(request.file).parent_path() / origin)
      .lexically_normal()
      .native();
}

}  // namespace

ContentId FetchSource(const ScriptRequest& request, const MirrorConfig& config, Store& store, Progress& progress) {
  const ScriptRecipe& recipe = request.recipe;
  if (!recipe.git.empty()) return FetchCommit(Place(request), recipe.commit, config, store, progress);
  const DownloadRequest tarball{.place = Place(request), .sha256 = recipe.sha256};
  const ContentId content = DownloadToStore(tarball, config, store, progress);
  const FileDescriptor fd = store.Open(content.sha256);
  ArchiveReader reader(fd, ArchiveFormat::kTar, recipe.tarball);
  if (!reader.Next()) throw ParseError(recipe.tarball, 0, Msg("the tarball is empty"));
  return content;
}

}  // namespace nachbau::mirror
