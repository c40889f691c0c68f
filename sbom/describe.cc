// The CycloneDX document of a rebuild. Every value comes from the lock, the build record's outputs and the store's bytes:
// two rebuilders that agree on these get the same bytes.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "sbom/copyright.h"
#include "sbom/deb_control.h"
#include "sbom/licences.h"
#include "sbom/purl.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kMaxPackage = 4ULL << 30;
constexpr const char* kBuildTask = "task:build";

Json Hashes(const Sha256Digest& sha256, const std::optional<Sha512Digest>& sha512) {
  Json hashes = Json::array({{{"alg", "SHA-256"}, {"content", sha256.Hex()}}});
  if (sha512) hashes.push_back({{"alg", "SHA-512"}, {"content", sha512->Hex()}});
  return hashes;
}

Json Property(const char* name, std::string_view value) { return {{"name", name}, {"value", value}}; }

// "Name <mail@example.org>" as CycloneDX's organizational entity.
Json Organisation(const std::string& maintainer) {
  const std::size_t open = maintainer.rfind('<');
  Json entity = {{"name", std::string(Trim(std::string_view(maintainer).substr(0, open)))}};
  if (open != maintainer.npos && maintainer.back() == '>') {
    entity["contact"] = Json::array({{{"email", maintainer.substr(open + 1, maintainer.size() - open - 2)}}});
  }
  return entity;
}

// UUID of version 5 (RFC 9562 section 5.5) in the URL name space, so that the same content has the same serial number.
std::string SerialNumber(std::string_view name) {
  std::string bytes = "\x6b\xa7\xb8\x11\x9d\xad\x11\xd1\x80\xb4";
  bytes += std::string("\x00\xc0\x4f\xd4\x30\xc8", 6);
  bytes += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    throw Error(Msg("OpenSSL cannot finish a digest"));
  }
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0fU) | 0x50U);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3fU) | 0x80U);
  const std::string hex = EncodeHex({reinterpret_cast<const char*>(digest.data()), 16});
  return "urn:uuid:" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) +
         "-" + hex.substr(20, 12);
}

// The trailer of the first changelog entry: " -- Name <mail>  Sat, 10 May 2025 09:16:24 +0200".
std::optional<UnixSeconds> ChangelogDate(const std::string& changelog) {
  for (const std::string_view line : SplitTrimmed(changelog, '\n')) {
    const std::size_t date = line.find(">  ");
    if (line.starts_with("-- ") && date != line.npos) return ParseMailDate(line.substr(date + 3), "debian/changelog");
  }
  return std::nullopt;
}

class Document {
 public:
  Document(const Lock& lock, const BuildRecord& record, const Store& store) : lock_(lock), record_(record), store_(store) {}

  Json Make() {
    ReadSource();
    AddSource();
    for (const Artifact& output : record_.outputs) {
      if (output.name.ends_with(".deb") || output.name.ends_with(".udeb")) AddBinary(output);
    }
    AddDependencies();
    Json document = {{"$schema", "http://cyclonedx.org/schema/bom-1.7.schema.json"},
                     {"bomFormat", "CycloneDX"},
                     {"specVersion", "1.7"},
                     {"version", 1},
                     {"metadata", Metadata()},
                     {"components", Sorted(components_, "bom-ref")},
                     {"dependencies", Dependencies()},
                     {"formulation", Formulation()},
                     {"compositions", Compositions()}};
    document["serialNumber"] = SerialNumber("https://nachbau.example.org/sbom/" + Sha256(FormatCanonical(document)).Hex());
    return document;
  }

 private:
  std::string SourceRef() const { return DebPurl(lock_.source, lock_.version, "source"); }

  void ReadSource() {
    for (const LockedFile& file : lock_.WithRole(InputRole::kSource)) {
      const bool debian = file.file_name.find(".debian.tar.") != file.file_name.npos;
      const bool native = file.file_name.find(".tar.") != file.file_name.npos &&
                          file.file_name.find(".orig") == file.file_name.npos && !file.file_name.ends_with(".asc");
      if (!debian && !native) continue;
      SourceTexts texts = ReadSourceTexts(store_.Read(file.sha256, kMaxPackage), file.file_name);
      if (texts.changelog) date_ = ChangelogDate(*texts.changelog);
      if (texts.copyright) copyright_ = ParseCopyright(*texts.copyright, file.file_name + ":debian/copyright");
    }
  }

  // Declared for the source package; what went into which binary package is not known here, and not claimed.
  Json Licenses() const {
    const std::string expression = JoinWithAnd(copyright_.licences);
    if (expression.empty()) return Json::array();
    return Json::array({{{"expression", expression}, {"acknowledgement", "declared"}}});
  }

  Json FileReference(const char* type, const LockedFile& file) const {
    const std::string& uri = lock_.releases.at(lock_.indexes.at(file.index).release).uri;
    return {{"type", type},
            {"url", uri + "/" + PercentEncode(file.path, "/+:")},
            {"hashes", Hashes(file.sha256, file.sha512)}};
  }

  void AddSource() {
    Json component = {{"type", "library"},
                      {"bom-ref", SourceRef()},
                      {"name", lock_.source},
                      {"version", lock_.version},
                      {"purl", SourceRef()},
                      {"description", "source package"},
                      {"properties", Json::array({Property("nachbau:component:kind", "source package")})},
                      {"externalReferences", Json::array()},
                      {"components", Json::array()}};
    if (const Json licenses = Licenses(); !licenses.empty()) component["licenses"] = licenses;
    for (const LockedFile& file : lock_.WithRole(InputRole::kSource)) {
      component["externalReferences"].push_back(FileReference("source-distribution", file));
      component["components"].push_back(
          {{"type", "file"},
           {"bom-ref", SourceRef() + "#" + PercentEncode(file.file_name, "+~")},
           {"name", file.file_name},
           {"version", lock_.version},
           {"hashes", Hashes(file.sha256, file.sha512)},
           {"properties", Json::array({Property("bsi:component:filename", file.file_name)})}});
    }
    components_.push_back(std::move(component));
    depends_on_[SourceRef()] = {};
  }

  void AddBinary(const Artifact& output) {
    const DebControl control = ReadDebControl(store_.Read(output.content.sha256, kMaxPackage), output.name);
    const std::string ref = DebPurl(control.package, control.version, control.architecture);
    if (maintainer_.empty()) maintainer_ = control.maintainer;
    Json component = {{"type", "library"},
                      {"bom-ref", ref},
                      {"name", control.package},
                      {"version", control.version},
                      {"description", control.description},
                      {"purl", ref},
                      {"hashes", Hashes(output.content.sha256, output.content.sha512)},
                      {"properties", Json::array({Property("bsi:component:archive", "archive"),
                                                  Property("bsi:component:executable", "non-executable"),
                                                  Property("bsi:component:filename", output.name),
                                                  Property("bsi:component:structured", "structured")})}};
    if (!control.maintainer.empty()) component["manufacturer"] = Organisation(control.maintainer);
    if (const Json licenses = Licenses(); !licenses.empty()) component["licenses"] = licenses;
    Json references = Json::array();
    for (const LockedFile& file : lock_.WithRole(InputRole::kReference)) {
      if (file.sha256 == output.content.sha256) references.push_back(FileReference("distribution", file));
    }
    for (const LockedFile& file : lock_.WithRole(InputRole::kSource)) {
      if (file.file_name.ends_with(".dsc")) references.push_back(FileReference("source-distribution", file));
    }
    component["externalReferences"] = references;
    components_.push_back(std::move(component));
    built_[control.package] = ref;
    wanted_[ref] = control.depends;
    depends_on_[ref];
  }

  // The packages that answer a clause: one built here, or the one in the build environment whose version it was built
  // against. Alternatives and virtual packages that are neither stay open, and the composition says so.
  void AddDependencies() {
    std::map<std::string, const LockedFile*> environment;
    const std::vector<LockedFile> files = lock_.WithRole(InputRole::kEnvironment);
    for (const LockedFile& file : files) environment[file.package] = &file;
    for (const auto& [ref, clauses] : wanted_) {
      for (const std::string& clause : clauses) {
        for (const std::string_view alternative : SplitTrimmed(clause, '|')) {
          const std::string name(alternative.substr(0, alternative.find_first_of(" (:[")));
          if (const auto built = built_.find(name); built != built_.end()) {
            if (built->second != ref) depends_on_[ref].insert(built->second);
            break;
          }
          const auto found = environment.find(name);
          if (found == environment.end()) continue;
          depends_on_[ref].insert(AddExternal(*found->second));
          break;
        }
      }
    }
  }

  std::string AddExternal(const LockedFile& file) {
    const std::string ref = DebPurl(file.package, file.version, file.architecture);
    if (depends_on_.contains(ref)) return ref;
    depends_on_[ref] = {};
    components_.push_back({{"type", "library"},
                           {"bom-ref", ref},
                           {"name", file.package},
                           {"version", file.version},
                           {"purl", ref},
                           {"isExternal", true},
                           {"hashes", Hashes(file.sha256, file.sha512)}});
    return ref;
  }

  Json Metadata() const {
    Json component = {{"type", "application"},
                      {"bom-ref", "product:" + lock_.source},
                      {"name", lock_.source},
                      {"version", lock_.version},
                      {"purl", SourceRef()}};
    if (!maintainer_.empty()) component["manufacturer"] = Organisation(maintainer_);
    Json metadata = {{"component", component},
                     {"lifecycles", Json::array({{{"phase", "build"}}})},
                     {"tools", {{"components", Json::array({{{"type", "application"},
                                                             {"name", "nachbau"},
                                                             {"version", NACHBAU_VERSION}}})}}},
                     {"properties", Json::array({Property("cdx:reproducible", "true")})}};
    // The time of the content: of the last change of the source, not of this run.
    if (date_) metadata["timestamp"] = FormatTime(*date_);
    return metadata;
  }

  Json Dependencies() const {
    Json list = Json::array();
    Json product = {{"ref", "product:" + lock_.source}, {"dependsOn", Json::array()}};
    for (const auto& [name, ref] : built_) product["dependsOn"].push_back(ref);
    product["dependsOn"].push_back(SourceRef());
    std::sort(product["dependsOn"].begin(), product["dependsOn"].end());
    list.push_back(product);
    for (const auto& [ref, targets] : depends_on_) {
      Json entry = {{"ref", ref}};
      if (!targets.empty()) entry["dependsOn"] = targets;
      list.push_back(std::move(entry));
    }
    return Sorted(list, "ref");
  }

  // How it was built: the recipe as a workflow whose inputs are the packages of the build environment.
  Json Formulation() const {
    Json components = Json::array();
    Json inputs = Json::array();
    for (const LockedFile& file : lock_.WithRole(InputRole::kEnvironment)) {
      const std::string ref = "environment:" + DebPurl(file.package, file.version, file.architecture);
      components.push_back({{"type", "library"},
                            {"bom-ref", ref},
                            {"name", file.package},
                            {"version", file.version},
                            {"purl", DebPurl(file.package, file.version, file.architecture)},
                            {"hashes", Hashes(file.sha256, file.sha512)}});
      inputs.push_back({{"resource", {{"ref", ref}}}});
    }
    inputs.push_back({{"resource", {{"ref", SourceRef()}}}});
    Json outputs = Json::array();
    for (const auto& [name, ref] : built_) outputs.push_back({{"type", "artifact"}, {"resource", {{"ref", ref}}}});
    std::string command;
    for (const std::string& word : record_.command) command += (command.empty() ? "" : " ") + word;
    Json task = {{"bom-ref", kBuildTask},
                 {"uid", "build"},
                 {"name", "recipe " + record_.recipe},
                 {"taskTypes", {"build"}},
                 {"steps", Json::array({{{"name", "build"}, {"commands", Json::array({{{"executed", command}}})}}})},
                 {"inputs", Sorted(inputs, "")},
                 {"outputs", Sorted(outputs, "")}};
    Json workflow = {{"bom-ref", "workflow:build"},
                     {"uid", "build"},
                     {"taskTypes", {"build"}},
                     {"tasks", Json::array({task})}};
    return Json::array({{{"bom-ref", "formula"},
                         {"components", Sorted(components, "bom-ref")},
                         {"workflows", Json::array({workflow})}}});
  }

  // What is listed in full and what is not: all binary packages of the build are here, but not what is in them; of the
  // run-time dependencies those that the build environment did not have are missing.
  Json Compositions() const {
    Json assemblies = Json::array({"product:" + lock_.source});
    Json dependencies = Json::array();
    for (const auto& [name, ref] : built_) dependencies.push_back(ref);
    return Json::array({{{"aggregate", "complete"}, {"assemblies", assemblies}},
                        {{"aggregate", "incomplete"}, {"assemblies", dependencies}, {"dependencies", dependencies}}});
  }

  static Json Sorted(Json list, const char* key) {
    std::sort(list.begin(), list.end(), [&](const Json& left, const Json& right) {
      return *key == '\0' ? left.dump() < right.dump() : left.at(key) < right.at(key);
    });
    return list;
  }

  const Lock& lock_;
  const BuildRecord& record_;
  const Store& store_;
  Copyright copyright_;
  std::optional<UnixSeconds> date_;
  std::string maintainer_;
  Json components_ = Json::array();
  std::map<std::string, std::string> built_;                    // binary package → bom-ref
  std::map<std::string, std::vector<std::string>> wanted_;      // bom-ref → dependency clauses
  std::map<std::string, std::set<std::string>> depends_on_;     // bom-ref → bom-refs
};

}  // namespace

Json Describe(const Lock& lock, const BuildRecord& record, const Store& store, Progress& progress) {
  const auto task = progress.Start(Msg("Describing {} {}", lock.source, lock.version), Unit::kNone, 0);
  Json document = Document(lock, record, store).Make();
  const std::vector<SchemaViolation> violations = Validate(document);
  if (!violations.empty()) {
    throw Error(Msg("the SBOM of {} would not be valid: {}: {}", lock.source, violations[0].pointer, violations[0].detail));
  }
  task->Succeed();
  return document;
}

}  // namespace nachbau::sbom
