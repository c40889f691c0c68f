// Clear-signed messages of foreign bytes. What passes the framing is text that, framed once more, reads as the same; and
// without keys no signature counts, whatever it is. Keyrings of foreign bytes: whole keys or an error.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mirror/clear_signed.h"
#include "mirror/keyring.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

// Every line escaped, which a signer may do.
std::string Framed(std::string_view text) {
  std::string message = "-----BEGIN PGP SIGNED MESSAGE-----\n\n";
  bool begin = true;
  for (const char c : text) {
    if (begin) message += "- ";
    message += c;
    begin = c == '\n';
  }
  return message + "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n";
}

}  // namespace

FUZZ_TARGET(clear_signed) {
  namespace mirror = nachbau::mirror;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const std::string text = mirror::SplitClearSigned(input, "fuzz");
    if (!text.empty() && text.back() != '\n') std::abort();
    if (text.find('\r') != text.npos || text.find('\0') != text.npos || text.find(" \n") != text.npos) std::abort();
    if (mirror::SplitClearSigned(Framed(text), "framed") != text) std::abort();
  } catch (const nachbau::ParseError&) {
  }
  try {
    mirror::VerifyClearSigned(input, "", "fuzz", std::nullopt);
    std::abort();
  } catch (const nachbau::Error&) {
  }
  try {
    const std::string keyring = mirror::BinaryKeyring(input, "fuzz");
    std::string joined;
    for (const std::string_view key : mirror::SplitKeys(keyring, "fuzz")) joined += key;
    if (joined != keyring || mirror::BinaryKeyring(joined, "joined") != joined) std::abort();
    if (!mirror::SelectKeys(keyring, {std::string(40, 'A')}, "fuzz").empty()) std::abort();
  } catch (const nachbau::Error&) {
  }
  return 0;
}
