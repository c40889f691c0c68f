// How a git repository is reached: transports, whom ssh and https are believed, where relative URLs lead.
#pragma once

#include <git2.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "base/progress.h"

namespace nachbau::mirror {

// For ssh: never a question, never a key that was not written down before.
struct GitAccess {
  std::optional<std::filesystem::path> known_hosts;  // host keys as in sshd(8), SSH_KNOWN_HOSTS; nothing: no ssh
  std::optional<std::filesystem::path> ssh_key;      // private key without passphrase; nothing: the agent's keys
};

enum class GitTransport { kLocal, kHttp, kSsh, kGit };

// "https://…", "http://…", "ssh://…", "git://…", "file://…", "user@host:path" (ssh), or a path. Throws UsageError for
// others, and for a URL with a password in it.
GitTransport GitTransportOf(const std::string& origin);
// A path in a form that stays the same wherever it is asked for; URLs as they are.
std::string NormaliseGitOrigin(const std::string& origin);
// Where a repository of a file:// URL or path lies.
std::filesystem::path LocalGitPath(const std::string& origin);
// The URL of a submodule, which may be relative ("../other.git", gitmodules(5)) to that of its repository. Throws
// UsageError for one that leaves the transports above, and for a path when the repository is on another machine: a
// repository from elsewhere must not name files of this one.
std::string ResolveGitUrl(const std::string& origin, const std::string& url);

// The calls that libgit2 makes while it is connected. Must outlive the connection.
class GitConnection {
 public:
  // `limit`: bytes of one transfer.
  GitConnection(std::string origin, const GitAccess& access, std::filesystem::path scratch, std::uint64_t limit,
                const std::atomic<bool>* cancelled, Progress::Task& task);
  git_remote_callbacks Callbacks();
  // Throws what went wrong for a negative code: CancelledError, NetworkError with what this side refused or what
  // libgit2 says.
  void Require(int code) const;

 private:
  static int OnTransfer(const git_indexer_progress* progress, void* self);
  static int OnCertificate(git_cert* certificate, int valid, const char* host, void* self);
  static int OnCredentials(git_credential** out, const char* url, const char* user, unsigned int allowed, void* self);
  int CheckHostKey(const git_cert_hostkey& key, const std::string& host);
  int Refuse(const Message& why, const Message& hint);

  std::string origin_;
  const GitAccess& access_;
  std::filesystem::path scratch_;
  std::uint64_t limit_;
  const std::atomic<bool>* cancelled_;
  Progress::Task& task_;
  std::uint64_t seen_ = 0;
  bool too_large_ = false;
  bool key_offered_ = false;
  std::optional<Message> refusal_, hint_;
};

}  // namespace nachbau::mirror
