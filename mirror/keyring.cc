#include "mirror/keyring.h"

#include <fcntl.h>

#include <algorithm>
#include <optional>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/fd.h"
#include "mirror/librnp.h"

namespace nachbau::mirror {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
constexpr std::string_view kEnd = "-----END PGP PUBLIC KEY BLOCK-----";
constexpr unsigned kPublicKey = 6;  // packet tags, RFC 4880 section 4.3
constexpr std::size_t kKeyIdDigits = 16;

unsigned Byte(char c) { return static_cast<unsigned char>(c); }

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return Trim(line);
}

// The first block of `text`, which then holds what follows it.
std::string TakeArmored(std::string_view& text, std::string_view name) {
  const auto refuse = [&] { throw ParseError(name, 0, Msg("damaged armor around a key")); };
  TakeLine(text);  // kBegin
  while (!text.empty() && !TakeLine(text).empty()) {
  }
  std::string base64;
  for (;;) {
    if (text.empty()) refuse();
    const std::string_view line = TakeLine(text);
    if (line == kEnd) break;
    if (line.starts_with('=')) continue;  // the CRC finds accidents only; the keys' own signatures find those too
    base64 += line;
  }
  const auto bytes = DecodeBase64(base64);
  if (!bytes || bytes->empty()) refuse();
  return *bytes;
}

// Takes the packet that `rest` begins with. Nothing when it is none, or has no definite length.
struct Packet {
  unsigned tag = 0;
  std::size_t size = 0;  // with its header
};
std::optional<Packet> ReadPacket(std::string_view rest) {
  if (rest.empty() || (Byte(rest[0]) & 0x80) == 0) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t bytes) -> std::optional<std::size_t> {
    if (rest.size() < at + bytes) return std::nullopt;
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | Byte(rest[at + i]);
    return value;
  };
  Packet packet;
  std::size_t header = 0;
  std::optional<std::size_t> body;
  if ((Byte(rest[0]) & 0x40) != 0) {
    packet.tag = Byte(rest[0]) & 0x3f;
    const unsigned first = rest.size() < 2 ? 255 : Byte(rest[1]);
    if (first < 192) {
      header = 2;
      body = first;
    } else if (first < 224) {
      header = 3;
      if (const auto second = number(2, 1)) body = ((first - 192) << 8) + *second + 192;
    } else if (first == 255) {
      header = 6;
      body = number(2, 4);
    }
  } else {
    packet.tag = Byte(rest[0]) >> 2 & 15;
    const unsigned type = Byte(rest[0]) & 3;
    if (type == 3) return std::nullopt;
    header = 1 + (std::size_t{1} << type);
    body = number(1, header - 1);
  }
  if (!body || header > rest.size() || *body > rest.size() - header) return std::nullopt;
  packet.size = header + *body;
  return packet;
}

std::string Upper(std::string_view word) {
  std::string upper(word);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

std::string_view WithoutMark(std::string_view word) {
  if (word.ends_with('!')) word.remove_suffix(1);
  return word;
}

// The last eight bytes of a fingerprint; every key carries its own in the signatures that it made over itself.
std::string KeyId(std::string_view fingerprint) {
  std::string id(fingerprint.substr(fingerprint.size() - kKeyIdDigits));
  std::transform(id.begin(), id.end(), id.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return DecodeHex(id).value_or("");
}

bool HasOneOf(std::string_view key, const std::vector<std::string>& fingerprints) {
  const RnpFfi ffi = OpenKeyring(key);
  return std::any_of(fingerprints.begin(), fingerprints.end(), [&](const std::string& word) {
    rnp_key_handle_t raw = nullptr;
    const std::string fingerprint(WithoutMark(word));
    RnpRequire(rnp_locate_key(ffi.get(), "fingerprint", fingerprint.c_str(), &raw), "look for a key");
    return RnpKey(raw) != nullptr;
  });
}

}  // namespace

RnpFfi OpenKeyring(std::string_view keyring) {
  rnp_ffi_t raw = nullptr;
  RnpRequire(rnp_ffi_create(&raw, "GPG", "GPG"), "start");
  RnpFfi ffi(raw);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);  // it writes warnings to stderr otherwise
  if (nowhere >= 0 && rnp_ffi_set_log_fd(raw, nowhere) != RNP_SUCCESS) FileDescriptor closes(nowhere);
  for (const char* weak : {"MD5", "SHA1", "RIPEMD160"}) {
    RnpRequire(rnp_add_security_rule(raw, RNP_FEATURE_HASH_ALG, weak, RNP_SECURITY_OVERRIDE, 0, RNP_SECURITY_INSECURE),
               "set a rule");
  }
  if (keyring.empty()) return ffi;
  const RnpInput input = RnpInputFrom(keyring);
  char* results = nullptr;
  const rnp_result_t result =
      rnp_import_keys(raw, input.get(), RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE, &results);
  rnp_buffer_destroy(results);
  RnpRequire(result, "load the keyring");
  return ffi;
}

std::string RnpFingerprint(rnp_key_handle_t key) {
  char* text = nullptr;
  return rnp_key_get_fprint(key, &text) == RNP_SUCCESS ? RnpTake(text) : std::string();
}

std::string RnpPrimaryFingerprint(rnp_key_handle_t key) {
  bool primary = false;
  if (rnp_key_is_primary(key, &primary) != RNP_SUCCESS) return {};
  char* text = nullptr;
  if (!primary) return rnp_key_get_primary_fprint(key, &text) == RNP_SUCCESS ? RnpTake(text) : std::string();
  return RnpFingerprint(key);
}

std::string BinaryKeyring(std::string_view file, std::string_view name) {
  std::string keyring;
  if (file.find(kBegin) == file.npos) {
    keyring = file;
  } else {
    for (std::size_t begin; (begin = file.find(kBegin)) != file.npos;) {
      file.remove_prefix(begin);
      keyring += TakeArmored(file, name);
    }
  }
  if (SplitKeys(keyring, name).empty()) throw ParseError(name, 0, Msg("there is no key in this keyring"));
  return keyring;
}

std::vector<std::string_view> SplitKeys(std::string_view keyring, std::string_view name) {
  std::vector<std::string_view> keys;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < keyring.size();) {
    const auto packet = ReadPacket(keyring.substr(at));
    if (!packet || (at == 0 && packet->tag != kPublicKey)) throw ParseError(name, 0, Msg("not an OpenPGP keyring"));
    if (packet->tag == kPublicKey && at != begin) {
      keys.push_back(keyring.substr(begin, at - begin));
      begin = at;
    }
    at += packet->size;
  }
  if (begin < keyring.size()) keys.push_back(keyring.substr(begin));
  return keys;
}

bool IsFingerprint(std::string_view word) {
  word = WithoutMark(word);
  return word.size() == 40 && word.find_first_not_of("0123456789abcdefABCDEF") == word.npos;
}

std::string SelectKeys(std::string_view keyring, const std::vector<std::string>& fingerprints, std::string_view name) {
  std::vector<std::string> ids;
  for (const std::string& word : fingerprints) ids.push_back(KeyId(WithoutMark(word)));
  std::string selected;
  for (const std::string_view key : SplitKeys(keyring, name)) {
    const bool may =
        std::any_of(ids.begin(), ids.end(), [&](const std::string& id) { return key.find(id) != key.npos; });
    if (may && HasOneOf(key, fingerprints)) selected += key;
  }
  return selected;
}

bool Admits(const std::vector<std::string>& fingerprints, std::string_view fingerprint, std::string_view primary) {
  const auto names = [&](const std::string& word) {
    const std::string admitted = Upper(WithoutMark(word));
    return admitted == fingerprint || (!word.ends_with('!') && admitted == primary);
  };
  return fingerprints.empty() || std::any_of(fingerprints.begin(), fingerprints.end(), names);
}

}  // namespace nachbau::mirror
