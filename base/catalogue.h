// Messages in the languages of the people who read them. The catalogues (po/*.po, compiled by msgfmt) are part of the
// program: a server without a generated locale would otherwise silently speak English.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/message.h"

namespace nachbau {

enum class Language { kEnglish, kGerman };

// "de", "de_DE.UTF-8", "en"…; nothing for a language we do not have.
std::optional<Language> ParseLanguage(std::string_view text);
std::string_view Code(Language language);  // "en", "de": as in HTML lang and --lang

// Values never change after construction; safe from several threads.
class Catalogue {
 public:
  explicit Catalogue(Language language);
  // From the bytes of a .mo file (GNU gettext manual, "The Format of GNU MO Files"). Throws ParseError.
  Catalogue(Language language, std::string_view mo, std::string_view name);

  Language language() const { return language_; }
  // The message in this language with its arguments put in; English where there is no translation.
  std::string Translate(const Message& message) const;

 private:
  Language language_;
  std::unordered_map<std::string_view, std::string_view> translations_;  // into the .mo bytes
};

}  // namespace nachbau
