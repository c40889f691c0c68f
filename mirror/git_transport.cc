#include "mirror/git_transport.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/process.h"
#include "mirror/git_handles.h"

namespace nachbau::mirror {
namespace {

constexpr std::size_t kMaxUrl = 2000;

// "user@host:path" or "host:path": a colon before the first slash, and more than a drive letter in front of it.
bool IsScpForm(std::string_view origin) {
  const std::size_t colon = origin.find(':');
  return colon != origin.npos && colon > 1 && origin.find('/') > colon && !origin.substr(colon).starts_with("://");
}

std::string_view Authority(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == url.npos) return {};
  url.remove_prefix(begin + 3);
  return url.substr(0, url.find('/'));
}

// As known_hosts names it: "host", or "[host]:port".
std::string KnownHostName(const std::string& origin) {
  std::string_view authority = IsScpForm(origin) ? std::string_view(origin).substr(0, origin.find(':')) : Authority(origin);
  authority = authority.substr(authority.rfind('@') + 1);
  const std::size_t colon = authority.rfind(':');
  if (colon == authority.npos || authority.ends_with(']')) return std::string(authority);
  const std::string_view port = authority.substr(colon + 1), host = authority.substr(0, colon);
  if (port == "22") return std::string(host);
  return host.starts_with('[') ? std::string(authority) : "[" + std::string(host) + "]:" + std::string(port);
}

}  // namespace

GitTransport GitTransportOf(const std::string& origin) {
  const auto refuse = [](Message message) {
    UsageError error(std::move(message));
    error.SetHint(Msg("repositories are named by https, http, ssh, git or file URLs, as user@host:path, or by a path"));
    throw error;
  };
  if (origin.empty() || origin.size() > kMaxUrl || origin.starts_with('-') ||
      std::any_of(origin.begin(), origin.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    refuse(Msg("not the URL of a repository: {}", Printable(origin.substr(0, 200))));
  }
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == origin.npos) {
    if (origin.find("::") != origin.npos && origin.find('/') > origin.find("::")) {
      refuse(Msg("there is no transport for {}", Printable(origin)));  // "ext::…" would run programs in git
    }
    return IsScpForm(origin) ? GitTransport::kSsh : GitTransport::kLocal;
  }
  const std::string scheme = origin.substr(0, scheme_end);
  const std::string_view authority = Authority(origin);
  const std::size_t at = authority.rfind('@');
  if (at != authority.npos && authority.substr(0, at).find(':') != authority.npos) {
    refuse(Msg("a URL with a password in it would end up in records: {}", scheme + "://…"));
  }
  if (scheme == "http" || scheme == "https") {
    if (at != authority.npos) refuse(Msg("credentials for http are not supported"));
    return GitTransport::kHttp;
  }
  if (scheme == "ssh" || scheme == "git+ssh" || scheme == "ssh+git") return GitTransport::kSsh;
  if (scheme == "git") return GitTransport::kGit;
  if (scheme == "file") return GitTransport::kLocal;
  refuse(Msg("there is no transport for {}", Printable(origin)));
  return GitTransport::kLocal;
}

std::string NormaliseGitOrigin(const std::string& origin) {
  if (GitTransportOf(origin) != GitTransport::kLocal || origin.find("://") != origin.npos) return origin;
  std::string path = std::filesystem::absolute(origin).lexically_normal().native();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::filesystem::path LocalGitPath(const std::string& origin) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == origin.npos) return origin;
  const std::string rest = origin.substr(scheme_end + 3);
  return rest.substr(std::min(rest.find('/'), rest.size()));
}

std::string ResolveGitUrl(const std::string& origin, const std::string& url) {
  std::string resolved = url;
  if (url.starts_with("./") || url.starts_with("../")) {
    std::string base = origin;
    while (base.ends_with('/')) base.pop_back();
    std::string_view rest = url;
    // What stays is the host: a submodule cannot climb above it.
    const std::size_t scheme_end = base.find("://");
    const std::size_t floor = scheme_end != base.npos ? base.find('/', scheme_end + 3)
                              : IsScpForm(base)       ? base.find(':')
                                                      : std::size_t{0};
    for (;;) {
      if (rest.starts_with("./")) {
        rest.remove_prefix(2);
      } else if (rest.starts_with("../")) {
        rest.remove_prefix(3);
        const std::size_t slash = base.rfind('/');
        const std::size_t colon = IsScpForm(base) ? base.find(':') : base.npos;
        if (slash != base.npos && (floor == base.npos || slash >= floor) && slash != 0) {
          base.resize(slash);
        } else if (colon != base.npos && colon + 1 < base.size()) {
          base.resize(colon + 1);
        } else {
          throw UsageError(Msg("the submodule URL {} leads above {}", Printable(url), Printable(origin)));
        }
      } else {
        break;
      }
    }
    resolved = base + (base.ends_with(':') ? "" : "/") + std::string(rest);
  }
  const GitTransport transport = GitTransportOf(resolved);
  if (transport == GitTransport::kLocal && GitTransportOf(origin) != GitTransport::kLocal) {
    throw UsageError(Msg("the submodule URL {} of a repository on another machine names files of this one", Printable(url)));
  }
  while (resolved.size() > 1 && resolved.ends_with('/')) resolved.pop_back();
  return NormaliseGitOrigin(resolved);
}

GitConnection::GitConnection(std::string origin, const GitAccess& access, std::filesystem::path scratch,
                             std::uint64_t limit, const std::atomic<bool>* cancelled, Progress::Task& task)
    : origin_(std::move(origin)),
      access_(access),
      scratch_(std::move(scratch)),
      limit_(limit),
      cancelled_(cancelled),
      task_(task) {}

git_remote_callbacks GitConnection::Callbacks() {
  git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
  callbacks.transfer_progress = OnTransfer;
  callbacks.certificate_check = OnCertificate;
  callbacks.credentials = OnCredentials;
  callbacks.payload = this;
  return callbacks;
}

void GitConnection::Require(int code) const {
  if (code >= 0) return;
  if (cancelled_ != nullptr && cancelled_->load()) throw CancelledError();
  if (too_large_) throw NetworkError(origin_, 0, Msg("larger than {} bytes", limit_));
  NetworkError error(origin_, 0, refusal_ ? *refusal_ : GitLastError());
  if (hint_) error.SetHint(*hint_);
  throw error;
}

int GitConnection::OnTransfer(const git_indexer_progress* progress, void* self) {
  auto& connection = *static_cast<GitConnection*>(self);
  if (connection.cancelled_ != nullptr && connection.cancelled_->load()) return GIT_EUSER;
  if (progress->received_bytes > connection.limit_) {
    connection.too_large_ = true;
    return GIT_EUSER;
  }
  if (progress->received_bytes > connection.seen_) {
    connection.task_.Advance(progress->received_bytes - connection.seen_);
    connection.seen_ = progress->received_bytes;
  }
  return 0;
}

// Called from C: nothing may be thrown through it.
int GitConnection::OnCertificate(git_cert* certificate, int valid, const char* host, void* self) {
  auto& connection = *static_cast<GitConnection*>(self);
  if (certificate->cert_type != GIT_CERT_HOSTKEY_LIBSSH2) return valid != 0 ? 0 : GIT_ECERTIFICATE;
  try {
    return connection.CheckHostKey(*reinterpret_cast<const git_cert_hostkey*>(certificate), host);
  } catch (const Error& error) {
    return connection.Refuse(error.parts().front(), Msg("host keys are looked up with ssh-keygen of openssh-client"));
  }
}

int GitConnection::CheckHostKey(const git_cert_hostkey& key, const std::string& host) {
  const std::string name = KnownHostName(origin_);
  const Message hint = Msg("if you know its key to be right, add the line that 'ssh-keyscan' prints to the file of known_hosts");
  if ((key.type & GIT_CERT_SSH_RAW) == 0) return Refuse(Msg("the key of {} cannot be read", Printable(host)), hint);
  if (!access_.known_hosts) {
    return Refuse(Msg("no host keys are given, so {} cannot be told from an impostor", Printable(name)),
                  Msg("set known_hosts below [git] in nachbau.toml"));
  }
  const std::string offered = EncodeBase64({key.hostkey, key.hostkey_len});
  ProcessRequest request;
  request.arguments = {"ssh-keygen", "-F", name, "-f", access_.known_hosts->native()};
  request.output_limit = 1 << 20;
  const std::string known = RunProcess(request).standard_output;
  bool found = false;
  for (const std::string_view line : SplitTrimmed(known, '\n')) {
    std::vector<std::string_view> words = SplitWords(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    const bool revoked = words[0] == "@revoked";
    if (words[0].starts_with('@')) {
      if (!revoked) continue;  // certificate authorities: libssh2 has no host certificates
      words.erase(words.begin());
    }
    if (words.size() < 3 || words[2] != offered) continue;
    if (revoked) return Refuse(Msg("the key of {} is marked as revoked", Printable(name)), hint);
    found = true;
  }
  if (found) return 0;
  std::string fingerprint;
  if ((key.type & GIT_CERT_SSH_SHA256) != 0) {
    fingerprint = EncodeBase64({reinterpret_cast<const char*>(key.hash_sha256), sizeof key.hash_sha256});
    while (fingerprint.ends_with('=')) fingerprint.pop_back();
  }
  return Refuse(Msg("the key SHA256:{} that {} shows is not in {}", fingerprint, Printable(name),
                    access_.known_hosts->native()),
                hint);
}

int GitConnection::OnCredentials(git_credential** out, const char*, const char* user, unsigned int allowed, void* self) {
  auto& connection = *static_cast<GitConnection*>(self);
  const char* name = user != nullptr && *user != '\0' ? user : "git";
  if ((allowed & GIT_CREDENTIAL_USERNAME) != 0) return git_credential_username_new(out, name);
  if ((allowed & GIT_CREDENTIAL_SSH_KEY) == 0) {
    return connection.Refuse(Msg("the server asks for a password"),
                             Msg("only public repositories and ssh with a key are supported"));
  }
  if (connection.key_offered_) {
    return connection.Refuse(Msg("the server does not accept the ssh key of {}", Printable(name)),
                             Msg("set ssh_key below [git] in nachbau.toml to a key without passphrase, or add one to the agent"));
  }
  connection.key_offered_ = true;
  if (connection.access_.ssh_key) {
    return git_credential_ssh_key_new(out, name, nullptr, connection.access_.ssh_key->c_str(), nullptr);
  }
  return git_credential_ssh_key_from_agent(out, name);
}

int GitConnection::Refuse(const Message& why, const Message& hint) {
  refusal_ = why;
  hint_ = hint;
  git_error_set_str(GIT_ERROR_CALLBACK, Render(why).c_str());
  return GIT_EUSER;
}

}  // namespace nachbau::mirror
