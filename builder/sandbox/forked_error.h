// An exception on its way from a forked child to its parent through a pipe.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace nachbau::builder {

// Kind, messages and hints of the exception as bytes.
std::string FormatError(const std::exception& error);

// Throws what FormatError made into `bytes`; SystemError, MissingError, ParseError, IntegrityError and CancelledError
// keep their type, others arrive as Error. Empty bytes: the child died without a word; `fallback` says so.
[[noreturn]] void ThrowFormattedError(std::string_view bytes, std::string_view fallback);

}  // namespace nachbau::builder
