// nachbau sbom import, imports: SBOMs of software that was not built here. docs/formats/imported-sbom.md
#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/imported_sboms.h"
#include "cli/live_objects.h"
#include "cli/remembered_places.h"
#include "mirror/index_listing.h"
#include "sbom/documents/import_report.h"

namespace nachbau::cli {
namespace {

constexpr std::size_t kShown = 20;

void AddDigest(const sbom::ImportQuestions& questions, const std::string& digest, const std::string& where,
               std::unordered_map<std::string, std::string>& answers) {
  if (questions.digests.contains(digest)) answers.emplace(digest, where);
}

void AskStore(Context& context, const sbom::ImportQuestions& questions, sbom::OwnEvidence& evidence) {
  std::set<std::string> by_sha512;
  for (const std::string& digest : questions.digests) {
    if (digest.starts_with("SHA-512:")) by_sha512.insert(digest);
    if (!digest.starts_with("SHA-256:")) continue;
    const std::string hex = digest.substr(8);
    if (DecodeHex(hex) && context.store().Describe(ParseSha256(hex, digest))) evidence.held.emplace(digest, "store");
  }
  if (by_sha512.empty()) return;
  for (const Sha256Digest& object : context.store().List()) {
    const auto content = context.store().Describe(object);
    if (content) AddDigest(questions, "SHA-512:" + content->sha512.Hex(), "store", evidence.held);
  }
}

// Locks and SBOMs of this workspace and of the others.
void AskDocuments(Context& context, const sbom::ImportQuestions& questions, sbom::OwnEvidence& evidence) {
  std::set<std::filesystem::path> documents;
  for (const std::filesystem::path& path : DocumentsAt(context.workspace())) documents.insert(path);
  for (const RememberedPlace& place : RememberedPlaces(context.home())) {
    for (const std::filesystem::path& path : DocumentsAt(place.path)) documents.insert(path);
  }
  for (const std::filesystem::path& path : documents) {
    try {
      const auto fd = OpenForReadingIfExists(path);
      if (!fd) continue;
      Json json = ParseJson(ReadDescriptor(*fd, path.native()), path.native());
      if (TextMember(json, "format").starts_with("nachbau-lock/")) {
        const Lock lock = LockFromJson(json, path.native());
        for (const LockedFile& file : lock.files) {
          AddDigest(questions, "SHA-256:" + file.sha256.Hex(), path.native(), evidence.listed);
          if (file.sha512) AddDigest(questions, "SHA-512:" + file.sha512->Hex(), path.native(), evidence.listed);
        }
      } else if (TextMember(json, "bomFormat") == "CycloneDX") {
        const sbom::Bom bom = sbom::BomFromJson(std::move(json), path.native());
        for (const sbom::BomComponent& component : bom.components) {
          // What the build used is claimed there as well; what it made was measured.
          if (component.is_external) continue;
          for (const sbom::BomHash& hash : component.hashes) {
            AddDigest(questions, hash.algorithm + ":" + hash.value, path.native(), evidence.built);
          }
        }
      }
    } catch (const ParseError& error) {
      context.progress().Note(Msg("left out: {}", std::string_view(error.what())));
    }
  }
}

void AskIndexes(Context& context, const sbom::ImportQuestions& questions, sbom::OwnEvidence& evidence) {
  if (questions.packages.empty() && questions.digests.empty()) return;
  std::set<Sha256Digest> seen;
  std::vector<mirror::HeldSnapshot> snapshots = mirror::HeldSnapshots(context.MirrorConfig());
  std::reverse(snapshots.begin(), snapshots.end());  // the newest is what a person would look at
  for (const mirror::HeldSnapshot& held : snapshots) {
    for (const mirror::SnapshotIndex& index : held.snapshot.indexes) {
      if (!seen.insert(index.proof.sha256).second || !context.store().Has(index.proof.sha256)) continue;
      const ReleaseProof& release = held.snapshot.releases.at(index.proof.release);
      const std::string where = release.uri + " " + release.suite + " " + index.proof.path;
      mirror::ForEachListing(index, context.store(), [&](const mirror::IndexListing& listing) {
        AddDigest(questions, "SHA-256:" + listing.sha256, where, evidence.listed);
        if (!questions.packages.contains(listing.package)) return;
        for (const std::string& architecture : {listing.architecture, std::string()}) {
          evidence.packages[sbom::DebKey(release.origin, listing.package, listing.version, architecture)].push_back(
              {listing.sha256, where});
        }
      });
    }
  }
}

void Show(Context& context, const sbom::ImportedSbom& imported, const sbom::ImportReport& report) {
  using enum sbom::ProofLevel;
  context.Print(Msg("{}: {}, {} components besides the product", imported.name, imported.format, report.lines.size()));
  context.PrintLine("  " + context.Text(Msg("proven, bytes held here: {}", report.Count(kHeld))));
  context.PrintLine("  " + context.Text(Msg("proven, made by a build here: {}", report.Count(kBuilt))));
  context.PrintLine("  " + context.Text(Msg("proven, digest in a signed index or a lock: {}", report.Count(kListed))));
  context.PrintLine("  " + context.Text(Msg("known, name and version in a signed index: {}", report.Count(kKnown))));
  context.PrintLine("  " + context.Text(Msg("claimed only: {}", report.Count(kClaimed))));
  std::size_t shown = 0;
  for (const sbom::ImportLine& line : report.lines) {
    if (line.level == kContradicted) {
      context.Print(Msg("{}: {} has this version with other bytes", Printable(line.name), line.where));
    }
  }
  for (const sbom::ImportLine& line : report.lines) {
    if (line.level != kClaimed) continue;
    if (shown == 0) context.Print(Msg("claimed only:"));
    if (++shown <= kShown) context.PrintLine("  " + Printable(line.name));
  }
  if (shown > kShown) context.Print(Msg("  and {} more; --json lists all", shown - kShown));
}

// What the document is about, as a name for people.
std::string NameOf(const sbom::Bom& bom, const std::string& file) {
  if (const sbom::BomComponent* primary = bom.Primary(); primary != nullptr && !primary->name.empty()) {
    return Printable(primary->name + (primary->version.empty() ? "" : " " + primary->version));
  }
  return Printable(std::filesystem::path(file).stem().native());
}

}  // namespace

int RunSbomImport(Context& context) {
  const std::string& file = context.arguments().names.at(0);
  context.PrepareToRecord();
  const std::string bytes = ReadFile(file, sbom::kMaxBom);
  const sbom::Bom bom = sbom::ParseBom(bytes, file);
  const sbom::ImportQuestions questions = QuestionsOf(bom);
  sbom::OwnEvidence evidence;
  AskStore(context, questions, evidence);
  AskDocuments(context, questions, evidence);
  AskIndexes(context, questions, evidence);
  const sbom::ImportReport report = Assess(bom, evidence);

  sbom::ImportedSbom imported;
  imported.name = context.arguments().product.empty() ? NameOf(bom, file) : context.arguments().product;
  imported.content = context.store().Put(bytes);
  imported.file_name = Printable(std::filesystem::path(file).filename().native());
  imported.format = FormatName(bom);
  imported.components = bom.components.size();
  imported.time = context.clock().Now();
  SaveImportedSbom(context.home(), imported);
  context.Record(
      "sbom.import",
      {{"name", imported.name},
       {"subjects", Json::array({{{"name", imported.file_name}, {"sha256", imported.content.sha256.Hex()}}})}});
  if (context.arguments().json) {
    Json json = ToJson(report);
    json["imported"] = ToJson(imported);
    context.PrintJson(json);
  } else {
    Show(context, imported, report);
  }
  return report.Count(sbom::ProofLevel::kContradicted) != 0 ? kBad : kGood;
}

int RunSbomImports(Context& context) {
  Json list = Json::array();
  for (const sbom::ImportedSbom& imported : ImportedSboms(context.home())) {
    if (context.arguments().json) {
      list.push_back(ToJson(imported));
      continue;
    }
    context.Print(Msg("{}: {}, {} components, imported {} as {}", imported.name, imported.format, imported.components,
                      FormatTime(imported.time), imported.content.sha256.Hex()));
  }
  if (context.arguments().json) context.PrintJson(list);
  return kGood;
}

}  // namespace nachbau::cli
