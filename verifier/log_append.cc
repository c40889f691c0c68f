// Idea: order makes it safe. Entries, then tiles, then the state (what is in the tree), then the key's memory (what is
// about to be signed), then the checkpoint. Each file appears whole and is on disk before the next one is begun. A kill
// leaves files that no state speaks of, which the next writer overwrites, or a state ahead of the checkpoint, which is a
// tree that was only not signed yet.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/merkle.h"
#include "verifier/checkpoint.h"
#include "verifier/log.h"
#include "verifier/tiles.h"

namespace nachbau::verifier {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateFormat = "nachbau-log-state/1";
constexpr std::uint64_t kMaxStateFile = 64 << 10;

struct TreeState {
  std::string origin;
  std::uint64_t size = 0;
  Sha256Digest root;
};

std::string FormatState(const TreeState& state) {
  return FormatPretty(
      {{"format", kStateFormat}, {"origin", state.origin}, {"size", state.size}, {"root", state.root.Hex()}});
}

std::optional<TreeState> ReadState(const fs::path& path) {
  const auto fd = OpenForReadingIfExists(path);
  if (!fd) return std::nullopt;
  const Json json = ParseJson(ReadDescriptor(*fd, path.native(), kMaxStateFile), path.native());
  JsonReader reader(json, path.native());
  if (reader.Text("format") != kStateFormat) reader.Refuse("format", kStateFormat);
  TreeState state;
  state.origin = reader.Text("origin");
  state.size = reader.Unsigned("size");
  state.root = ParseSha256(reader.Text("root"), reader.PlaceOf("root"));
  reader.Done();
  return state;
}

// Directories that are new must be on disk too, before something in them counts as written.
void WriteDurably(const fs::path& directory, const fs::path& relative, std::string_view bytes, mode_t mode = 0644) {
  fs::path parent = directory;
  for (const fs::path& part : relative.parent_path()) {
    const fs::path next = parent / part;
    if (::mkdir(next.c_str(), 0755) == 0) {
      SyncDirectory(parent);
    } else if (errno != EEXIST) {
      throw SystemError(errno, Msg("make directory {}", next.native()));
    }
    parent = next;
  }
  WriteFileAtomically(directory / relative, bytes, mode);
}

class Writer {
 public:
  Writer(const fs::path& directory, const std::string& origin, const Ed25519PrivateKey& key, const fs::path& key_memory)
      : directory_(directory), origin_(origin), key_(key), key_memory_(key_memory) {}

  LogPlace Append(std::string_view entry) {
    state_ = CheckedState();
    TileTree old_tree(directory_, state_.size);
    WriteEntry(entry, old_tree);
    WriteTiles(HashLeaf(entry), old_tree);

    // What was written is read again: from here on the disk is the truth.
    const std::uint64_t size = state_.size + 1;
    TileTree tree(directory_, size);
    const NodeReader node = [&](unsigned level, std::uint64_t index) { return tree.Node(level, index); };
    LogPlace place;
    place.index = state_.size;
    place.size = size;
    place.root = TreeHash(size, node);
    place.proof = ProveInclusion(place.index, size, node);
    if (CheckInclusion(place.index, size, HashLeaf(entry), place.proof, place.root) != Inclusion::kProven ||
        !Extends(state_.size, state_.root, size, place.root, node)) {
      Refuse(Msg("the tiles that were written do not extend the tree"));
    }
    const TreeState next{origin_, size, place.root};
    WriteDurably(directory_, ".state/tree.json", FormatState(next));
    if (!key_memory_.empty()) WriteFileAtomically(key_memory_, FormatState(next), 0600);
    place.checkpoint = SignCheckpoint({origin_, size, place.root}, key_);
    WriteDurably(directory_, "checkpoint", place.checkpoint);
    RemoveReplacedTiles(size);
    return place;
  }

 private:
  [[noreturn]] void Refuse(Message detail) const {
    Error error(std::move(detail));
    error.AddContext(Msg("the log in {} contradicts what was signed before; nothing was signed", directory_.native()));
    error.SetHint(Msg("'nachbau log verify' shows what does not fit; restore the newest copy of the whole log, or begin "
                      "a new one with a new key"));
    throw error;
  }

  static bool Extends(std::uint64_t old_size, const Sha256Digest& old_root, std::uint64_t size, const Sha256Digest& root,
                      const NodeReader& node) {
    if (old_size == 0) return true;
    return old_size <= size && CheckConsistency(old_size, size, old_root, root,
                                                ProveConsistency(old_size, size, node)) == Consistency::kProven;
  }

  // The state as the last writer left it, after everything that was ever signed was found in it again.
  TreeState CheckedState() const {
    const std::optional<TreeState> state = ReadState(directory_ / ".state/tree.json");
    const std::optional<TreeState> memory = key_memory_.empty() ? std::nullopt : ReadState(key_memory_);
    const auto checkpoint = OpenForReadingIfExists(directory_ / "checkpoint");
    if (!state) {
      if (checkpoint || (memory && memory->size != 0)) {
        Refuse(Msg("there is no {}, but entries were signed before", (directory_ / ".state/tree.json").native()));
      }
      RefuseOldTiles();
      return {origin_, 0, TreeHash(0, {})};
    }
    if (state->origin != origin_) {
      Refuse(Msg("it is the log {}, not {}", state->origin, origin_));
    }
    TileTree tree(directory_, state->size);
    const NodeReader node = [&](unsigned level, std::uint64_t index) { return tree.Node(level, index); };
    try {
      if (TreeHash(state->size, node) != state->root) Refuse(Msg("its tiles are not those of {} entries", state->size));
    } catch (const MissingError& error) {
      Refuse(Msg("{}", std::string_view(error.what())));
    } catch (const IntegrityError& error) {
      Refuse(Msg("{}", std::string_view(error.what())));
    }
    if (checkpoint) {
      const std::string name = (directory_ / "checkpoint").native();
      const Note note = ParseNote(ReadDescriptor(*checkpoint, name, kMaxStateFile), name);
      const Checkpoint last = ParseCheckpoint(note, name);
      if (last.origin != origin_ || CheckNote(note, origin_, key_.PublicKey()) != NoteCheck::kGood) {
        Refuse(Msg("its checkpoint is not signed by this key"));
      }
      if (last.size > state->size || !Extends(last.size, last.root, state->size, state->root, node)) {
        Refuse(Msg("its checkpoint of {} entries does not fit the tree of {}", last.size, state->size));
      }
    } else if (state->size > 1) {
      Refuse(Msg("its checkpoint is gone"));
    }
    if (memory && (memory->origin != origin_ || memory->size > state->size ||
                   !Extends(memory->size, memory->root, state->size, state->root, node))) {
      Refuse(Msg("the key signed a tree of {} entries before, which this tree of {} entries does not extend; is it an "
                 "old copy?",
                 memory->size, state->size));
    }
    return *state;
  }

  // Without state there may be the files of a first entry whose writer was killed, and no more.
  void RefuseOldTiles() const {
    if (!fs::exists(directory_ / "tile")) return;
    for (const fs::path& file : ListFiles(directory_ / "tile")) {
      const bool first = file == "entries/000.p/1" || file == "0/000.p/1" || file.filename().native().starts_with(".");
      if (!first) Refuse(Msg("there is no state, but {}", (directory_ / "tile" / file).native()));
    }
  }

  void WriteEntry(std::string_view entry, TileTree& tree) {
    const std::uint64_t number = state_.size / kTileWidth;
    std::vector<std::string> entries;
    if (state_.size % kTileWidth != 0) {
      entries = ReadEntries(directory_, number, state_.size);
      const std::vector<Sha256Digest>& hashes = tree.Tile(0, number);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        if (HashLeaf(entries[i]) != hashes[i]) Refuse(Msg("entry {} was changed", number * kTileWidth + i));
      }
    }
    entries.emplace_back(entry);
    WriteDurably(directory_, EntriesPath(number, entries.size()), FormatEntries(entries));
  }

  // One hash more on level 0, and one on each level whose tile below has just become full.
  void WriteTiles(Sha256Digest hash, TileTree& tree) {
    for (unsigned level = 0;; ++level) {
      const std::uint64_t index = state_.size >> (level * kTileHeight);
      const std::uint64_t number = index / kTileWidth;
      std::vector<Sha256Digest> hashes;
      if (index % kTileWidth != 0) hashes = tree.Tile(level, number);
      hashes.push_back(hash);
      WriteDurably(directory_, TilePath(level, number, hashes.size()), FormatTile(hashes));
      if (hashes.size() != kTileWidth) return;
      while (hashes.size() > 1) {
        for (std::size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = HashNode(hashes[2 * i], hashes[2 * i + 1]);
        hashes.resize(hashes.size() / 2);
      }
      hash = hashes.front();
    }
  }

  // tlog-tiles allows partial tiles to go once the full one is there. Not being able to is no harm.
  void RemoveReplacedTiles(std::uint64_t size) const {
    std::error_code ignored;
    for (unsigned level = 0; size % kTileWidth == 0; ++level) {
      const std::uint64_t number = size / kTileWidth - 1;
      fs::remove_all(directory_ / (TilePath(level, number, kTileWidth).native() + ".p"), ignored);
      if (level == 0) fs::remove_all(directory_ / (EntriesPath(number, kTileWidth).native() + ".p"), ignored);
      size /= kTileWidth;
    }
  }

  const fs::path& directory_;
  const std::string& origin_;
  const Ed25519PrivateKey& key_;
  const fs::path& key_memory_;
  TreeState state_;
};

}  // namespace

LogPlace AppendToLog(const fs::path& directory, const std::string& origin, const Ed25519PrivateKey& key,
                     const fs::path& key_memory, std::string_view entry) {
  if (entry.size() > kMaxEntrySize) throw Error(Msg("a log entry has at most {} bytes", kMaxEntrySize));
  if (!IsNoteName(origin)) throw UsageError(Msg("not a name for a log: {}", origin));
  MakeDirectories(directory);
  const FileLock lock(directory / ".state/lock", FileLock::Mode::kExclusive);
  return Writer(directory, origin, key, key_memory).Append(entry);
}

}  // namespace nachbau::verifier
