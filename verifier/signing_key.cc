#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/signature.h"
#include "verifier/verifier.h"

namespace nachbau::verifier {
namespace {

constexpr std::uint64_t kMaxKeyFile = 64 << 10;

// The link appears whole or not at all, and never over a key that is already there: of two processes that start at the
// same moment, the second one uses the first one's key.
void CreateKey(const std::filesystem::path& path, const std::function<std::string()>& passphrase) {
  const std::string pem = Ed25519PrivateKey::Generate().Pem(passphrase ? passphrase() : std::string());
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  MakeDirectories(directory, 0700);
  const TemporaryDirectory temporary(directory, ".new-key-");
  const std::filesystem::path fresh = temporary.path() / "key";
  WriteFileAtomically(fresh, pem, 0600);
  if (::link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST) {
    throw SystemError(errno, Msg("create {}", path.native()));
  }
  SyncDirectory(directory);
}

void CheckKeyFile(const FileDescriptor& fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw SystemError(errno, Msg("inspect {}", path.native()));
  if (!S_ISREG(status.st_mode)) throw Error(Msg("{} is not a regular file", path.native()));
  if (status.st_uid != ::geteuid() && ::geteuid() != 0) throw Error(Msg("{} belongs to another user", path.native()));
  if ((status.st_mode & 077) != 0) {
    Error error(Msg("others can read or change the private key {}", path.native()));
    error.SetHint(Msg("chmod 600 {}; if others could have read it, make a new key", path.native()));
    throw error;
  }
}

}  // namespace

SigningKey OpenSigningKey(const std::filesystem::path& path, const std::function<std::string()>& passphrase) {
  auto fd = OpenForReadingIfExists(path);
  if (!fd) {
    CreateKey(path, passphrase);
    fd = OpenForReading(path);
  }
  CheckKeyFile(*fd, path);
  const Ed25519PrivateKey key =
      Ed25519PrivateKey::ParsePem(ReadDescriptor(*fd, path.native(), kMaxKeyFile), path.native(), passphrase);
  SigningKey result;
  result.private_pem = key.Pem("");
  result.public_pem = PublicKeyPem(key.PublicKey());
  result.key_id = KeyIdOf(key.PublicKey());
  result.path = path;

  const std::filesystem::path public_path = path.native() + ".pub";
  if (const auto existing = OpenForReadingIfExists(public_path)) {
    const std::string pem = ReadDescriptor(*existing, public_path.native(), kMaxKeyFile);
    if (ParsePublicKeyPem(pem, public_path.native()) != key.PublicKey()) {
      Error error(Msg("{} is not the public part of {}", public_path.native(), path.native()));
      error.SetHint(Msg("remove {}; it is made again from the private key", public_path.native()));
      throw error;
    }
  } else {
    WriteFileAtomically(public_path, result.public_pem);
  }
  return result;
}

}  // namespace nachbau::verifier
