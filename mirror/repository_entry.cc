#include "mirror/repository_entry.h"

#include <algorithm>
#include <set>

#include "base/deb822.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "mirror/debian_version.h"

namespace nachbau::mirror {
namespace {

[[noreturn]] void Refuse(const Paragraph& paragraph, std::string_view field, std::string_view value) {
  throw ParseError(paragraph.input_name(), paragraph.line(),
                   Msg("{} is not valid: {}", field, Printable(value.substr(0, 120))));
}

bool IsArchitectureName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// What the index itself says of the file; a package must not say it in its place.
bool IsOfTheIndex(std::string_view field) {
  static const std::set<std::string, std::less<>> kFields = {
      "filename",       "size",  "md5sum",        "sha1",           "sha256",           "sha512",
      "directory",      "files", "checksums-md5", "checksums-sha1", "checksums-sha256", "checksums-sha512",
      "description-md5"};
  std::string lower(field);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return kFields.contains(lower);
}

void AppendField(std::string& text, std::string_view name, std::string_view value) {
  text.append(name) += ':';
  if (!value.starts_with('\n') && !value.empty()) text += ' ';
  text.append(value) += '\n';
}

std::string PoolDirectory(const std::string& source, const Sha256Digest& sha256) {
  const std::string start = source.substr(0, source.starts_with("lib") && source.size() > 3 ? 4 : 1);
  return "pool/" + start + "/" + source + "/" + sha256.Hex();
}

Paragraph OnlyParagraph(std::string_view text, const std::string& name) {
  auto paragraphs = ParseParagraphs(text, name);
  if (paragraphs.size() != 1) {
    throw ParseError(name, 0, Msg("{} paragraphs where there must be one", paragraphs.size()));
  }
  return std::move(paragraphs.front());
}

// A .dsc without what OpenPGP puts around it; as ParseDsc reads it.
std::string_view WithoutSignature(std::string_view text) {
  if (!text.starts_with("-----BEGIN PGP SIGNED MESSAGE-----")) return text;
  const std::size_t body = text.find("\n\n");
  const std::size_t end = text.find("\n-----BEGIN PGP SIGNATURE-----");
  if (body == text.npos || end == text.npos || end < body) return text;  // ParseDsc says what is wrong with it
  return text.substr(body + 2, end - body - 1);
}

}  // namespace

BinaryEntry MakeBinaryEntry(std::string_view control, const ContentId& content, const std::string& file_name) {
  const std::string name = file_name + ": control";
  const Paragraph paragraph = OnlyParagraph(control, name);
  BinaryEntry entry;
  entry.package = Trim(paragraph.Get("Package"));
  entry.version = Trim(paragraph.Get("Version"));
  entry.architecture = Trim(paragraph.Get("Architecture"));
  if (!IsPackageName(entry.package)) Refuse(paragraph, "Package", entry.package);
  if (!IsVersion(entry.version)) Refuse(paragraph, "Version", entry.version);
  if (!IsArchitectureName(entry.architecture)) Refuse(paragraph, "Architecture", entry.architecture);
  entry.source = entry.package;
  entry.source_version = entry.version;
  if (const auto source = paragraph.Find("Source")) {
    std::string_view value = Trim(*source);
    if (const std::size_t open = value.find('('); open != value.npos && value.ends_with(')')) {
      entry.source_version = Trim(value.substr(open + 1, value.size() - open - 2));
      value = Trim(value.substr(0, open));
    }
    entry.source = value;
    if (!IsPackageName(entry.source) || !IsVersion(entry.source_version)) Refuse(paragraph, "Source", *source);
  }
  if (!IsSafeFileName(file_name)) Refuse(paragraph, "file name", file_name);
  entry.file = {PoolDirectory(entry.source, content.sha256) + "/" + file_name, content.size, content.sha256};
  for (const Paragraph::Field& field : paragraph.fields()) {
    if (!IsOfTheIndex(field.name)) AppendField(entry.paragraph, field.name, field.value);
  }
  AppendField(entry.paragraph, "Filename", entry.file.path);
  AppendField(entry.paragraph, "Size", std::to_string(content.size));
  AppendField(entry.paragraph, "SHA256", content.sha256.Hex());
  AppendField(entry.paragraph, "SHA512", content.sha512.Hex());
  return entry;
}

SourceEntry MakeSourceEntry(std::string_view dsc, const ContentId& content, const std::string& file_name) {
  const DebianSource source = ParseDsc(dsc, file_name);
  const Paragraph paragraph = OnlyParagraph(WithoutSignature(dsc), file_name);
  if (!IsSafeFileName(file_name)) Refuse(paragraph, "file name", file_name);
  SourceEntry entry;
  entry.package = source.name;
  entry.version = source.version;
  const std::string directory = PoolDirectory(source.name, content.sha256);
  std::string checksums = "\n " + content.sha256.Hex() + " " + std::to_string(content.size) + " " + file_name;
  entry.files.push_back({directory + "/" + file_name, content.size, content.sha256});
  for (const SourceFile& file : source.files) {
    if (file.name == file_name) Refuse(paragraph, "Checksums-Sha256", file.name);
    checksums += "\n " + file.sha256.Hex() + " " + std::to_string(file.size) + " " + file.name;
    entry.files.push_back({directory + "/" + file.name, file.size, file.sha256});
  }
  std::sort(entry.files.begin(), entry.files.end());
  AppendField(entry.paragraph, "Package", entry.package);
  for (const Paragraph::Field& field : paragraph.fields()) {
    if (field.name == "Source" || field.name == "Package" || IsOfTheIndex(field.name)) continue;
    AppendField(entry.paragraph, field.name, field.value);
  }
  AppendField(entry.paragraph, "Directory", directory);
  AppendField(entry.paragraph, "Checksums-Sha256", checksums);
  return entry;
}

}  // namespace nachbau::mirror
