#include "mirror/script_source.h"

#include "base/archive.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/acquisition.h"
#include "mirror/fetch_file.h"
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
  const DownloadRequest wanted{.place = Place(request), .sha256 = recipe.sha256};
  const ContentId content = DownloadToStore(wanted, config, store, progress);
  const FileDescriptor fd = store.Open(content.sha256);
  ArchiveReader reader(fd, ArchiveFormat::kTar, recipe.tarball);
  if (!reader.Next()) throw ParseError(recipe.tarball, 0, Msg("the tarball is empty"));
  Record(request, content, config);
  return content;
}

}  // namespace nachbau::mirror
