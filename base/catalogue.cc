#include "base/catalogue.h"

#include <cstdint>

#include "base/error.h"

namespace nachbau {

// Generated at build time from po/de.po.
std::string_view GermanCatalogue();

namespace {

// MO file, little endian as msgfmt --endianness=little writes it: magic 0x950412de, revision 0, number of strings N,
// offset of the table of originals, offset of the table of translations; each table has N pairs (length, offset).
class MoReader {
 public:
  MoReader(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  std::uint32_t Word(std::size_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < 4) throw ParseError(name_, 0, Msg("truncated catalogue"));
    std::uint32_t word = 0;
    for (std::size_t i = 4; i > 0; --i) word = word << 8 | static_cast<unsigned char>(bytes_[offset + i - 1]);
    return word;
  }
  std::string_view String(std::size_t table, std::uint32_t index) const {
    const std::uint32_t length = Word(table + index * 8ULL);
    const std::uint32_t offset = Word(table + index * 8ULL + 4);
    if (offset > bytes_.size() || bytes_.size() - offset < length) {
      throw ParseError(name_, 0, Msg("truncated catalogue"));
    }
    return bytes_.substr(offset, length);
  }

 private:
  std::string_view bytes_;
  std::string_view name_;
};

}  // namespace

std::optional<Language> ParseLanguage(std::string_view text) {
  const std::string_view code = text.substr(0, text.find_first_of("_.@-"));
  if (code == "de") return Language::kGerman;
  if (code == "en" || code == "C" || code == "POSIX") return Language::kEnglish;
  return std::nullopt;
}

std::string_view Code(Language language) { return language == Language::kGerman ? "de" : "en"; }

Catalogue::Catalogue(Language language) : language_(language) {
  if (language == Language::kGerman) *this = Catalogue(language, GermanCatalogue(), "po/de.po");
}

Catalogue::Catalogue(Language language, std::string_view mo, std::string_view name) : language_(language) {
  const MoReader reader(mo, name);
  if (reader.Word(0) != 0x950412de) throw ParseError(name, 0, Msg("not a message catalogue"));
  const std::uint32_t count = reader.Word(8);
  for (std::uint32_t i = 0; i < count; ++i) {
    translations_.emplace(reader.String(reader.Word(12), i), reader.String(reader.Word(16), i));
  }
}

std::string Catalogue::Translate(const Message& message) const {
  const auto found = translations_.find(message.text);
  return Substitute(found == translations_.end() || found->second.empty() ? message.text : found->second,
                    message.arguments);
}

}  // namespace nachbau
