// OpenPGP keys and signatures for tests, made on the spot with the gpg command in a directory of their own.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"

namespace nachbau::mirror {

class Gpg {
 public:
  Gpg();
  ~Gpg();
  Gpg(const Gpg&) = delete;
  Gpg& operator=(const Gpg&) = delete;

  struct KeyOptions {
    std::string algorithm = "ed25519";
    std::string made = "20200101T000000";
    std::string lifetime = "0";  // "1y"; 0: for ever
  };
  // Returns the fingerprint of the primary key, which signs.
  std::string MakeKey(const std::string& name, const KeyOptions& options);
  std::string MakeKey(const std::string& name) { return MakeKey(name, KeyOptions()); }
  // A signing subkey; returns its own fingerprint.
  std::string AddSubkey(const std::string& fingerprint);
  void Revoke(const std::string& fingerprint);

  std::string Export(const std::vector<std::string>& fingerprints) const;  // binary
  std::string ExportArmored(const std::vector<std::string>& fingerprints) const;

  struct SignOptions {
    std::string time = "20200601T120000";
    std::string digest = "SHA512";
    std::string lifetime = "0";
  };
  // By exactly these keys: with "!" behind a fingerprint no subkey signs in its place.
  std::string ClearSign(const std::string& text, const std::vector<std::string>& signers,
                        const SignOptions& options) const;
  std::string DetachSign(const std::string& bytes, const std::string& signer, const SignOptions& options) const;
  std::string DetachSign(const std::string& bytes, const std::string& signer) const {
    return DetachSign(bytes, signer, SignOptions());
  }
  std::string ClearSign(const std::string& text, const std::vector<std::string>& signers) const {
    return ClearSign(text, signers, SignOptions());
  }

 private:
  std::string Run(std::vector<std::string> arguments, const std::string& input = {}) const;
  TemporaryDirectory home_{std::filesystem::temp_directory_path(), "nachbau-gpg-"};
};

}  // namespace nachbau::mirror
