// Lists of objects that must stay in the store beside those of products: <home>/roots/NAME.json. docs/formats/roots.md
#pragma once

#include <filesystem>

#include "model/roots.h"

namespace nachbau::mirror {

// Atomically and durably, as NAME.json for its name. Sorts the objects.
void SaveRootList(const std::filesystem::path& directory, Roots list);

}  // namespace nachbau::mirror
