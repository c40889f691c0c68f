#include "sbom/licences/licence_index.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "model/script_recipe.h"
#include "sbom/deb_control.h"
#include "sbom/licences/copyright.h"
#include "sbom/licences/licences.h"
#include "sbom/licences/source_archives.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxExamples = 3;
constexpr const char* kCopyright = "debian/copyright";

// Files that tell of the packages or steer their build, and are in none: what a build reads of them ends as control data
// (names, descriptions) or decides where other files go. debian/changelog and debian/copyright are in every package, as
// statements about it.
bool IsAboutThePackage(std::string_view path) {
  static constexpr std::string_view kNames[] = {"changelog", "clean", "compat", "control", "copyright", "files", "not-installed",
                                                "rules", "substvars", "watch", "gbp.conf", "salsa-ci.yml"};
  static constexpr std::string_view kInstructions[] = {"install", "docs", "examples", "manpages", "links", "dirs", "info",
                                                       "not-installed", "substvars"};
  static constexpr std::string_view kDirectories[] = {"patches/", "source/", "tests/", "upstream/"};
  if (!path.starts_with("debian/")) return false;
  path.remove_prefix(7);
  const auto is = [&](std::string_view name) { return path == name; };
  const auto begins = [&](std::string_view name) { return path.starts_with(name); };
  // "install", "<package>.install"
  const auto instructs = [&](std::string_view name) {
    return path == name || (path.ends_with(name) && path[path.size() - name.size() - 1] == '.');
  };
  if (std::any_of(std::begin(kNames), std::end(kNames), is)) return true;
  if (std::any_of(std::begin(kDirectories), std::end(kDirectories), begins)) return true;
  return path.find('/') == path.npos && std::any_of(std::begin(kInstructions), std::end(kInstructions), instructs);
}

// File names are bytes; in documents they are text.
std::string Text(const std::string& path) { return IsUtf8(path) ? path : Printable(path); }

std::set<std::string> LicencesOfText(const std::string& expression) {
  const auto parsed = TryParseLicenceExpression(expression);
  return parsed ? LicencesOf(*parsed) : std::set<std::string>();
}

}  // namespace

struct LicenceIndex::State {
  std::optional<std::string> uniform;
  Message why_unknown;  // empty text: known
  Copyright copyright;
  UpstreamStatements upstream;

  // By statements of Debian and upstream: few pairs, many files.
  struct Joined {
    std::string expression;
    bool differs = false;
  };
  mutable std::map<std::pair<std::string, std::string>, Joined> joined;

  const Joined& Join(const std::string& debian, const std::string& stated) const {
    const auto [place, added] = joined.try_emplace({debian, stated});
    Joined& result = place->second;
    if (!added) return result;
    if (debian.empty() || stated.empty()) {
      result.expression = debian.empty() ? stated : debian;
      return result;
    }
    const LicenceExpression left = ParseLicenceExpression(debian, kCopyright), right = ParseLicenceExpression(stated, "upstream");
    result.differs = !Implies(left, right);
    result.expression = result.differs ? FormatLicenceExpression(AllOf({left, right})) : debian;
    return result;
  }

  struct Absences {
    std::uint64_t files = 0;
    std::vector<std::string> examples;
    void Add(const std::string& example, std::uint64_t count) {
      files += count;
      if (examples.size() < kMaxExamples) examples.push_back(example);
    }
  };
};

LicenceIndex::LicenceIndex() : state_(std::make_unique<State>()) {
  state_->why_unknown = Msg("nothing is known of the licences of this source");
}
LicenceIndex::LicenceIndex(LicenceIndex&&) noexcept = default;
LicenceIndex& LicenceIndex::operator=(LicenceIndex&&) noexcept = default;
LicenceIndex::~LicenceIndex() = default;

LicenceIndex LicenceIndex::Make(std::string_view copyright_text, std::string_view source, UpstreamStatements upstream) {
  LicenceIndex index;
  index.state_->copyright = ParseCopyright(copyright_text, kCopyright, source);
  index.state_->why_unknown = index.state_->copyright.reason;
  index.state_->upstream = std::move(upstream);
  return index;
}

LicenceIndex LicenceIndex::MakeUniform(std::string_view expression) {
  LicenceIndex index;
  index.state_->uniform = FormatLicenceExpression(Canonical(ParseLicenceExpression(expression, "licence")));
  index.state_->why_unknown = {};
  return index;
}

LicenceIndex LicenceIndex::Read(const Lock& lock, const BuildRecord& record, const Store& store) {
  LicenceIndex index;
  if (lock.recipe.kind == RecipeKind::kScript) {
    index.state_->why_unknown = Msg("the recipe names no licence");
    for (const LockedFile& file : lock.WithRole(InputRole::kRecipe)) {
      const ScriptRecipe recipe = ParseScriptRecipe(store.Read(file.sha256, kMaxRecipe), file.file_name);
      if (recipe.licence.empty()) continue;
      if (TryParseLicenceExpression(recipe.licence)) return MakeUniform(recipe.licence);
      index.state_->why_unknown = Msg("the licence in the recipe is no SPDX expression: {}", Printable(recipe.licence));
    }
    return index;
  }
  SourceStatements source = ReadSourceArchives(lock, store);
  // Where debian/ is a patch (format 1.0), from the documentation of what was built.
  for (const Artifact& output : record.outputs) {
    if (source.copyright) break;
    if (!output.name.ends_with(".deb")) continue;
    const std::string package = output.name.substr(0, output.name.find('_'));
    source.copyright = ReadDebTexts(store.Open(output.content.sha256), package, output.name).copyright;
  }
  if (source.copyright) return Make(*source.copyright, lock.source, std::move(source.upstream));
  index.state_->why_unknown = Msg("there is no debian/copyright");
  index.state_->upstream = std::move(source.upstream);
  return index;
}

FileLicence LicenceIndex::LicenceFor(std::string_view path_in_source) const {
  const State& state = *state_;
  FileLicence licence;
  if (state.uniform) {
    licence.expression = *state.uniform;
    return licence;
  }
  if (const CopyrightFiles* paragraph = state.copyright.Find(path_in_source)) {
    licence.debian = paragraph->expression;
    licence.debian_place = kCopyright + std::string(":") + std::to_string(paragraph->line);
  }
  if (const auto found = state.upstream.by_file.find(path_in_source); found != state.upstream.by_file.end()) {
    licence.upstream = found->second.expression;
    licence.upstream_place = found->second.place;
  }
  const State::Joined& joined = state.Join(licence.debian, licence.upstream);
  licence.expression = joined.expression;
  licence.differs = joined.differs;
  return licence;
}

std::string LicenceIndex::ExpressionFor(std::string_view path_in_source) const {
  return LicenceFor(path_in_source).expression;
}

std::string LicenceIndex::Declared() const {
  if (state_->uniform) return *state_->uniform;
  return state_->copyright.machine_readable ? JoinWithAnd(state_->copyright.licences) : "";
}

Message LicenceIndex::WhyUndeclared() const { return state_->why_unknown; }

std::set<std::string> LicenceIndex::Hints() const { return state_->copyright.hints; }

std::vector<Message> LicenceIndex::Problems() const {
  std::vector<Message> problems = state_->copyright.problems;
  problems.insert(problems.end(), state_->upstream.problems.begin(), state_->upstream.problems.end());
  return problems;
}

Conclusion LicenceIndex::Conclude(const std::set<std::string>& paths) const {
  const State& state = *state_;
  Conclusion conclusion;
  std::set<std::string> expressions;
  for (const std::string& path : paths) {
    if (!state.uniform && IsAboutThePackage(path)) {
      conclusion.ignored.insert(path);
      continue;
    }
    ++conclusion.files;
    FileLicence licence = LicenceFor(path);
    if (licence.differs) conclusion.differences.push_back({path, licence.debian, licence.upstream});
    if (licence.expression.empty()) ++conclusion.unknown;
    else expressions.insert(std::move(licence.expression));
  }
  if (conclusion.files == 0) {
    conclusion.reason = conclusion.ignored.empty() ? Msg("no file of the source is known to have gone into it")
                                                   : Msg("only files that tell of the package went into it");
  } else if (expressions.empty()) {
    conclusion.reason = state.why_unknown.text.empty() ? Msg("nobody states a licence of the files that went into it")
                                                       : state.why_unknown;
  } else {
    if (conclusion.unknown > 0) expressions.insert(kUnknownLicence);
    conclusion.expression = JoinWithAnd(expressions);
  }
  conclusion.absent = AbsentFrom(conclusion.expression);
  return conclusion;
}

// Nothing is absent from what is not known.
std::vector<AbsentLicence> LicenceIndex::AbsentFrom(const std::string& expression) const {
  const State& state = *state_;
  if (expression.empty() || state.uniform) return {};
  const std::set<std::string> present = LicencesOfText(expression);
  std::map<std::string, State::Absences> absences;
  std::map<std::string, std::set<std::string>> parts;  // by expression
  const auto add = [&](const std::string& stated, const std::string& example, std::uint64_t count) {
    auto place = parts.find(stated);
    if (place == parts.end()) place = parts.emplace(stated, LicencesOfText(stated)).first;
    for (const std::string& licence : place->second) {
      if (!present.contains(licence)) absences[licence].Add(example, count);
    }
  };
  for (const std::string& path : state.upstream.files) add(ExpressionFor(path), path, 1);
  if (state.upstream.files.empty()) {
    for (const CopyrightFiles& paragraph : state.copyright.files) {
      for (const PathPattern& pattern : paragraph.patterns) add(paragraph.expression, pattern.text(), 0);
    }
  }
  std::vector<AbsentLicence> list;
  for (auto& [licence, found] : absences) list.push_back({licence, found.files, std::move(found.examples)});
  return list;
}

std::set<std::string> LicenceIndex::CopyrightLines(const std::set<std::string>& paths) const {
  std::set<std::string> lines;
  for (const std::string& path : paths) {
    const CopyrightFiles* paragraph = IsAboutThePackage(path) ? nullptr : state_->copyright.Find(path);
    if (paragraph != nullptr) lines.insert(paragraph->holders.begin(), paragraph->holders.end());
  }
  return lines;
}

std::optional<std::string> LicenceIndex::TextOf(std::string_view identifier) const {
  const std::string key(identifier);
  for (const auto* texts : {&state_->copyright.texts, &state_->upstream.texts}) {
    if (const auto found = texts->find(key); found != texts->end()) return found->second;
  }
  return std::nullopt;
}

Json LicenceIndex::Details(std::string_view expression) const {
  Json details = Json::array();
  const auto parsed = TryParseLicenceExpression(expression);
  if (!parsed) return details;
  for (const std::string& licence : LicencesOf(*parsed)) {
    const std::string identifier = licence.substr(0, licence.find(' '));
    const auto text = identifier.starts_with("LicenseRef-") ? TextOf(identifier) : std::nullopt;
    if (!text) continue;
    details.push_back({{"licenseIdentifier", identifier}, {"text", {{"contentType", "text/plain"}, {"content", *text}}}});
  }
  return details;
}

const std::set<std::string, std::less<>>& LicenceIndex::Files() const { return state_->upstream.files; }

Json ToJson(const Conclusion& conclusion) {
  Json json = {{"concluded", conclusion.expression}, {"files", conclusion.files},   {"unknownFiles", conclusion.unknown},
               {"ignoredFiles", Json::array()},       {"differences", Json::array()}, {"absent", Json::array()}};
  if (!conclusion.reason.text.empty()) json["reason"] = Render(conclusion.reason);
  for (const std::string& path : conclusion.ignored) json["ignoredFiles"].push_back(Text(path));
  for (const LicenceDifference& difference : conclusion.differences) {
    json["differences"].push_back({{"path", Text(difference.path)}, {"debian", difference.debian}, {"upstream", difference.upstream}});
  }
  for (const AbsentLicence& absent : conclusion.absent) {
    json["absent"].push_back({{"licence", absent.licence}, {"files", absent.files}, {"examples", Json::array()}});
    for (const std::string& example : absent.examples) json["absent"].back()["examples"].push_back(Text(example));
  }
  return json;
}

}  // namespace nachbau::sbom
