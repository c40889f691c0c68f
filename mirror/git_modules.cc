// The part of git-config(1)'s syntax that .gitmodules files have. No includes, which git does not follow there either.
#include <algorithm>
#include <map>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "mirror/git_object.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxModules = 1000;

class ModulesReader {
 public:
  ModulesReader(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  std::vector<GitModule> Read() {
    while (at_ < text_.size()) {
      SkipBlanks();
      if (AtEnd()) {
        TakeNewline();
      } else if (text_[at_] == '#' || text_[at_] == ';') {
        SkipLine();
      } else if (text_[at_] == '[') {
        Section();
      } else {
        Setting();
      }
    }
    std::vector<GitModule> modules;
    for (const auto& [name, module] : modules_) {
      if (!module.path.empty() && !module.url.empty()) modules.push_back(module);
    }
    return modules;
  }

 private:
  [[noreturn]] void Refuse(const Message& detail) const { throw ParseError(name_, line_, detail); }
  bool AtEnd() const { return at_ >= text_.size() || text_[at_] == '\n'; }
  void TakeNewline() {
    if (at_ < text_.size()) ++at_;
    ++line_;
  }
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }
  void SkipLine() {
    while (!AtEnd()) ++at_;
  }
  std::string Word() {
    std::string word;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
      const bool upper = c >= 'A' && c <= 'Z';
      if (!letter && !upper) break;
      word += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return word;
  }
  void Section() {
    ++at_;
    const std::string section = Word();
    SkipBlanks();
    current_ = nullptr;
    std::string subsection;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_; !AtEnd() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        if (static_cast<unsigned char>(text_[at_]) < 0x20) Refuse(Msg("control byte"));
        subsection += text_[at_];
      }
      if (AtEnd()) Refuse(Msg("a name that does not end"));
      ++at_;
    }
    if (at_ >= text_.size() || text_[at_] != ']') Refuse(Msg("not the head of a section"));
    ++at_;
    if (section != "submodule" || subsection.empty()) return;
    current_ = &modules_[subsection];
    current_->name = subsection;
    if (modules_.size() > kMaxModules) Refuse(Msg("more than {} submodules", kMaxModules));
  }
  void Setting() {
    const std::string key = Word();
    if (key.empty()) Refuse(Msg("not a setting"));
    SkipBlanks();
    std::string value;
    if (!AtEnd() && text_[at_] == '=') {
      ++at_;
      SkipBlanks();
      value = Value();
    } else if (!AtEnd() && text_[at_] != '#' && text_[at_] != ';') {
      Refuse(Msg("not a setting"));
    } else {
      SkipLine();
    }
    if (current_ == nullptr) return;
    if (key == "path") current_->path = value;
    if (key == "url") current_->url = value;
  }
  std::string Value() {
    std::string value;
    std::size_t keep = 0;  // blanks at the end of a line count only within quotes
    bool quoted = false;
    for (;; ++at_) {
      if (at_ >= text_.size() || text_[at_] == '\n') {
        if (quoted) Refuse(Msg("a quotation that does not end"));
        break;
      }
      const char c = text_[at_];
      if (c == '"') {
        quoted = !quoted;
        keep = value.size();
      } else if (c == '\\') {
        Escape(value);
        keep = value.size();
      } else if (!quoted && (c == '#' || c == ';')) {
        SkipLine();
        break;
      } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') {
        Refuse(Msg("control byte"));
      } else {
        value += c;
        if (quoted || (c != ' ' && c != '\t' && c != '\r')) keep = value.size();
      }
    }
    value.resize(keep);
    return value;
  }
  void Escape(std::string& value) {
    if (++at_ >= text_.size()) Refuse(Msg("an escape of nothing"));
    switch (text_[at_]) {
      case '\n': ++line_; break;  // the line goes on
      case 'n': value += '\n'; break;
      case 't': value += '\t'; break;
      case '"': value += '"'; break;
      case '\\': value += '\\'; break;
      default: Refuse(Msg("an escape that git does not have"));
    }
  }

  std::string_view text_, name_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
  std::map<std::string, GitModule> modules_;
  GitModule* current_ = nullptr;
};

}  // namespace

std::vector<GitModule> ParseGitModules(std::string_view text, std::string_view name) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return ModulesReader(text, name).Read();
}

}  // namespace nachbau::mirror
