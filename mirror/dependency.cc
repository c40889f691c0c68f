#include "mirror/dependency.h"

#include <algorithm>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "mirror/architecture.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxAlternatives = 10000;  // over a whole list; real lists have some hundreds at most

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

// A cursor over the text of one dependency list.
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  void SkipBlanks() {
    while (position_ < text_.size() && IsBlank(text_[position_])) ++position_;
  }
  bool AtEnd() const { return position_ == text_.size(); }
  bool Next(char wanted) {
    if (AtEnd() || text_[position_] != wanted) return false;
    ++position_;
    return true;
  }
  std::string_view Name() {
    const std::size_t start = position_;
    while (!AtEnd() && IsNameByte(text_[position_])) ++position_;
    if (position_ == start || text_[start] == '-' || text_[start] == '.' || text_[start] == '+') Refuse();
    return text_.substr(start, position_ - start);
  }
  // Everything up to the closing bracket, which is consumed.
  std::string_view Until(char closing) {
    const std::size_t end = text_.find(closing, position_);
    if (end == text_.npos) Refuse();
    const std::string_view inside = text_.substr(position_, end - position_);
    position_ = end + 1;
    return inside;
  }
  [[noreturn]] void Refuse() const {
    throw ParseError(name_, 0, Msg("not a dependency: {}", Printable(text_.substr(std::min(start_, text_.size()), 120))));
  }
  void MarkStart() { start_ = position_; }

 private:
  std::string_view text_;
  std::string_view name_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;  // of the dependency being read, for messages
};

void ReadVersion(Scanner& scanner, Dependency& dependency) {
  std::string_view inside = Trim(scanner.Until(')'));
  const std::size_t operator_end = std::min(inside.find_first_not_of("<>="), inside.size());
  const auto relation = ParseRelation(inside.substr(0, operator_end));
  const std::string_view version = Trim(inside.substr(operator_end));
  if (!relation || !IsVersion(version)) scanner.Refuse();
  dependency.relation = *relation;
  dependency.version = version;
}

std::vector<std::string> ReadTerms(Scanner& scanner, char closing) {
  std::vector<std::string> terms;
  for (const std::string_view word : SplitWords(scanner.Until(closing))) {
    const std::string_view bare = word.front() == '!' ? word.substr(1) : word;
    if (bare.empty() || !std::all_of(bare.begin(), bare.end(), IsNameByte)) scanner.Refuse();
    terms.emplace_back(word);
  }
  if (terms.empty()) scanner.Refuse();
  return terms;
}

Dependency ReadDependency(Scanner& scanner) {
  scanner.SkipBlanks();
  scanner.MarkStart();
  Dependency dependency;
  dependency.package = scanner.Name();
  if (scanner.Next(':')) dependency.qualifier = scanner.Name();
  scanner.SkipBlanks();
  if (scanner.Next('(')) ReadVersion(scanner, dependency);
  scanner.SkipBlanks();
  if (scanner.Next('[')) dependency.architectures = ReadTerms(scanner, ']');
  scanner.SkipBlanks();
  while (scanner.Next('<')) {
    dependency.profiles.push_back(ReadTerms(scanner, '>'));
    scanner.SkipBlanks();
  }
  return dependency;
}

}  // namespace

std::vector<Alternatives> ParseDependencies(std::string_view text, std::string_view name) {
  std::vector<Alternatives> groups;
  Scanner scanner(text, name);
  std::size_t count = 0;
  for (;;) {
    scanner.SkipBlanks();
    // Empty groups come from substitution variables that were empty, and from a final comma; dpkg passes them over.
    while (scanner.Next(',')) scanner.SkipBlanks();
    if (scanner.AtEnd()) return groups;
    Alternatives group;
    do {
      group.push_back(ReadDependency(scanner));
      if (++count > kMaxAlternatives) throw ParseError(name, 0, Msg("more than {} dependencies", kMaxAlternatives));
    } while (scanner.Next('|'));
    groups.push_back(std::move(group));
    if (!scanner.AtEnd() && !scanner.Next(',')) scanner.Refuse();
  }
}

bool ProfilesApply(const ProfileFormula& formula, const std::vector<std::string>& active) {
  const auto holds = [&](const std::string& term) {
    const bool negated = term.front() == '!';
    const std::string_view name = negated ? std::string_view(term).substr(1) : std::string_view(term);
    return (std::find(active.begin(), active.end(), name) != active.end()) != negated;
  };
  return formula.empty() || std::any_of(formula.begin(), formula.end(), [&](const std::vector<std::string>& terms) {
           return std::all_of(terms.begin(), terms.end(), holds);
         });
}

std::vector<Alternatives> ReduceDependencies(const std::vector<Alternatives>& groups, const std::string& architecture,
                                             const std::vector<std::string>& active_profiles) {
  std::vector<Alternatives> reduced;
  for (const Alternatives& group : groups) {
    Alternatives kept;
    for (const Dependency& dependency : group) {
      if (!ArchitectureApplies(dependency.architectures, architecture)) continue;
      if (!ProfilesApply(dependency.profiles, active_profiles)) continue;
      Dependency bare = dependency;
      bare.architectures.clear();
      bare.profiles.clear();
      // We build natively, and a binary package's Depends (which these become) does not know ":native".
      if (bare.qualifier == "native") bare.qualifier.clear();
      kept.push_back(std::move(bare));
    }
    if (!kept.empty()) reduced.push_back(std::move(kept));
  }
  return reduced;
}

std::vector<Alternatives> KeepFirstAlternatives(std::vector<Alternatives> groups) {
  for (Alternatives& group : groups) {
    const std::string first = group.front().package;
    std::erase_if(group, [&](const Dependency& dependency) { return dependency.package != first; });
  }
  return groups;
}

std::string Format(const Dependency& dependency) {
  std::string text = dependency.package;
  if (!dependency.qualifier.empty()) text += ":" + dependency.qualifier;
  if (dependency.relation != Relation::kAny) {
    text += " (" + std::string(Format(dependency.relation)) + " " + dependency.version + ")";
  }
  return text;
}

std::string Format(const Alternatives& alternatives) {
  std::string text;
  for (const Dependency& dependency : alternatives) text += (text.empty() ? "" : " | ") + Format(dependency);
  return text;
}

std::string Format(const std::vector<Alternatives>& groups) {
  std::string text;
  for (const Alternatives& group : groups) text += (text.empty() ? "" : ", ") + Format(group);
  return text;
}

}  // namespace nachbau::mirror
