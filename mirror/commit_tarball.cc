// The format is that of git's archive-tar.c, so that anybody with git can check a tarball with cmp.
#include "mirror/commit_tarball.h"

#include <array>
#include <cstdio>
#include <cstring>

namespace nachbau::mirror {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kRecord = 20 * kBlock;
constexpr std::size_t kNameSize = 100, kPrefixSize = 155;

// "52 comment=…\n": the length counts itself.
std::string PaxRecord(const std::string& key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;  // blank, '=', newline
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return std::to_string(length) + " " + key + "=" + std::string(value) + "\n";
}

// Where a long path is cut into prefix and name; 0 when it cannot be.
std::size_t PrefixLength(const std::string& path) {
  std::size_t i = path.size();
  if (i > 1 && path[i - 1] == '/') --i;
  if (i > kPrefixSize) i = kPrefixSize;
  do --i;
  while (i > 0 && path[i] != '/');
  return i > 0 && path.size() - i - 1 <= kNameSize ? i : 0;
}

void Put(char* field, std::string_view text) { std::memcpy(field, text.data(), text.size()); }

// With leading zeros and a zero byte at the end.
void PutOctal(char* field, int digits, std::uint64_t value) {
  field[digits] = '\0';
  for (int at = digits - 1; at >= 0; --at, value /= 8) field[at] = static_cast<char>('0' + value % 8);
}

}  // namespace

CommitTarball::CommitTarball(std::function<void(std::string_view)> sink, const std::string& commit, std::int64_t time)
    : sink_(std::move(sink)), time_(time) {
  const std::string record = PaxRecord("comment", commit);
  WriteHeader("pax_global_header", 'g', 0666, record.size(), "", "");
  WriteData(record);
}

void CommitTarball::Add(const TarballEntry& entry) {
  std::string name = entry.path, prefix, link, records;
  if (name.size() > kNameSize) {
    if (const std::size_t cut = PrefixLength(name); cut != 0) {
      prefix = name.substr(0, cut);
      name = name.substr(cut + 1);
    } else {
      records += PaxRecord("path", name);
      name = entry.object + ".data";
    }
  }
  const bool is_link = entry.type == TarballEntry::Type::kSymlink;
  if (is_link) {
    link = entry.data;
    if (link.size() > kNameSize) {
      records += PaxRecord("linkpath", link);
      link = "see " + entry.object + ".paxheader";
    }
  }
  if (!records.empty()) {
    WriteHeader(entry.object + ".paxheader", 'x', 0666, records.size(), "", "");
    WriteData(records);
  }
  switch (entry.type) {
    case TarballEntry::Type::kDirectory:
      WriteHeader(name, '5', 0775, 0, prefix, "");
      break;
    case TarballEntry::Type::kSymlink:
      WriteHeader(name, '2', 0777, 0, prefix, link);
      break;
    case TarballEntry::Type::kFile:
      WriteHeader(name, '0', 0664, entry.data.size(), prefix, "");
      break;
    case TarballEntry::Type::kExecutable:
      WriteHeader(name, '0', 0775, entry.data.size(), prefix, "");
      break;
  }
  if (entry.type == TarballEntry::Type::kFile || entry.type == TarballEntry::Type::kExecutable) WriteData(entry.data);
}

void CommitTarball::Finish() {
  std::size_t end = kRecord - written_ % kRecord;
  if (end < 2 * kBlock) end += kRecord;
  Write(std::string(end, '\0'));
}

// The fields of a ustar header (POSIX.1-1988) by their offsets.
void CommitTarball::WriteHeader(const std::string& header_name, char type, unsigned mode, std::uint64_t size,
                                const std::string& prefix, const std::string& link) {
  std::array<char, kBlock> header{};
  Put(header.data(), header_name);
  PutOctal(header.data() + 100, 7, mode);
  PutOctal(header.data() + 108, 7, 0);
  PutOctal(header.data() + 116, 7, 0);
  PutOctal(header.data() + 124, 11, size);
  PutOctal(header.data() + 136, 11, static_cast<std::uint64_t>(time_));
  std::memset(header.data() + 148, ' ', 8);
  header[156] = type;
  Put(header.data() + 157, link);
  std::memcpy(header.data() + 257, "ustar\00000", 8);
  Put(header.data() + 265, "root");
  Put(header.data() + 297, "root");
  PutOctal(header.data() + 329, 7, 0);
  PutOctal(header.data() + 337, 7, 0);
  Put(header.data() + 345, prefix);
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  PutOctal(header.data() + 148, 7, sum);
  Write({header.data(), header.size()});
}

void CommitTarball::WriteData(std::string_view data) {
  Write(data);
  if (const std::size_t rest = data.size() % kBlock; rest != 0) Write(std::string(kBlock - rest, '\0'));
}

void CommitTarball::Write(std::string_view bytes) {
  sink_(bytes);
  written_ += bytes.size();
}

}  // namespace nachbau::mirror
