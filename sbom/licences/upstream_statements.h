// What a source says itself of the licences of its files: SPDX tags and REUSE (reuse.software specification 3.3).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"
#include "sbom/licences/spdx_tags.h"

namespace nachbau::sbom {

struct UpstreamStatement {
  std::string expression;  // canonical SPDX
  std::string place;       // "src/a.c", "src/a.c.license", "REUSE.toml:3", ".reuse/dep5:7"; several: separated by blanks
};

struct UpstreamStatements {
  std::set<std::string, std::less<>> files;                       // all files of the source
  std::map<std::string, UpstreamStatement, std::less<>> by_file;  // those of which something is stated
  std::map<std::string, std::string> texts;                       // LicenseRef-… → text, from LICENSES/
  std::vector<Message> problems;                                  // at most kMaxUpstreamProblems
};

inline constexpr std::size_t kMaxUpstreamProblems = 200;

// Takes in the files of a source one by one, then says what they state.
class UpstreamReader {
 public:
  // `source` is the name of the source package; see WithKnownIdentifiers.
  explicit UpstreamReader(std::string source);
  ~UpstreamReader();
  UpstreamReader(const UpstreamReader&) = delete;
  UpstreamReader& operator=(const UpstreamReader&) = delete;

  // How many bytes of a file, from its beginning, Add needs to see. `path` is relative to the root of the source.
  static std::uint64_t WantedBytes(std::string_view path);
  // `head` is the file's beginning, as long as WantedBytes says or the whole file. A path added again replaces the first.
  void Add(const std::string& path, std::string_view head);
  // The same for who has looked for tags already; `document` is the head of a file that says something of others.
  void Add(const std::string& path, SpdxTags tags, std::string document);
  // As if no file of this directory ("debian/") had been added.
  void Remove(std::string_view directory);

  // What counts for a file, by the specification: its sidecar "<file>.license", else its own tags; with it what REUSE.toml
  // (that of the nearest directory, or of the outermost with precedence "override") or .reuse/dep5 say. Once, at the end.
  UpstreamStatements Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nachbau::sbom
