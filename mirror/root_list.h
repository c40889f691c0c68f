// Lists of objects that must stay in the store beside those of products: <home>/roots/NAME.json. docs/formats/roots.md
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/digest.h"

namespace nachbau::mirror {

struct RootList {
  std::string name;                   // of the file, without ".json"
  std::string reason;                 // English, for people: "published in /srv/apt"
  std::vector<Sha256Digest> objects;  // sorted, each once
};

// Atomically and durably. Sorts the objects.
void SaveRootList(const std::filesystem::path& directory, RootList list);
void RemoveRootList(const std::filesystem::path& directory, const std::string& name);

}  // namespace nachbau::mirror
