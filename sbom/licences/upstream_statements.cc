#include "sbom/licences/upstream_statements.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/error.h"
#include "sbom/licences/copyright.h"
#include "sbom/licences/reuse_toml.h"
#include "sbom/licences/spdx_tags.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxDocument = 4 << 20;  // bytes of a REUSE.toml, .reuse/dep5 or licence text
constexpr std::uint64_t kMaxDocuments = 64 << 20;  // of all together
constexpr std::size_t kMaxStatement = 64 << 10;  // bytes: far below what an expression may have, as others join it
constexpr int kMaxStatementDepth = 50;
constexpr std::string_view kToml = "REUSE.toml";
constexpr std::string_view kDep5 = ".reuse/dep5";
constexpr std::string_view kSidecar = ".license";
constexpr std::string_view kTexts = "LICENSES/";

bool IsToml(std::string_view path) {
  return path == kToml || (path.ends_with(kToml) && path[path.size() - kToml.size() - 1] == '/');
}

// "sub/dir/" of "sub/dir/REUSE.toml"; "" at the root.
std::string_view DirectoryOf(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

// Of a text in the licences' directory; "" for those that SPDX has.
std::string_view ReferenceOf(std::string_view path) {
  if (!path.starts_with(kTexts)) return {};
  std::string_view name = path.substr(kTexts.size());
  if (!name.starts_with("LicenseRef-") || name.find('/') != name.npos) return {};
  name = name.substr(0, name.ends_with(".txt") ? name.size() - 4 : name.size());
  return TryParseLicenceExpression(name) ? name : std::string_view();
}

struct Annotations {
  std::string directory;
  std::string path;
  std::vector<ReuseAnnotation> list;

  // The last one that matches a path in or beneath the directory.
  const ReuseAnnotation* Find(std::string_view path_in_source) const {
    if (!path_in_source.starts_with(directory)) return nullptr;
    path_in_source.remove_prefix(directory.size());
    const auto matches = [&](const ReuseAnnotation& annotation) {
      return std::any_of(annotation.patterns.begin(), annotation.patterns.end(),
                         [&](const PathPattern& pattern) { return pattern.Matches(path_in_source); });
    };
    const auto found = std::find_if(list.rbegin(), list.rend(), matches);
    return found == list.rend() ? nullptr : &*found;
  }
};

// What is gathered for one file.
struct Gathered {
  std::vector<LicenceExpression> expressions;
  std::set<std::string> places;

  void Add(const std::vector<LicenceExpression>& more, std::string place) {
    if (more.empty()) return;
    expressions.insert(expressions.end(), more.begin(), more.end());
    places.insert(std::move(place));
  }
};

}  // namespace

struct UpstreamReader::State {
  std::string source;
  std::set<std::string, std::less<>> files;
  std::map<std::string, SpdxTags> tags;          // only of files that have any
  std::map<std::string, std::string> documents;  // REUSE.toml, .reuse/dep5, texts: by path
  std::uint64_t document_bytes = 0;

  UpstreamStatements result;
  std::vector<Annotations> annotations;  // outermost first
  Copyright dep5;

  void Problem(Message problem) {
    if (result.problems.size() < kMaxUpstreamProblems) result.problems.push_back(std::move(problem));
  }

  void ReadDocuments() {
    for (auto& [path, text] : documents) {
      if (const std::string_view reference = ReferenceOf(path); !reference.empty()) {
        if (IsUtf8(text)) result.texts.emplace(reference, text);
        else Problem(Msg("{}: not UTF-8", Printable(path)));
      } else if (path == kDep5) {
        dep5 = ParseCopyright(text, kDep5, source);
        if (!dep5.machine_readable) Problem(Msg("{}: {}", kDep5, Render(dep5.reason)));
      } else {
        try {
          annotations.push_back({std::string(DirectoryOf(path)), path, ParseReuseToml(text, path)});
        } catch (const ParseError& error) {
          Problem(Msg("{} is not used: {}", Printable(path), error.what()));
        }
      }
    }
    std::stable_sort(annotations.begin(), annotations.end(), [](const Annotations& left, const Annotations& right) {
      return left.directory.size() < right.directory.size();
    });
    // One or the other, says the specification.
    if (dep5.machine_readable && documents.contains(std::string(kToml))) {
      Problem(Msg("{} is not used: there is a REUSE.toml", kDep5));
      dep5 = {};
    }
    result.texts.insert(dep5.texts.begin(), dep5.texts.end());
  }

  Gathered OwnOf(const std::string& file) const {
    Gathered own;
    const std::string sidecar = file + std::string(kSidecar);
    const std::string& place = files.contains(sidecar) ? sidecar : file;
    if (const auto found = tags.find(place); found != tags.end()) own.Add(found->second.expressions, place);
    return own;
  }

  Gathered StatedOf(const std::string& file) const {
    Gathered own = OwnOf(file);
    const bool silent = own.expressions.empty();
    const ReuseAnnotation* closest = nullptr;
    std::string closest_place;
    for (const Annotations& document : annotations) {
      const ReuseAnnotation* annotation = document.Find(file);
      if (annotation == nullptr || annotation->expressions.empty()) continue;
      std::string place = document.path + ":" + std::to_string(annotation->line);
      switch (annotation->precedence) {
        case ReuseAnnotation::Precedence::kOverride: {
          Gathered only;
          only.Add(annotation->expressions, std::move(place));
          return only;
        }
        case ReuseAnnotation::Precedence::kAggregate:
          own.Add(annotation->expressions, std::move(place));
          break;
        case ReuseAnnotation::Precedence::kClosest:
          closest = annotation;
          closest_place = std::move(place);
          break;
      }
    }
    if (silent && closest != nullptr) own.Add(closest->expressions, std::move(closest_place));
    if (const CopyrightFiles* paragraph = dep5.Find(file); paragraph != nullptr && !paragraph->expression.empty()) {
      own.Add({ParseLicenceExpression(paragraph->expression, kDep5)}, std::string(kDep5) + ":" + std::to_string(paragraph->line));
    }
    return own;
  }
};

UpstreamReader::UpstreamReader(std::string source) : state_(std::make_unique<State>()) { state_->source = std::move(source); }
UpstreamReader::~UpstreamReader() = default;

std::uint64_t UpstreamReader::WantedBytes(std::string_view path) {
  if (IsToml(path) || path == kDep5 || !ReferenceOf(path).empty()) return kMaxDocument;
  return path.starts_with(kTexts) ? 0 : kTagBytes;
}

void UpstreamReader::Add(const std::string& path, std::string_view head) {
  Add(path, FindSpdxTags(head), WantedBytes(path) == kMaxDocument ? std::string(head) : std::string());
}

void UpstreamReader::Add(const std::string& path, SpdxTags tags, std::string document) {
  State& state = *state_;
  state.files.insert(path);
  state.tags.erase(path);
  const std::uint64_t wanted = WantedBytes(path);
  if (wanted == kMaxDocument) {
    state.document_bytes += document.size();
    if (document.size() >= kMaxDocument || state.document_bytes > kMaxDocuments) {
      state.Problem(Msg("{} is not used: it is too large, alone or with others", Printable(path)));
    } else {
      state.documents[path] = std::move(document);
    }
  }
  // A text in the licences' directory tells of itself only.
  if (path.starts_with(kTexts) || path == kDep5) return;
  if (!tags.expressions.empty() || !tags.malformed.empty()) state.tags[path] = std::move(tags);
}

void UpstreamReader::Remove(std::string_view directory) {
  const auto inside = [&](const auto& item) { return item.first.starts_with(directory); };
  std::erase_if(state_->files, [&](const std::string& path) { return path.starts_with(directory); });
  std::erase_if(state_->tags, inside);
  std::erase_if(state_->documents, inside);
}

UpstreamStatements UpstreamReader::Finish() {
  State& state = *state_;
  state.ReadDocuments();
  for (const auto& [path, tags] : state.tags) {
    for (const std::string& value : tags.malformed) {
      state.Problem(Msg("{}: this SPDX tag is no licence expression and does not count: {}", Printable(path), value));
    }
  }
  std::map<std::string, std::string> known;  // what was said → with known identifiers
  for (const std::string& file : state.files) {
    Gathered stated = state.StatedOf(file);
    if (stated.expressions.empty()) continue;
    LicenceExpression all = AllOf(std::move(stated.expressions));
    const std::string text = FormatLicenceExpression(all);
    if (text.size() > kMaxStatement || DepthOf(all) > kMaxStatementDepth) {
      state.Problem(Msg("{}: what is stated of its licence is too long or too deeply nested, and does not count", Printable(file)));
      continue;
    }
    auto place = known.find(text);
    if (place == known.end()) {
      place = known.emplace(text, FormatLicenceExpression(WithKnownIdentifiers(std::move(all), state.source))).first;
    }
    UpstreamStatement& statement = state.result.by_file[file];
    statement.expression = place->second;
    for (const std::string& where : stated.places) statement.place += (statement.place.empty() ? "" : " ") + where;
  }
  state.result.files = std::move(state.files);
  return std::move(state.result);
}

}  // namespace nachbau::sbom
