// Owners for what librnp hands out. Only for the sources of this room that talk to it.
#pragma once

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "base/freed_by.h"

namespace nachbau::mirror {

using RnpFfi = std::unique_ptr<std::remove_pointer_t<rnp_ffi_t>, FreedBy<&rnp_ffi_destroy>>;
using RnpInput = std::unique_ptr<std::remove_pointer_t<rnp_input_t>, FreedBy<&rnp_input_destroy>>;
using RnpOutput = std::unique_ptr<std::remove_pointer_t<rnp_output_t>, FreedBy<&rnp_output_destroy>>;
using RnpVerification = std::unique_ptr<std::remove_pointer_t<rnp_op_verify_t>, FreedBy<&rnp_op_verify_destroy>>;
using RnpKey = std::unique_ptr<std::remove_pointer_t<rnp_key_handle_t>, FreedBy<&rnp_key_handle_destroy>>;

inline void RnpRequire(rnp_result_t result, const char* what) {
  if (result != RNP_SUCCESS) {
    throw Error(Msg("librnp: {}: {}", std::string_view(what), std::string_view(rnp_result_to_string(result))));
  }
}

inline std::string RnpTake(char* text) {
  std::string result = text == nullptr ? "" : text;
  rnp_buffer_destroy(text);
  return result;
}

inline RnpInput RnpInputFrom(std::string_view bytes) {
  rnp_input_t raw = nullptr;
  RnpRequire(rnp_input_from_memory(&raw, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), false),
             "read from memory");
  return RnpInput(raw);
}

// With the keys of a binary keyring; an empty one is no error. Weak digests never make a signature good, neither below
// a text nor below a key.
RnpFfi OpenKeyring(std::string_view keyring);

// Upper-case hex; of a subkey its own, and that of its primary key.
std::string RnpFingerprint(rnp_key_handle_t key);
std::string RnpPrimaryFingerprint(rnp_key_handle_t key);

}  // namespace nachbau::mirror
