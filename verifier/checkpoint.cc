#include "verifier/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::verifier {
namespace {

constexpr std::size_t kMaxNote = 1 << 20;
constexpr std::size_t kMaxSignatures = 64;
constexpr std::size_t kKeyHashSize = 4;
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a blank

// Takes one line, without its newline, off the front. Nothing when there is no newline.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

bool IsNoteName(std::string_view name) {
  return !name.empty() && IsUtf8(name) && std::none_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '+';
  });
}

Note ParseNote(std::string_view text, const std::string& place) {
  if (text.size() > kMaxNote) throw ParseError(place, 0, Msg("larger than the limit of {} bytes", kMaxNote));
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
  });
  if (control || !IsUtf8(text)) throw ParseError(place, 0, Msg("a note is UTF-8 text without control characters"));
  const std::size_t blank = text.rfind("\n\n");
  if (blank == text.npos) throw ParseError(place, 0, Msg("not a signed note: no empty line before the signatures"));
  Note note;
  note.text = text.substr(0, blank + 1);
  std::string_view rest = text.substr(blank + 2);
  if (rest.empty() || rest.back() != '\n') throw ParseError(place, 0, Msg("not a signed note: no signature"));
  while (!rest.empty()) {
    const std::string_view line = *TakeLine(rest);
    if (note.signatures.size() == kMaxSignatures) {
      throw ParseError(place, 0, Msg("more than {} signatures", kMaxSignatures));
    }
    const std::size_t gap = line.rfind(' ');
    const auto blob = gap == line.npos ? std::nullopt : DecodeBase64(line.substr(gap + 1));
    if (!line.starts_with(kDash) || gap < kDash.size() || !blob || blob->size() <= kKeyHashSize ||
        !IsNoteName(line.substr(kDash.size(), gap - kDash.size()))) {
      throw ParseError(place, 0, Msg("not a signature line of a note: {}", Printable(line.substr(0, 200))));
    }
    note.signatures.push_back({std::string(line.substr(kDash.size(), gap - kDash.size())),
                               blob->substr(0, kKeyHashSize), blob->substr(kKeyHashSize)});
  }
  return note;
}

std::string FormatNote(const Note& note) {
  std::string text = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    text.append(kDash).append(signature.name).append(" ");
    text.append(EncodeBase64(signature.key_hash + signature.signature)).append("\n");
  }
  return text;
}

std::string NoteKeyHash(std::string_view name, const Ed25519PublicKey& key) {
  std::string bytes(name);
  bytes.append("\n\x01").append(key.View());
  return std::string(Sha256(bytes).View().substr(0, kKeyHashSize));
}

NoteCheck CheckNote(const Note& note, std::string_view name, const Ed25519PublicKey& key) {
  const std::string key_hash = NoteKeyHash(name, key);
  NoteCheck result = NoteCheck::kNotSignedByKey;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != name || signature.key_hash != key_hash) continue;
    if (result == NoteCheck::kGood || CheckSignature(key, note.text, signature.signature) != SignatureCheck::kGood) {
      return NoteCheck::kBadSignature;
    }
    result = NoteCheck::kGood;
  }
  return result;
}

Checkpoint ParseCheckpoint(const Note& note, const std::string& place) {
  std::string_view rest = note.text;
  const auto origin = TakeLine(rest);
  const auto size = TakeLine(rest);
  const auto root = TakeLine(rest);
  if (!origin || !size || !root || origin->empty()) throw ParseError(place, 0, Msg("a checkpoint has three lines"));
  Checkpoint checkpoint;
  checkpoint.origin = *origin;
  const auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), checkpoint.size);
  const bool leading_zero = size->size() > 1 && size->front() == '0';
  if (error != std::errc() || end != size->data() + size->size() || leading_zero) {
    throw ParseError(place, 2, Msg("not a tree size: {}", Printable(size->substr(0, 40))));
  }
  const auto bytes = DecodeBase64(*root);
  if (!bytes || bytes->size() != checkpoint.root.bytes.size()) {
    throw ParseError(place, 3, Msg("not a tree hash: {}", Printable(root->substr(0, 80))));
  }
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(checkpoint.root.bytes.data()));
  while (!rest.empty()) {
    const auto line = TakeLine(rest);
    if (!line || line->empty()) throw ParseError(place, 0, Msg("an extension line of a checkpoint is not empty"));
  }
  return checkpoint;
}

std::string SignCheckpoint(const Checkpoint& checkpoint, const Ed25519PrivateKey& key) {
  NACHBAU_CHECK(IsNoteName(checkpoint.origin));
  Note note;
  note.text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
              EncodeBase64(checkpoint.root.View()) + "\n";
  note.signatures.push_back(
      {checkpoint.origin, NoteKeyHash(checkpoint.origin, key.PublicKey()), key.Sign(note.text)});
  return FormatNote(note);
}

}  // namespace nachbau::verifier
