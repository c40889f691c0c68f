// How sanitized programs begin when ASAN_OPTIONS says nothing else: a trap of UBSan (cmake/module.cmake) is reported with the
// place in the source and the calls that led there. The name is AddressSanitizer's (sanitizer/asan_interface.h).
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "handle_sigill=1"; }
