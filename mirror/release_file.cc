#include "mirror/release_file.h"

#include <charconv>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "mirror/archive_path.h"

namespace nachbau::mirror {

ReleaseFile ParseRelease(std::string_view text, std::string_view name) {
  const auto paragraphs = ParseParagraphs(text, name);
  if (paragraphs.size() != 1) throw ParseError(name, 0, Msg("a Release file has one paragraph"));
  const Paragraph& fields = paragraphs[0];
  ReleaseFile release;
  release.origin = fields.Find("Origin").value_or("");
  release.suite = fields.Find("Suite").value_or("");
  release.codename = fields.Find("Codename").value_or("");
  release.date = ParseMailDate(fields.Get("Date"), std::string(name) + ": Date");
  if (const auto until = fields.Find("Valid-Until")) {
    release.valid_until = ParseMailDate(*until, std::string(name) + ": Valid-Until");
  }
  release.acquire_by_hash = fields.Find("Acquire-By-Hash").value_or("") == "yes";
  for (const std::string_view word : SplitWords(fields.Find("Architectures").value_or(""))) {
    release.architectures.emplace_back(word);
  }
  for (const std::string_view word : SplitWords(fields.Find("Components").value_or(""))) {
    release.components.emplace_back(word);
  }
  if (!fields.Find("SHA256")) throw ParseError(name, 0, Msg("there is no SHA256 section; weaker digests are not accepted"));
  for (const std::string_view line : Paragraph::Lines(fields.Get("SHA256"))) {
    const auto words = SplitWords(line);
    if (words.empty()) continue;
    if (words.size() != 3) throw ParseError(name, 0, Msg("not a digest line: {}", Printable(line.substr(0, 100))));
    ReleaseEntry entry;
    entry.sha256 = ParseSha256(words[0], name);
    const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), entry.size);
    if (error != std::errc() || end != words[1].data() + words[1].size()) {
      throw ParseError(name, 0, Msg("not a size: {}", Printable(words[1].substr(0, 40))));
    }
    const std::string path = CleanArchivePath(words[2], name, 0);
    if (path.empty()) throw ParseError(name, 0, Msg("not a path below the archive: {}", words[2]));
    const auto [known, fresh] = release.files.emplace(path, entry);
    if (!fresh && (known->second.sha256 != entry.sha256 || known->second.size != entry.size)) {
      throw ParseError(name, 0, Msg("listed twice with different content: {}", path));
    }
  }
  return release;
}

}  // namespace nachbau::mirror
