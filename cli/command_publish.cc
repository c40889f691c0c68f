// The repository for apt that others in the city install from.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/pipeline.h"
#include "cli/progress_text.h"
#include "mirror/keyring.h"
#include "mirror/product_list.h"
#include "mirror/publish.h"
#include "mirror/release_signer.h"

namespace nachbau::cli {
namespace {

constexpr std::uint64_t kMaxKeyFile = 1 << 20;

// Made on first use, as the machine's own key: appears whole, never over another one.
void MakeOwnKey(const Context& context, const std::filesystem::path& path, const std::string& passphrase) {
  const std::filesystem::path directory = path.parent_path();
  MakeDirectories(directory, 0700);
  const TemporaryDirectory temporary(directory, ".new-key-");
  const std::filesystem::path fresh = temporary.path() / "key";
  WriteFileAtomically(fresh, mirror::MakeReleaseKey(context.arguments().label + " archive", passphrase), 0600);
  if (::link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    throw SystemError(errno, Msg("create {}", path.native()));
  }
  SyncDirectory(directory);
}

std::unique_ptr<mirror::ReleaseSigner> OpenSigner(const Context& context) {
  const Arguments& arguments = context.arguments();
  if (!arguments.gpg_key.empty()) {
    std::map<std::string, std::string> environment;
    for (const char* name : {"HOME", "GNUPGHOME", "GPG_TTY", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "TERM"}) {
      if (const char* value = std::getenv(name); value != nullptr) environment[name] = value;
    }
    return mirror::UseGpg(arguments.gpg_key, environment);
  }
  const auto passphrase = [file = arguments.archive_passphrase_file]() -> std::string {
    if (!file) {
      MissingError error(Msg("the archive's key is protected by a passphrase"));
      error.SetHint(Msg("give it with --archive-passphrase-file FILE"));
      throw error;
    }
    std::string text = ReadFile(*file, 4096);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
  };
  const std::filesystem::path path = arguments.archive_key.value_or(context.home() / "keys" / "archive.pgp");
  if (!arguments.archive_key && !std::filesystem::exists(path)) {
    MakeOwnKey(context, path, arguments.archive_passphrase_file ? passphrase() : std::string());
  }
  const FileDescriptor fd = OpenForReading(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw SystemError(errno, Msg("inspect {}", path.native()));
  if ((status.st_mode & 077) != 0) {
    Error error(Msg("others can read or change the private key {}", path.native()));
    error.SetHint(Msg("chmod 600 {}; if others could have read it, make a new key", path.native()));
    throw error;
  }
  return mirror::OpenReleaseKey(ReadDescriptor(fd, path.native(), kMaxKeyFile), path.native(), passphrase);
}

// "main" of "main/binary-amd64/Packages.xz".
std::string ComponentOf(const std::string& index_path) {
  const std::string component = index_path.substr(0, index_path.find('/'));
  return mirror::IsSuiteName(component) ? component : "main";
}

bool IsPublished(const std::string& name) { return name.ends_with(".deb") || name.ends_with(".dsc"); }

class Selection {
 public:
  explicit Selection(Context& context) : context_(context) {}

  void AddLock(const Lock& lock) {
    architectures_.insert(lock.architecture);
    for (const LockedFile& file : lock.files) {
      if (!IsPublished(file.file_name)) continue;
      objects_.insert(
          {file.sha256, file.file_name, file.Indexed() ? ComponentOf(lock.indexes.at(file.index).path) : "main"});
    }
  }

  void AddProduct(const Product& product) {
    if (product.kind != ProductKind::kDebian) {
      context_.progress().Note(
          Msg("{} is no Debian source package and has no place in a repository for apt", product.name));
      return;
    }
    architectures_.insert(product.architecture);
    const Closure closure = mirror::ReadClosure(product.current, context_.store());
    for (const ClosureFile& file : closure.files) {
      if (!IsPublished(file.name) || !file.missing.empty()) continue;
      objects_.insert(
          {file.sha256, file.name, file.Indexed() ? ComponentOf(closure.indexes.at(file.index).path) : "main"});
    }
  }

  // What Nachbau built: only with evidence that holds and a decision that allows it.
  void AddEvidence(const std::filesystem::path& path) {
    for (const Finding& finding :
         verifier::VerifyEvidence(path, context_.TrustedKeys(), CheckSbom, CheckProofsOf, context_.progress())) {
      if (finding.outcome != FindingOutcome::kFail) continue;
      Error error(finding.reason);
      error.AddContext(Msg("{}: the evidence does not hold", path.native()));
      error.SetHint(Msg("'nachbau verify {}' shows all of it", path.native()));
      throw error;
    }
    const Documents documents = ReadDocuments(EvidenceFolder(path));
    if (!documents.decision || documents.decision->verdict != Verdict::kAllowed) {
      Error error(Msg("{}: no decision allows what was built", path.native()));
      error.SetHint(Msg("'nachbau policy {}' says why", path.native()));
      throw error;
    }
    architectures_.insert(documents.lock.architecture);
    const FileDescriptor folder = OpenDirectory(path / "artifacts");
    for (const auto& output : documents.record.outputs) {
      if (!IsPublished(output.name)) continue;
      const ContentId content = context_.store().PutFile(OpenBeneath(folder, output.name, O_RDONLY), output.name);
      if (content.sha256 != output.content.sha256) {
        throw IntegrityError(output.name + ": sha256", output.content.sha256.Hex(), content.sha256.Hex());
      }
      objects_.insert({content.sha256, output.name, "main"});
    }
    for (const LockedFile& file : documents.lock.WithRole(InputRole::kSource)) {  // whoever gets the one gets the other
      if (IsPublished(file.file_name)) objects_.insert({file.sha256, file.file_name, "main"});
    }
  }

  void MoveInto(mirror::PublishRequest& request) {
    // One component per package: where several are named, the first in the alphabet but "main" last, which is the
    // guess.
    std::set<Sha256Digest> placed;
    for (const bool guesses : {false, true}) {
      for (const mirror::PublishedObject& object : objects_) {
        if ((object.component == "main") != guesses || !placed.insert(object.sha256).second) continue;
        request.objects.push_back(object);
      }
    }
    request.architectures.assign(architectures_.begin(), architectures_.end());
    std::erase(request.architectures, "");
  }

 private:
  Context& context_;
  std::set<mirror::PublishedObject> objects_;
  std::set<std::string> architectures_;
};

Json Describe(const mirror::PublishResult& result, const mirror::PublishRequest& request) {
  return {{"directory", request.directory.native()},
          {"suite", request.suite},
          {"components", result.components},
          {"architectures", result.architectures},
          {"binaries", result.binaries},
          {"sources", result.sources},
          {"filesAdded", result.files_added},
          {"bytesAdded", result.bytes_added},
          {"filesRemoved", result.files_removed},
          {"date", FormatTime(result.date)},
          {"validUntil", FormatTime(result.valid_until)},
          {"fingerprint", result.fingerprint},
          {"leftOut", result.left_out}};
}

}  // namespace

int RunMirrorPublish(Context& context) {
  const Arguments& arguments = context.arguments();
  context.PrepareToRecord();
  mirror::PublishRequest request;
  request.directory = std::filesystem::absolute(arguments.names.at(0)).lexically_normal();
  if (!request.directory.has_filename()) request.directory = request.directory.parent_path();  // "dir/"
  request.suite = arguments.suite;
  request.origin = arguments.label;
  request.valid_seconds = std::int64_t{arguments.valid_days} * 86'400;
  request.keep_seconds = std::int64_t{arguments.keep_days} * 86'400;
  request.hard_links = arguments.hard_links;
  request.roots_directory = context.home() / "roots";
  request.cancelled = &g_cancelled;

  Selection selection(context);
  const mirror::ProductList products(context.home() / "products");
  if (!arguments.products.empty() || (arguments.locks.empty() && arguments.evidence.empty())) {
    for (const Product& product : products.Choose(arguments.products)) selection.AddProduct(product);
  }
  for (const std::filesystem::path& path : arguments.locks) selection.AddLock(ReadLock(path));
  for (const std::filesystem::path& path : arguments.evidence) selection.AddEvidence(path);
  selection.MoveInto(request);

  const auto signer = OpenSigner(context);
  const mirror::PublishResult result =
      mirror::Publish(request, context.store(), *signer, context.clock(), context.progress());
  context.Record("mirror.publish", Describe(result, request));
  if (context.arguments().json) {
    context.PrintJson(Describe(result, request));
    return kGood;
  }
  context.Print(Msg("{}: suite {} with {} binary packages and {} sources, valid until {}",
                    AsTyped(request.directory).native(), request.suite, result.binaries, result.sources,
                    FormatTime(result.valid_until)));
  context.Print(Msg("{} files added ({}), {} removed; signed by {}", result.files_added,
                    FormatBytes(result.bytes_added), result.files_removed, result.fingerprint));
  if (!result.left_out.empty()) {
    context.Print(Msg("{} packages were left out:", result.left_out.size()));
    for (const std::string& line : result.left_out) context.PrintLine("  " + line);
  }
  std::string components;
  for (const std::string& component : result.components) components += " " + component;
  context.Print(Msg("Next: put {} into /etc/apt/keyrings of each client, and there into /etc/apt/sources.list.d:",
                    (AsTyped(request.directory) / "archive-key.asc").native()));
  context.PrintLine("  deb [signed-by=/etc/apt/keyrings/archive-key.asc] file:" + request.directory.native() + " " +
                    request.suite + components);
  return kGood;
}

int RunMirrorPublishKey(Context& context) {
  const auto signer = OpenSigner(context);
  const std::filesystem::path& output = context.arguments().output;
  if (!output.empty()) WriteFileAtomically(output, signer->PublicKeyArmored());
  if (context.arguments().json) {
    context.PrintJson({{"fingerprint", signer->Fingerprint()}, {"publicKey", signer->PublicKeyArmored()}});
  } else if (output.empty()) {
    context.PrintText(signer->PublicKeyArmored());
  } else {
    context.Print(Msg("{}: the public key {}", output.native(), signer->Fingerprint()));
  }
  return kGood;
}

}  // namespace nachbau::cli
