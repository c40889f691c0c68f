#include "tests/mirror/gpg.h"

#include "base/deb822.h"
#include "base/error.h"
#include "base/process.h"

namespace nachbau::mirror {
namespace {

std::string RunIn(const TemporaryDirectory& home, std::vector<std::string> arguments, const std::string& input) {
  ProcessRequest request;
  request.arguments = std::move(arguments);
  request.environment["GNUPGHOME"] = home.path().native();
  request.standard_input = input;
  const ProcessResult result = RunProcess(request);
  if (result.exit_code != 0) throw Error(Msg("{}: {}", request.arguments.back(), result.standard_error));
  return result.standard_output;
}

// Of the primary key, then of the subkeys in the order they were made (gnupg's doc/DETAILS, field 10 of "fpr").
std::vector<std::string> Fingerprints(const std::string& listing) {
  std::vector<std::string> fingerprints;
  for (const std::string_view line : SplitTrimmed(listing, '\n')) {
    if (line.starts_with("fpr:")) fingerprints.emplace_back(line.substr(line.find_first_not_of(':', 4), 40));
  }
  return fingerprints;
}

}  // namespace

Gpg::Gpg() = default;

Gpg::~Gpg() {
  try {
    RunIn(home_, {"gpgconf", "--kill", "all"}, {});
  } catch (const Error&) {  // the agent ends by itself once its directory is gone
  }
}

std::string Gpg::Run(std::vector<std::string> arguments, const std::string& input) const {
  std::vector<std::string> command = {"gpg",
                                      "--batch",
                                      "--quiet",
                                      "--yes",
                                      "--no-greeting",
                                      "--pinentry-mode",
                                      "loopback",
                                      "--passphrase=",
                                      "--allow-weak-digest-algos",
                                      "--no-auto-check-trustdb",
                                      "--trust-model=always"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunIn(home_, std::move(command), input);
}

std::string Gpg::MakeKey(const std::string& name, const KeyOptions& options) {
  const std::string user = name + " <" + name + "@example.org>";
  Run({"--faked-system-time", options.made, "--quick-gen-key", user, options.algorithm, "sign", options.lifetime});
  return Fingerprints(Run({"--with-colons", "--list-keys", "=" + user})).at(0);
}

std::string Gpg::AddSubkey(const std::string& fingerprint) {
  Run({"--faked-system-time", "20200102T000000", "--quick-add-key", fingerprint, "ed25519", "sign", "0"});
  return Fingerprints(Run({"--with-colons", "--list-keys", fingerprint})).back();
}

void Gpg::Revoke(const std::string& fingerprint) {
  // gpg writes the certificate with a ':' in front of its armor, so that nobody imports it by accident.
  std::string certificate = ReadFile(home_.path() / "openpgp-revocs.d" / (fingerprint + ".rev"));
  certificate.erase(certificate.find(":-----BEGIN"), 1);
  Run({"--import"}, certificate);
}

std::string Gpg::Export(const std::vector<std::string>& fingerprints) const {
  std::vector<std::string> arguments = {"--export"};
  arguments.insert(arguments.end(), fingerprints.begin(), fingerprints.end());
  return Run(std::move(arguments));
}

std::string Gpg::ExportArmored(const std::vector<std::string>& fingerprints) const {
  std::vector<std::string> arguments = {"--armor", "--export"};
  arguments.insert(arguments.end(), fingerprints.begin(), fingerprints.end());
  return Run(std::move(arguments));
}

std::string Gpg::ClearSign(const std::string& text, const std::vector<std::string>& signers,
                           const SignOptions& options) const {
  std::vector<std::string> arguments = {"--faked-system-time", options.time,           "--digest-algo",
                                        options.digest,        "--default-sig-expire", options.lifetime};
  for (const std::string& signer : signers) {
    arguments.push_back("--local-user");
    arguments.push_back(signer);
  }
  arguments.push_back("--clear-sign");
  return Run(std::move(arguments), text);
}

std::string Gpg::DetachSign(const std::string& bytes, const std::string& signer, const SignOptions& options) const {
  return Run({"--faked-system-time", options.time, "--digest-algo", options.digest, "--default-sig-expire",
              options.lifetime, "--local-user", signer, "--armor", "--detach-sign"},
             bytes);
}

}  // namespace nachbau::mirror
