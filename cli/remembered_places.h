// Places outside of the home whose documents keep objects from being collected: workspaces, and locks and evidence
// folders elsewhere. docs/formats/roots.md
//
//   <home>/workspaces/<digest of the path>.json    one per place, written by the commands that write documents there
#pragma once

#include <filesystem>
#include <vector>

namespace nachbau::cli {

struct RememberedPlace {
  std::filesystem::path path;    // absolute; a directory, or one document
  std::filesystem::path record;  // its file in the home
  // Not there, or an empty directory: unmounted, moved, or removed. Nobody can tell what it needs.
  bool gone = false;
  // One document that is not there, while its directory has other files: somebody removed it on purpose.
  bool removed = false;
};

void RememberPlace(const std::filesystem::path& home, const std::filesystem::path& path);
// Sorted by path. Throws ParseError for a record that is none.
std::vector<RememberedPlace> RememberedPlaces(const std::filesystem::path& home);
// False where it was not remembered.
bool ForgetPlace(const std::filesystem::path& home, const std::filesystem::path& path);
// The documents there, sorted: of a workspace locks/*.json, variations/*.json and evidence/*/*.json, of any directory *.json.
std::vector<std::filesystem::path> DocumentsAt(const std::filesystem::path& place);

}  // namespace nachbau::cli
