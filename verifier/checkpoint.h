// Signed notes and checkpoints (C2SP signed-note and tlog-checkpoint):
//
//   <origin>\n<tree size>\n<base64 of the tree's hash>\n[extension lines\n]\n— <name> <base64 of key id and signature>\n…
//
// The text is everything up to and with the newline before the last empty line; what is signed is the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/signature.h"

namespace nachbau::verifier {

struct NoteSignature {
  std::string name;       // of the key
  std::string key_hash;   // 4 bytes
  std::string signature;  // 64 bytes for Ed25519
};

struct Note {
  std::string text;  // with its final newline
  std::vector<NoteSignature> signatures;
};

// Throws ParseError. Up to 1 MiB, at most 64 signatures.
Note ParseNote(std::string_view text, const std::string& place);
std::string FormatNote(const Note& note);

// The four bytes that say which key: SHA-256(name || "\n" || 0x01 || public key), cut.
std::string NoteKeyHash(std::string_view name, const Ed25519PublicKey& key);
// A note may carry signatures of keys we do not know; of the key we know there must be exactly one, and it must be good.
enum class NoteCheck { kNotSignedByKey, kBadSignature, kGood };
[[nodiscard]] NoteCheck CheckNote(const Note& note, std::string_view name, const Ed25519PublicKey& key);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;  // entries
  Sha256Digest root;
};

// Extension lines are allowed and ignored. Throws ParseError.
Checkpoint ParseCheckpoint(const Note& note, const std::string& place);
// Signed under the origin as name, as tlog-checkpoint recommends.
std::string SignCheckpoint(const Checkpoint& checkpoint, const Ed25519PrivateKey& key);

// A name of a key or log: not empty, UTF-8, no blanks, no plus sign, no control characters.
bool IsNoteName(std::string_view name);

}  // namespace nachbau::verifier
