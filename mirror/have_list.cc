#include "mirror/have_list.h"

#include "base/error.h"

namespace nachbau::mirror {

std::string FormatHaveList(const std::vector<Sha256Digest>& digests) {
  std::string text = std::string(kHaveMark) + std::to_string(digests.size()) + "\n";
  for (const Sha256Digest& digest : digests) text += digest.Hex() + "\n";
  return text;
}

std::vector<Sha256Digest> ParseHaveList(std::string_view text, const std::string& name) {
  std::vector<Sha256Digest> digests;
  std::uint64_t line = 1;
  const std::string_view first = text.substr(0, text.find('\n'));
  if (!first.starts_with(kHaveMark)) throw ParseError(name, line, Msg("not a list of what a store has"));
  for (text.remove_prefix(first.size()); text.starts_with('\n') && text.size() > 1; ++line) {
    const std::string_view entry = text.substr(1, 64);
    const Sha256Digest digest = ParseSha256(entry, name);
    if (!digests.empty() && digests.back() >= digest) throw ParseError(name, line + 1, Msg("out of order, or twice"));
    digests.push_back(digest);
    text.remove_prefix(1 + entry.size());
  }
  // The count says when lines are missing, and its spelling that there is one way to write a list.
  if (text != "\n" || first.substr(kHaveMark.size()) != std::to_string(digests.size())) {
    throw ParseError(name, line, Msg("cut off, or not a list of what a store has"));
  }
  return digests;
}

}  // namespace nachbau::mirror
