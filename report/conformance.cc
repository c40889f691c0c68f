#include "report/conformance.h"

#include <array>

#include "base/encoding.h"
#include "report/lines.h"

namespace nachbau::report {
namespace {

constexpr std::size_t kShownPlaces = 5;
constexpr std::size_t kLabelWidth = 20;
constexpr std::size_t kClauseWidth = 34;

Message Headline(const ProfileResult& profile) {
  const std::string name = profile.title + " " + profile.version;
  const std::size_t failed = profile.Count(ClauseVerdict::kFail) - profile.Notes();
  const std::size_t open = profile.Count(ClauseVerdict::kCannotJudge);
  if (failed == 1) return Msg("{}: does not conform: one clause fails", name);
  if (!profile.Conforms()) return Msg("{}: does not conform: {} clauses fail", name, failed);
  if (open != 0) return Msg("{}: conforms as far as it can be judged; not to be judged: {}", name, open);
  return Msg("{}: conforms", name);
}

std::string Indent(std::size_t width) { return std::string(width, ' '); }

void ShowPlaces(Lines& lines, const ClauseResult& clause) {
  std::size_t shown = 0;
  for (const ClausePlace& place : clause.places) {
    if (shown == kShownPlaces) break;
    ++shown;
    std::string line = Indent(kLabelWidth + 2);
    if (!place.pointer.empty()) line += Printable(place.pointer) + "  ";
    if (!place.component.empty()) line += place.component + ": ";
    lines.Raw(line + Printable(lines.Translate(place.found)));
  }
  const std::uint64_t found = clause.failed + clause.unjudged;
  if (found > shown) lines.Raw(Indent(kLabelWidth + 2) + lines.Translate(Msg("and {} more", found - shown)));
}

void ShowClause(Lines& lines, const ClauseResult& clause, bool whole) {
  lines.Raw("  " + Pad(lines.Translate(Label(clause)), kLabelWidth) + Pad(clause.clause, kClauseWidth) +
            Printable(lines.Translate(clause.reason)));
  if (!whole) return;
  lines.Raw(Indent(kLabelWidth + 2) + clause.section + ": " + lines.Translate(clause.requirement));
  ShowPlaces(lines, clause);
  if (!clause.remedy.text.empty()) lines.Raw(Indent(kLabelWidth + 2) + "→ " + lines.Translate(clause.remedy));
}

bool IsNote(const ClauseResult& clause) { return clause.verdict == ClauseVerdict::kFail && clause.Stands(); }

void ShowProfile(Lines& lines, const ProfileResult& profile) {
  lines.Plain(Headline(profile));
  const auto show = [&](ClauseVerdict verdict, bool notes, bool whole) {
    for (const ClauseResult& clause : profile.clauses) {
      if (clause.verdict == verdict && IsNote(clause) == notes) ShowClause(lines, clause, whole);
    }
  };
  show(ClauseVerdict::kFail, false, true);
  show(ClauseVerdict::kFail, true, true);
  show(ClauseVerdict::kCannotJudge, false, false);
  show(ClauseVerdict::kPass, false, false);
  show(ClauseVerdict::kNotApplicable, false, false);
}

std::string Cell(std::string text) {
  // A spreadsheet evaluates what begins like a formula, and the text is foreign.
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

template <std::size_t Size>
std::string Row(const std::array<std::string, Size>& cells) {
  std::string row;
  for (const std::string& cell : cells) row += (&cell == cells.data() ? "" : ",") + Cell(cell);
  return row + "\r\n";
}

}  // namespace

Message Label(const ClauseResult& clause) {
  switch (clause.verdict) {
    case ClauseVerdict::kPass: return Msg("pass");
    case ClauseVerdict::kFail: return clause.Stands() ? Msg("note") : Msg("fail");
    case ClauseVerdict::kNotApplicable: return Msg("not applicable");
    case ClauseVerdict::kCannotJudge: break;
  }
  return Msg("cannot be judged");
}

std::string FormatConformance(const Conformance& conformance, const Catalogue& catalogue) {
  Lines lines(catalogue);
  std::string about = Printable(conformance.document) + ": " + conformance.format;
  if (!conformance.product.empty()) about += ", " + conformance.product;
  lines.Raw(about);
  for (const ProfileResult& profile : conformance.profiles) ShowProfile(lines, profile);
  if (conformance.files_at_hand) {
    lines.Plain(Msg("{} of the files at hand are in the document", conformance.files_recognised));
  }
  return lines.Take();
}

std::string ConformanceCsvHeader() {
  return Row(std::array<std::string, 12>{"document", "profile", "clause", "section", "severity", "verdict", "requirement", "reason",
                                         "pointer", "component", "found", "remedy"});
}

std::string ConformanceCsvRows(const Conformance& conformance, const Catalogue& catalogue) {
  std::string rows;
  const auto text = [&](const Message& message) { return Printable(catalogue.Translate(message)); };
  for (const ProfileResult& profile : conformance.profiles) {
    for (const ClauseResult& clause : profile.clauses) {
      const auto row = [&](ClauseVerdict verdict, const std::string& pointer, const std::string& component, const std::string& found) {
        rows += Row(std::array<std::string, 12>{Printable(conformance.document), profile.profile, clause.clause, clause.section,
                                                std::string(Name(clause.severity)), std::string(Name(verdict)),
                                                text(clause.requirement), text(clause.reason), Printable(pointer), component,
                                                found, text(clause.remedy)});
      };
      if (clause.places.empty()) row(clause.verdict, "", "", "");
      for (const ClausePlace& place : clause.places) row(place.verdict, place.pointer, place.component, text(place.found));
    }
  }
  return rows;
}

}  // namespace nachbau::report
