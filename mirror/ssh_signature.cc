#include "mirror/ssh_signature.h"

#include <algorithm>
#include <vector>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/process.h"

namespace nachbau::mirror {
namespace {

constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----";
constexpr std::size_t kMaxSignature = 64 << 10;  // bytes; a signature of the largest RSA key has 3 kB

bool IsKeyType(std::string_view word) {
  return word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-") || word.starts_with("sk-ssh-") ||
         word.starts_with("sk-ecdsa-");
}

// "SHA256:…" in a line like: Good "git" signature with ED25519 key SHA256:…
std::string FingerprintIn(std::string_view output) {
  const std::size_t begin = output.find(" key SHA256:");
  if (begin == output.npos) return {};
  const std::string_view rest = output.substr(begin + 5);
  return std::string(rest.substr(0, rest.find_first_of(" \r\n")));
}

class SshKeygen {
 public:
  SshKeygen(std::string_view message, std::string_view signature, const SshSigners& signers, std::string_view purpose,
            std::optional<UnixSeconds> moment, const std::filesystem::path& scratch)
      : message_(message), purpose_(purpose), directory_(scratch, "ssh-"), has_revoked_(!signers.revoked.empty()) {
    Write("signature", signature);
    Write("allowed", signers.allowed);
    if (has_revoked_) Write("revoked", signers.revoked);
    if (moment) {
      std::string time = FormatTime(*moment);
      std::erase_if(time, [](char c) { return c < '0' || c > '9'; });
      moment_ = "-Overify-time=" + time;
    }
  }

  // Whose key it is, as the list of signers has it; also when the signature is bad.
  std::vector<std::string> Principals() const {
    std::vector<std::string> arguments = {"find-principals", "-s", Path("signature"), "-f", Path("allowed")};
    if (!moment_.empty()) arguments.push_back(moment_);
    const ProcessResult result = Run(std::move(arguments), "");
    std::vector<std::string> principals;
    if (result.exit_code != 0) return principals;
    for (const std::string_view line : SplitTrimmed(result.standard_output, '\n')) {
      for (const std::string_view one : SplitTrimmed(line, ',')) principals.emplace_back(one);
    }
    return principals;
  }
  bool Verify(const std::string& principal, bool with_revoked) const {
    std::vector<std::string> arguments = {"verify", "-f", Path("allowed"),   "-I", principal,
                                          "-n",     purpose_, "-s", Path("signature")};
    if (with_revoked && has_revoked_) {
      arguments.push_back("-r");
      arguments.push_back(Path("revoked"));
    }
    if (!moment_.empty()) arguments.push_back(moment_);
    return Run(std::move(arguments), message_).exit_code == 0;
  }
  // Whether it is a signature of these bytes by the key that it carries, whoever that is. Tells the key.
  bool IsOfMessage(std::string& fingerprint) const {
    const ProcessResult result =
        Run({"check-novalidate", "-n", purpose_, "-s", Path("signature")}, message_);
    fingerprint = FingerprintIn(result.standard_output);
    return result.exit_code == 0;
  }
  bool has_revoked() const { return has_revoked_; }

 private:
  std::string Path(const char* file) const { return (directory_.path() / file).native(); }
  void Write(const char* file, std::string_view bytes) const {
    WriteFileAtomically(Path(file), bytes, 0600, Durability::kNone);
  }
  ProcessResult Run(std::vector<std::string> arguments, std::string_view input) const {
    ProcessRequest request;
    request.arguments = {"ssh-keygen", "-Y"};
    request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
    request.environment["TZ"] = "UTC";
    request.standard_input = input;
    request.output_limit = 1 << 20;
    try {
      return RunProcess(request);
    } catch (SystemError& error) {
      error.SetHint(Msg("SSH signatures are checked by ssh-keygen; install the package openssh-client"));
      throw;
    }
  }

  std::string_view message_;
  std::string purpose_;
  TemporaryDirectory directory_;
  bool has_revoked_;
  std::string moment_;
};

}  // namespace

std::string AllowedSigners(std::string_view text, std::string_view name, std::string_view file) {
  std::string allowed;
  std::uint64_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (std::any_of(line.begin(), line.end(),
                    [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; })) {
      throw ParseError(file, number, Msg("control byte"));
    }
    const std::vector<std::string_view> words = SplitWords(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    if (IsKeyType(words[0])) {
      // A principal is a pattern list: what has a meaning there must not come from a name.
      std::string principal;
      for (const char c : name) principal += (c == '"' || c == ',' || c == '*' || c == '?' || c == '!' || c == ' ') ? '_' : c;
      allowed.append(principal.empty() ? "signer" : principal).append(" ");
    } else if (std::none_of(words.begin() + 1, words.end(), IsKeyType)) {
      throw ParseError(file, number, Msg("neither an SSH public key nor a line of allowed signers"));
    }
    allowed.append(line) += '\n';
  }
  return allowed;
}

bool IsSshSignature(std::string_view text) { return text.starts_with(kBegin); }

SignatureVerdict CheckSshSignature(std::string_view message, std::string_view signature, const SshSigners& signers,
                                   std::string_view purpose, std::optional<UnixSeconds> moment,
                                   const std::filesystem::path& scratch) {
  SignatureVerdict verdict;
  if (!IsSshSignature(signature) || signature.size() > kMaxSignature) {
    verdict.outcome = SignatureOutcome::kBad;
    verdict.detail = "there is no SSH signature in it";
    return verdict;
  }
  const SshKeygen keygen(message, signature, signers, purpose, moment, scratch);
  if (!keygen.IsOfMessage(verdict.signer)) {
    verdict.outcome = SignatureOutcome::kBad;
    verdict.detail = "does not fit the bytes that it should be for, or is not made for \"" + std::string(purpose) + "\"";
    return verdict;
  }
  for (const std::string& principal : keygen.Principals()) {
    if (keygen.Verify(principal, true)) {
      verdict.outcome = SignatureOutcome::kGood;
      verdict.name = Printable(principal);
      return verdict;
    }
    if (keygen.has_revoked() && keygen.Verify(principal, false)) {
      verdict.outcome = SignatureOutcome::kRevokedKey;
      verdict.name = Printable(principal);
      verdict.detail = "made by a key that was revoked";
      return verdict;
    }
  }
  verdict.outcome = SignatureOutcome::kUnknownKey;
  verdict.detail = "made by a key that is not among those given, or not valid for this purpose at that time";
  return verdict;
}

}  // namespace nachbau::mirror
