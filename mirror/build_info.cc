#include "mirror/build_info.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/bin_nmu.h"
#include "mirror/clear_signed.h"
#include "mirror/debian_version.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxInstalled = 20000;
constexpr std::size_t kMaxVariables = 500;
constexpr std::size_t kMaxFiles = 4000;
constexpr std::string_view kSigned = "-----BEGIN PGP SIGNED MESSAGE-----";

// Short enough for a file name.
bool IsUsableVersion(std::string_view text) { return text.size() <= 200 && IsVersion(text); }

bool IsArchitecture(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-'; });
}

class Reader {
 public:
  Reader(const Paragraph& fields, std::string_view name) : fields_(fields), name_(name) {}

  BuildInfo Read() {
    const std::string format(Trim(fields_.Get("Format")));
    if (!format.starts_with("1.")) Refuse(Msg("not a format that is known: {}", Shown(format)));
    ReadSource();
    ReadArchitectures();
    ReadInstalled();
    ReadEnvironment();
    ReadFiles();
    if (const auto path = fields_.Find("Build-Path")) {
      info_.build_path = Trim(*path);
      if (!IsBuildPath(info_.build_path)) Refuse(Msg("not a build path that is accepted: {}", Shown(info_.build_path)));
    }
    if (const auto date = fields_.Find("Build-Date")) {
      info_.build_date = ParseMailDate(Trim(*date), std::string(name_) + ": Build-Date");
    }
    info_.origin = Printable(Trim(fields_.Find("Build-Origin").value_or("")).substr(0, 200));
    ReadChangelogEntry();
    return std::move(info_);
  }

 private:
  [[noreturn]] void Refuse(Message detail) const { throw ParseError(name_, 0, std::move(detail)); }
  static std::string Shown(std::string_view text) { return Printable(text.substr(0, 100)); }

  void ReadSource() {
    const std::string_view field = Trim(fields_.Get("Source"));
    const std::size_t open = field.find(" (");
    info_.source = field.substr(0, open);
    info_.version = Trim(fields_.Get("Version"));
    info_.source_version = info_.version;
    if (open != field.npos) {
      if (!field.ends_with(')')) Refuse(Msg("not a source package: {}", Shown(field)));
      info_.source_version = field.substr(open + 2, field.size() - open - 3);
    }
    if (!IsPackageName(info_.source)) Refuse(Msg("not a source package: {}", Shown(field)));
    for (const std::string* version : {&info_.version, &info_.source_version}) {
      if (!IsUsableVersion(*version)) Refuse(Msg("not a version: {}", Shown(*version)));
    }
    for (const std::string_view word : SplitWords(fields_.Find("Binary").value_or(""))) {
      if (!IsPackageName(word)) Refuse(Msg("not a package: {}", Shown(word)));
      info_.binaries.emplace_back(word);
    }
    std::sort(info_.binaries.begin(), info_.binaries.end());
  }

  void ReadArchitectures() {
    info_.build_architecture = Trim(fields_.Get("Build-Architecture"));
    if (!IsArchitecture(info_.build_architecture)) {
      Refuse(Msg("not an architecture: {}", Shown(info_.build_architecture)));
    }
    bool all = false, architecture = false;
    for (const std::string_view word : SplitWords(fields_.Get("Architecture"))) {
      if (word == "all") {
        all = true;
      } else if (word == info_.build_architecture) {
        architecture = true;
      } else if (word != "source") {
        Refuse(Msg("built for {} on {}: building for another architecture is not supported", Shown(word),
                   info_.build_architecture));
      }
    }
    if (!all && !architecture) Refuse(Msg("no binary package was built"));
    info_.parts = all && architecture ? BuildParts::kAll : all ? BuildParts::kIndependent : BuildParts::kArchitecture;
  }

  // "libc6:i386 (= 2.36-9)", one in a line, with commas between.
  void ReadInstalled() {
    std::set<std::pair<std::string, std::string>> seen;
    for (const std::string_view part : SplitTrimmed(fields_.Get("Installed-Build-Depends"), ',')) {
      const auto words = SplitWords(part);
      InstalledPackage package;
      const bool fits = words.size() == 3 && words[1] == "(=" && words[2].ends_with(')');
      if (!fits) Refuse(Msg("not an installed package: {}", Shown(part)));
      const std::size_t colon = words[0].find(':');
      package.name = words[0].substr(0, colon);
      if (colon != words[0].npos) package.architecture = words[0].substr(colon + 1);
      package.version = words[2].substr(0, words[2].size() - 1);
      if (!IsPackageName(package.name) || !IsUsableVersion(package.version) ||
          (colon != words[0].npos && !IsArchitecture(package.architecture))) {
        Refuse(Msg("not an installed package: {}", Shown(part)));
      }
      if (!seen.emplace(package.name, package.architecture).second) {
        Refuse(Msg("installed twice: {}", package.name));
      }
      info_.installed.push_back(std::move(package));
      if (info_.installed.size() > kMaxInstalled) Refuse(Msg("more than {} installed packages", kMaxInstalled));
    }
    if (info_.installed.empty()) Refuse(Msg("no package was installed"));
    std::sort(info_.installed.begin(), info_.installed.end());
  }

  // NAME="value", with a backslash before each backslash and quote.
  void ReadEnvironment() {
    for (const std::string_view line : Paragraph::Lines(fields_.Find("Environment").value_or(""))) {
      const std::size_t equals = line.find('=');
      const auto refuse = [&] { Refuse(Msg("not a variable: {}", Shown(line))); };
      if (equals == line.npos) refuse();
      const std::string variable(Trim(line.substr(0, equals)));
      std::string_view rest = line.substr(equals + 1);
      if (rest.size() < 2 || rest.front() != '"' || rest.back() != '"') refuse();
      rest = rest.substr(1, rest.size() - 2);
      std::string value;
      for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] == '"') refuse();
        if (rest[i] == '\\') {
          if (++i == rest.size() || (rest[i] != '\\' && rest[i] != '"')) refuse();
        }
        value += rest[i];
      }
      if (!IsRecordedVariable(variable) || !IsVariableValue(value)) {
        Refuse(Msg("a variable that is not taken over from a .buildinfo file: {}", Shown(variable)));
      }
      if (!info_.environment.emplace(variable, std::move(value)).second) {
        Refuse(Msg("a variable that is set twice: {}", variable));
      }
      if (info_.environment.size() > kMaxVariables) Refuse(Msg("more than {} variables", kMaxVariables));
    }
  }

  void ReadFiles() {
    std::set<std::string> seen;
    for (const std::string_view line : Paragraph::Lines(fields_.Get("Checksums-Sha256"))) {
      const auto words = SplitWords(line);
      if (words.empty()) continue;
      SourceFile file;
      if (words.size() != 3 || !IsSafeFileName(words[2]) || !IsUtf8(words[2])) {
        Refuse(Msg("not a digest line: {}", Shown(line)));
      }
      file.sha256 = ParseSha256(words[0], name_);
      const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), file.size);
      if (error != std::errc() || end != words[1].data() + words[1].size()) Refuse(Msg("not a size: {}", Shown(words[1])));
      file.name = words[2];
      if (!seen.insert(file.name).second) Refuse(Msg("listed twice: {}", file.name));
      info_.files.push_back(std::move(file));
      if (info_.files.size() > kMaxFiles) Refuse(Msg("more than {} files", kMaxFiles));
    }
    std::sort(info_.files.begin(), info_.files.end());
  }

  void ReadChangelogEntry() {
    const auto field = fields_.Find("Binary-Only-Changes");
    if (info_.version == info_.source_version) return;
    std::string text;
    for (const std::string_view line : Paragraph::Lines(field.value_or(""))) {
      text += Trim(line) == "." ? "" : std::string(line);
      text += '\n';
    }
    text.erase(0, text.find_first_not_of('\n'));
    const auto entry = ReadBinNmuEntry(text, info_.source, info_.version);
    if (!entry) {
      Refuse(Msg("version {} is built from source version {}, but there is no changelog entry for it", info_.version,
                 info_.source_version));
    }
    info_.changelog_entry = *entry;
  }

  const Paragraph& fields_;
  std::string_view name_;
  BuildInfo info_;
};

}  // namespace

BuildInfo ParseBuildInfo(std::string_view text, std::string_view name) {
  if (text.size() > kMaxBuildInfo) throw ParseError(name, 0, Msg("larger than {} bytes", kMaxBuildInfo));
  const auto paragraphs = ParseParagraphs(text, name);
  if (paragraphs.size() != 1) throw ParseError(name, 0, Msg("a .buildinfo file has one paragraph"));
  return Reader(paragraphs[0], name).Read();
}

ReadResult ReadBuildInfo(std::string_view file, std::string_view name, std::string_view keyring,
                         std::optional<UnixSeconds> now) {
  ReadResult result;
  result.proof.sha256 = Sha256(file);
  if (!file.starts_with(kSigned)) {
    result.info = ParseBuildInfo(file, name);
    return result;
  }
  std::string text = SplitClearSigned(file, name);
  result.proof.signature = BuildInfoSignature::kUnverified;
  const SignatureReport report = CheckClearSigned(file, keyring, name, now);
  if (!report.bad.empty()) throw Error(Msg("{}: bad signature: {}", name, report.bad));
  if (!report.signers.empty()) {
    result.proof.signature = BuildInfoSignature::kGood;
    result.proof.signers = report.signers;
    result.proof.keyring = Sha256(keyring);
    text = report.text;
  }
  result.info = ParseBuildInfo(text, name);
  return result;
}

}  // namespace nachbau::mirror
