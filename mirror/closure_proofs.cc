#include "mirror/closure_proofs.h"

#include <algorithm>
#include <map>

#include "base/archive.h"
#include "base/deb822.h"
#include "base/error.h"
#include "mirror/archive_path.h"
#include "mirror/mirror.h"

namespace nachbau::mirror {
namespace {

constexpr std::uint64_t kMaxIndex = 1ULL << 30;
constexpr std::uint64_t kMaxIndexText = 4ULL << 30;

bool IsPath(const Paragraph& paragraph, std::string_view path, const ClosureFile& file) {
  return CleanArchivePath(path, paragraph.input_name(), paragraph.line()) == file.path;
}

bool NamesBinary(const Paragraph& paragraph, const ClosureFile& file) {
  return paragraph.Find("Package").value_or("") == file.package &&
         paragraph.Find("Version").value_or("") == file.version &&
         paragraph.Find("Architecture").value_or("") == file.architecture &&
         paragraph.Find("SHA256").value_or("") == file.sha256.Hex() &&
         paragraph.Find("Size").value_or("") == std::to_string(file.size) &&
         IsPath(paragraph, paragraph.Find("Filename").value_or(""), file);
}

bool NamesSource(const Paragraph& paragraph, const ClosureFile& file) {
  if (paragraph.Find("Package").value_or("") != file.package ||
      paragraph.Find("Version").value_or("") != file.version) {
    return false;
  }
  for (const std::string_view line : Paragraph::Lines(paragraph.Find("Checksums-Sha256").value_or(""))) {
    const auto words = SplitWords(line);
    if (words.size() != 3 || words[0] != file.sha256.Hex() || words[1] != std::to_string(file.size)) continue;
    return IsPath(paragraph, std::string(paragraph.Find("Directory").value_or("")) + "/" + std::string(words[2]), file);
  }
  return false;
}

void CheckFilesOfIndex(const Closure& closure, std::uint32_t index, const Store& store,
                       std::vector<std::string>& broken) {
  std::multimap<std::string_view, const ClosureFile*> wanted;
  for (const ClosureFile& file : closure.files) {
    if (file.index == index && file.missing.empty()) wanted.emplace(file.package, &file);
  }
  if (wanted.empty()) return;
  const IndexProof& proof = closure.indexes[index];
  const std::string name = closure.releases[proof.release].suite + "/" + proof.path;
  try {
    const std::string text = Decompress(store.Read(proof.sha256, kMaxIndex), name, kMaxIndexText);
    ForEachParagraph(text, name, [&](const Paragraph& paragraph) {
      const auto [begin, end] = wanted.equal_range(paragraph.Find("Package").value_or(""));
      for (auto it = begin; it != end;) {
        const ClosureFile& file = *it->second;
        const bool named = file.architecture == "source" ? NamesSource(paragraph, file) : NamesBinary(paragraph, file);
        it = named ? wanted.erase(it) : std::next(it);
      }
    });
  } catch (const Error& error) {
    broken.push_back(name + ": " + error.what());
    return;
  }
  for (const auto& [package, file] : wanted) broken.push_back(file->name + ": not in " + name + " like this");
}

}  // namespace

std::vector<std::string> CheckClosureProofs(const Closure& closure, const Store& store) {
  Lock lock;  // what closure and lock have in common
  lock.releases = closure.releases;
  lock.indexes = closure.indexes;
  std::vector<std::string> broken = CheckProofs(lock, store);
  for (std::uint32_t i = 0; i < closure.indexes.size(); ++i) CheckFilesOfIndex(closure, i, store, broken);
  for (const ClosureFile& file : closure.files) {
    const auto content = store.Find(file.sha256);
    if (!content) continue;
    if (content->size != file.size) broken.push_back(file.name + ": the object has another size than the closure says");
    try {
      store.Open(file.sha256);  // hashes the bytes
    } catch (const Error& error) {
      broken.push_back(file.name + ": " + error.what());
    }
  }
  std::sort(broken.begin(), broken.end());
  return broken;
}

}  // namespace nachbau::mirror
