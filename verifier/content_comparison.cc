#include "verifier/content_comparison.h"

#include <optional>

#include "base/archive.h"
#include "base/error.h"
#include "verifier/byte_difference.h"
#include "verifier/detail.h"
#include "verifier/elf_sections.h"

namespace nachbau::verifier {
namespace {

constexpr std::uint64_t kMaxUncompressed = 256ULL << 20;

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

std::optional<std::string> Uncompress(std::string_view bytes, const std::string& path) {
  try {
    return Decompress(bytes, path, kMaxUncompressed);
  } catch (const ParseError&) {
    return std::nullopt;  // damaged or a bomb: then it is compared as bytes
  }
}

ContentComparison Plain(const std::string& path, std::string_view built, std::string_view reference) {
  ContentComparison result{{ShownName(path), "content", {}, {}}, false};
  if (IsElf(built) && IsElf(reference)) {
    ElfComparison elf = CompareElf(built, reference);
    result.difference.detail = DescribeBytes(built, reference);
    result.difference.inside = std::move(elf.sections);
    result.only_identification = elf.only_identification;
  } else if (IsText(built) && IsText(reference)) {
    result.difference.detail = DescribeText(built, reference);
  } else {
    result.difference.detail = DescribeBytes(built, reference);
  }
  return result;
}

}  // namespace

ContentComparison CompareContents(const std::string& path, std::string_view built, std::string_view reference) {
  if (!IsGzip(built) || !IsGzip(reference)) return Plain(path, built, reference);
  const auto built_content = Uncompress(built, path);
  const auto reference_content = built_content ? Uncompress(reference, path) : std::nullopt;
  if (!built_content || !reference_content) return Plain(path, built, reference);
  ContentComparison result{{ShownName(path), "content", DescribeBytes(built, reference), {}}, false};
  if (*built_content == *reference_content) {
    result.difference.kind = "container";
    result.difference.detail = Detail("the uncompressed content is equal; gzip: {}", DescribeBytes(built, reference));
  } else {
    const std::string inner = path.ends_with(".gz") ? path.substr(0, path.size() - 3) : path;
    result.difference.inside.push_back(Plain(inner, *built_content, *reference_content).difference);
  }
  return result;
}

}  // namespace nachbau::verifier
