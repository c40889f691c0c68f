#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/merkle.h"
#include "verifier/checkpoint.h"
#include "verifier/log.h"
#include "verifier/tiles.h"
#include "verifier/trust.h"

namespace nachbau::verifier {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCheckpoint = 1 << 20;
constexpr std::uint64_t kMaxEntries = 50'000'000;

Finding MakeFinding(const char* rule, std::string subject, FindingOutcome outcome, Message reason) {
  Finding finding;
  finding.rule = rule;
  finding.subject = subject;
  finding.outcome = outcome;
  finding.reason = std::move(reason);
  finding.evidence = {std::move(subject)};
  return finding;
}

std::optional<Checkpoint> CheckedCheckpoint(const fs::path& directory, const std::vector<TrustedKey>& trusted,
                                            std::vector<Finding>& findings) {
  try {
    const std::string name = (directory / "checkpoint").native();
    const auto fd = OpenForReadingIfExists(directory / "checkpoint");
    if (!fd) {
      findings.push_back(MakeFinding("log.checkpoint", "checkpoint", FindingOutcome::kFail,
                                     Msg("there are entries, but no checkpoint")));
      return std::nullopt;
    }
    const Note note = ParseNote(ReadDescriptor(*fd, name, kMaxCheckpoint), name);
    const Checkpoint checkpoint = ParseCheckpoint(note, name);
    Finding finding = CheckCheckpointSigner(note, checkpoint, ParseTrustedKeys(trusted)).finding;
    finding.rule = "log.checkpoint";
    finding.subject = "checkpoint";
    finding.evidence = {"checkpoint"};
    findings.push_back(std::move(finding));
    return checkpoint;
  } catch (const ParseError& error) {
    findings.push_back(MakeFinding("log.checkpoint", "checkpoint", FindingOutcome::kFail,
                                   Msg("{}", Printable(error.what()))));
    return std::nullopt;
  }
}

// The leaf hashes as the entries give them, or nothing and a finding.
std::optional<std::vector<Sha256Digest>> LeafHashes(const fs::path& directory, std::uint64_t size, Progress& progress,
                                                    std::vector<Finding>& findings) {
  const auto task = progress.Start(Msg("reading the log"), Unit::kItems, size);
  std::vector<Sha256Digest> leaves;
  for (std::uint64_t number = 0; number * kTileWidth < size; ++number) {
    const fs::path path = EntriesPath(number, TileWidthIn(0, number, size));
    try {
      for (const std::string& entry : ReadEntries(directory, number, size)) leaves.push_back(HashLeaf(entry));
    } catch (const Error& error) {
      findings.push_back(
          MakeFinding("log.entries", path.native(), FindingOutcome::kFail, Msg("{}", Printable(error.what()))));
      return std::nullopt;
    }
    task->Advance(TileWidthIn(0, number, size));
  }
  task->Succeed();
  return leaves;
}

Sha256Digest RootOf(const std::vector<Sha256Digest>& leaves) {
  // Level by level; a node without sibling is carried up. The same tree as RFC 6962's, top down.
  if (leaves.empty()) return TreeHash(0, {});
  std::vector<Sha256Digest> row = leaves;
  while (row.size() > 1) {
    const bool odd = row.size() % 2 != 0;
    for (std::size_t i = 0; i < row.size() / 2; ++i) row[i] = HashNode(row[2 * i], row[2 * i + 1]);
    if (odd) row[row.size() / 2] = row.back();
    row.resize((row.size() + 1) / 2);
  }
  return row.front();
}

void CheckTiles(const fs::path& directory, std::vector<Sha256Digest> row, std::uint64_t size,
                std::vector<Finding>& findings) {
  TileTree tree(directory, size);
  bool good = true;
  std::uint64_t count = 0;
  for (unsigned level = 0; !row.empty(); ++level) {
    std::vector<Sha256Digest> above;
    for (std::uint64_t number = 0; number * kTileWidth < row.size(); ++number) {
      const auto begin = row.begin() + static_cast<std::ptrdiff_t>(number * kTileWidth);
      const std::uint64_t width = std::min<std::uint64_t>(kTileWidth, row.size() - number * kTileWidth);
      const std::vector<Sha256Digest> expected(begin, begin + static_cast<std::ptrdiff_t>(width));
      const fs::path path = TilePath(level, number, width);
      ++count;
      try {
        if (tree.Tile(level, number) != expected) {
          throw IntegrityError(path.native(), Sha256(FormatTile(expected)).Hex(),
                               Sha256(FormatTile(tree.Tile(level, number))).Hex());
        }
      } catch (const Error& error) {
        good = false;
        findings.push_back(
            MakeFinding("log.tiles", path.native(), FindingOutcome::kFail, Msg("{}", Printable(error.what()))));
      }
      if (width == kTileWidth) above.push_back(RootOf(expected));
    }
    row = std::move(above);
  }
  if (good) {
    findings.push_back(MakeFinding("log.tiles", "tile", FindingOutcome::kPass,
                                   Msg("{} tiles hold the hashes of the entries", count)));
  }
}

}  // namespace

std::vector<Finding> VerifyLog(const fs::path& directory, const std::vector<TrustedKey>& trusted, Progress& progress) {
  if (!fs::exists(directory / "tile") && !fs::exists(directory / "checkpoint")) {
    MissingError error(Msg("there is no log in {}", directory.native()));
    error.SetHint(Msg("the first attestation begins it"));
    throw error;
  }
  std::vector<Finding> findings;
  const auto checkpoint = CheckedCheckpoint(directory, trusted, findings);
  if (!checkpoint) return findings;
  if (checkpoint->size > kMaxEntries) {
    findings.push_back(MakeFinding("log.entries", "checkpoint", FindingOutcome::kFail,
                                   Msg("a log of {} entries is larger than can be checked", checkpoint->size)));
    return findings;
  }
  const auto leaves = LeafHashes(directory, checkpoint->size, progress, findings);
  if (!leaves) return findings;
  if (RootOf(*leaves) == checkpoint->root) {
    findings.push_back(MakeFinding("log.entries", "tile/entries", FindingOutcome::kPass,
                                   Msg("{} entries give the tree hash of the checkpoint", leaves->size())));
  } else {
    findings.push_back(MakeFinding("log.entries", "tile/entries", FindingOutcome::kFail,
                                   Msg("{} entries give another tree hash than the checkpoint's {}", leaves->size(),
                                       checkpoint->root.Hex())));
  }
  CheckTiles(directory, *leaves, checkpoint->size, findings);
  return findings;
}

}  // namespace nachbau::verifier
