// .buildinfo files of foreign bytes: an answer or a ParseError, and nothing dangerous in the answer.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "mirror/build_info.h"
#include "mirror/debian_version.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(build_info) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const nachbau::mirror::BuildInfo info = nachbau::mirror::ParseBuildInfo(text, "fuzz");
    if (!nachbau::mirror::IsPackageName(info.source) || !nachbau::mirror::IsVersion(info.version)) std::abort();
    if (!info.build_path.empty() && !nachbau::IsBuildPath(info.build_path)) std::abort();
    if (info.installed.empty()) std::abort();
    for (const auto& package : info.installed) {
      if (!nachbau::mirror::IsPackageName(package.name)) std::abort();
    }
    for (const auto& [name, value] : info.environment) {
      if (!nachbau::IsRecordedVariable(name) || !nachbau::IsVariableValue(value)) std::abort();
    }
    for (const auto& file : info.files) {
      if (!nachbau::IsSafeFileName(file.name)) std::abort();
    }
  } catch (const nachbau::ParseError&) {
  }
  return 0;
}
