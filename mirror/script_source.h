// The source that a recipe file names.
#pragma once

#include "mirror/mirror.h"

namespace nachbau::mirror {

// Into the store, once. A tarball must have its digest and be one (at least one entry).
ContentId FetchSource(const ScriptRequest& request, const MirrorConfig& config, Store& store, Progress& progress);

}  // namespace nachbau::mirror
