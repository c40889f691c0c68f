// What packages say of themselves becomes one paragraph of an index, in which the index has the last word.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/deb822.h"
#include "base/error.h"
#include "mirror/repository_entry.h"
#include "tests/fuzz/fuzz_target.h"

using namespace nachbau;

namespace {

Paragraph OnlyParagraph(const std::string& text) {
  const auto paragraphs = ParseParagraphs(text, "fuzz: index");
  if (paragraphs.size() != 1) std::abort();
  return paragraphs.front();
}

}  // namespace

FUZZ_TARGET(repository_entry) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ContentId content = HashBytes(text);
  try {
    const auto entry = mirror::MakeBinaryEntry(text, content, "fuzz.deb");
    const Paragraph paragraph = OnlyParagraph(entry.paragraph);
    if (paragraph.Get("SHA256") != content.sha256.Hex() || paragraph.Get("Filename") != entry.file.path) std::abort();
    if (!entry.file.path.starts_with("pool/") || entry.file.path.find("..") != std::string::npos) std::abort();
  } catch (const ParseError&) {
  }
  try {
    const auto entry = mirror::MakeSourceEntry(text, content, "fuzz.dsc");
    if (mirror::ParseDebianSource(OnlyParagraph(entry.paragraph)).files.size() != entry.files.size()) std::abort();
  } catch (const ParseError&) {
  }
  return 0;
}
