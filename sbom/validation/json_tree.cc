// Hashes are values of polynomials over the field of 2^61 - 1 elements at points that are drawn once per process: two
// different texts of n bytes have the same with a probability below n / 2^57, whoever made them, because whoever made
// them did not know the points. So no document can be made whose keys or items all fall together.
#include "sbom/validation/json_tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau::sbom {
namespace {

constexpr std::size_t kMaxShown = 200;  // bytes of a foreign text in a message

constexpr std::uint64_t kPrime = (1ULL << 61) - 1;

std::uint64_t Multiply(std::uint64_t a, std::uint64_t b) {
  using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  const std::uint64_t sum = static_cast<std::uint64_t>(product & kPrime) + static_cast<std::uint64_t>(product >> 61);
  return sum >= kPrime ? sum - kPrime : sum;
}
std::uint64_t Add(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum >= kPrime ? sum - kPrime : sum;
}

struct Points {
  std::uint64_t text, array, member, object;
};
const Points& Secret() {
  static const Points points = [] {
    std::random_device device;
    const auto draw = [&] { return ((std::uint64_t{device()} << 32 | device()) % (kPrime - 2)) + 2; };
    return Points{draw(), draw(), draw(), draw()};
  }();
  return points;
}

std::uint64_t HashText(std::string_view text) {
  const std::uint64_t point = Secret().text;
  std::uint64_t hash = text.size() + 1;
  while (!text.empty()) {
    std::uint64_t piece = 0;  // 7 bytes are below 2^56
    const std::size_t size = std::min<std::size_t>(text.size(), 7);
    std::memcpy(&piece, text.data(), size);
    hash = Add(Multiply(hash, point), piece);
    text.remove_prefix(size);
  }
  return Multiply(hash, point);  // so that the last piece, too, is in all bits
}

// Of small values: the type in front, 64 bits in two halves.
std::uint64_t HashBits(std::uint64_t type, std::uint64_t bits) {
  const std::uint64_t point = Secret().text;
  std::uint64_t hash = Add(Multiply(type + 1, point), bits >> 32);
  hash = Add(Multiply(hash, point), bits & 0xffffffffU);
  return Multiply(hash, point);
}

}  // namespace

// Builds the row while the document is read.
class TreeBuilder {
 public:
  using Type = JsonTree::Type;

  TreeBuilder(std::uint64_t text_bound, std::uint64_t value_bound, std::string_view name) : name_(name) {
    // Address space; only what is used takes memory.
    tree_.nodes_.reserve(static_cast<std::size_t>(std::min(value_bound, kMaxTreeValues)));
    tree_.text_ = std::unique_ptr<char[]>(new char[static_cast<std::size_t>(text_bound + 1)]);
    tree_.key_table_.assign(1024, JsonTree::kNoKey);
  }

  void AddScalar(Type type, std::uint64_t bits) { Append(type, bits, 0); }
  void AddInteger(std::int64_t value) { Append(Type::kInteger, static_cast<std::uint64_t>(value), 0); }
  void AddUnsigned(std::uint64_t value) {
    Append(value <= static_cast<std::uint64_t>(INT64_MAX) ? Type::kInteger : Type::kUnsigned, value, 0);
  }
  void AddNumber(double value) {
    if (value == std::trunc(value) && value >= -0x1p63 && value < 0x1p64) {
      if (value < 0x1p63) return AddInteger(static_cast<std::int64_t>(value));
      return AddUnsigned(static_cast<std::uint64_t>(value));
    }
    Append(Type::kNumber, std::bit_cast<std::uint64_t>(value), 0);
  }
  void AddText(std::string_view text) { Append(Type::kString, Keep(text), static_cast<std::uint32_t>(text.size())); }
  void SetKey(std::string_view key) { key_ = Intern(key); }

  void Open(Type type) {
    if (open_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) {
      throw Error(Msg("nested deeper than {} levels: not looked at", kMaxJsonDepth));
    }
    Append(type, tree_.containers_.size(), 0);
    tree_.containers_.push_back({0, 0, 0});
    open_.push_back(tree_.size() - 1);
  }
  void Close() {
    const JsonTree::Index container = open_.back();
    open_.pop_back();
    JsonTree::Container& place = tree_.containers_[tree_.nodes_[container].bits];
    place.end = tree_.size();
    place.hash =
        tree_.Is(container, Type::kObject) ? CloseObject(container, place.count) : CloseArray(container, place.count);
  }
  JsonTree Take() { return std::move(tree_); }

  // Where the next value will be, for messages.
  std::string Place() const {
    std::string pointer;
    for (std::size_t i = 1; i < open_.size(); ++i) AppendStep(open_[i - 1], open_[i], pointer);
    return pointer;
  }

 private:
  void AppendStep(JsonTree::Index parent, JsonTree::Index child, std::string& pointer) const {
    pointer += '/';
    if (tree_.Is(parent, Type::kObject)) {
      pointer += Printable(tree_.KeyText(tree_.KeyOf(child)).substr(0, kMaxShown));
    } else {
      std::uint64_t number = 0;
      for (JsonTree::Index at = parent + 1; at < child; at = tree_.End(at)) ++number;
      pointer += std::to_string(number);
    }
  }

  void Append(Type type, std::uint64_t bits, std::uint32_t length) {
    if (tree_.nodes_.size() >= kMaxTreeValues) {
      throw Error(Msg("more than {} values: not looked at", kMaxTreeValues));
    }
    JsonTree::Key key = JsonTree::kNoKey;
    if (!open_.empty()) {
      if (tree_.Is(open_.back(), Type::kObject)) key = key_;
      ++tree_.containers_[tree_.nodes_[open_.back()].bits].count;
    }
    JsonTree::Node node{};
    node.key = key & JsonTree::kNoKey;
    node.type = static_cast<std::uint32_t>(type) & 15U;
    node.length = length;
    node.bits = bits;
    tree_.nodes_.push_back(node);
  }

  std::uint64_t Keep(std::string_view text) {
    const std::uint64_t offset = tree_.text_size_;
    if (!text.empty()) std::memcpy(tree_.text_.get() + offset, text.data(), text.size());
    tree_.text_size_ += text.size();
    return offset;
  }

  JsonTree::Key Intern(std::string_view text) {
    std::vector<JsonTree::Key>& table = tree_.key_table_;
    if (tree_.keys_.size() * 2 >= table.size()) Grow();
    std::size_t at = HashText(text) & (table.size() - 1);
    while (table[at] != JsonTree::kNoKey) {
      if (tree_.KeyText(table[at]) == text) return table[at];
      at = (at + 1) & (table.size() - 1);
    }
    table[at] = tree_.key_count();
    tree_.keys_.push_back({Keep(text), static_cast<std::uint32_t>(text.size())});
    return table[at];
  }
  void Grow() {
    std::vector<JsonTree::Key> table(tree_.key_table_.size() * 2, JsonTree::kNoKey);
    for (JsonTree::Key key = 0; key < tree_.key_count(); ++key) {
      std::size_t at = HashText(tree_.KeyText(key)) & (table.size() - 1);
      while (table[at] != JsonTree::kNoKey) at = (at + 1) & (table.size() - 1);
      table[at] = key;
    }
    tree_.key_table_ = std::move(table);
  }

  std::uint64_t CloseArray(JsonTree::Index array, std::uint32_t count) const {
    const std::uint64_t point = Secret().array;
    std::uint64_t hash = HashBits(static_cast<std::uint64_t>(Type::kArray), count);
    for (JsonTree::Index child : Children{tree_, array}) hash = Add(Multiply(hash, point), tree_.Hash(child));
    return hash;
  }

  // The members in any order: the product of (point - member). Each name once.
  std::uint64_t CloseObject(JsonTree::Index object, std::uint32_t count) {
    seen_in_.resize(tree_.key_count(), 0);
    ++objects_;
    std::uint64_t hash = HashBits(static_cast<std::uint64_t>(Type::kObject), count);
    for (JsonTree::Index child : Children{tree_, object}) {
      const JsonTree::Key key = tree_.KeyOf(child);
      if (seen_in_[key] == objects_) {
        open_.push_back(object);
        throw ParseError(name_, 0,
                         Msg("{}: the name {} is there twice", Place().empty() ? "/" : Place(),
                             Printable(tree_.KeyText(key).substr(0, kMaxShown))));
      }
      seen_in_[key] = objects_;
      const std::uint64_t member = Add(Multiply(HashText(tree_.KeyText(key)), Secret().member), tree_.Hash(child));
      hash = Multiply(hash, Add(Secret().object, kPrime - member));
    }
    return hash;
  }

  std::string_view name_;
  JsonTree tree_;
  JsonTree::Key key_ = JsonTree::kNoKey;
  std::vector<JsonTree::Index> open_;
  std::vector<std::uint32_t> seen_in_;  // by key: the last object in which it was seen
  std::uint32_t objects_ = 0;
};

namespace {

class TreeSax : public nlohmann::json_sax<Json> {
 public:
  explicit TreeSax(TreeBuilder& builder) : builder_(builder) {}

  bool null() override { return builder_.AddScalar(JsonTree::Type::kNull, 0), true; }
  bool boolean(bool value) override { return builder_.AddScalar(JsonTree::Type::kBoolean, value ? 1 : 0), true; }
  bool number_integer(number_integer_t value) override { return builder_.AddInteger(value), true; }
  bool number_unsigned(number_unsigned_t value) override { return builder_.AddUnsigned(value), true; }
  // Always finite: 1e999 is an error to the library.
  bool number_float(number_float_t value, const string_t&) override { return builder_.AddNumber(value), true; }
  bool string(string_t& value) override { return builder_.AddText(value), true; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return builder_.Open(JsonTree::Type::kObject), true; }
  bool start_array(std::size_t) override { return builder_.Open(JsonTree::Type::kArray), true; }
  bool end_object() override { return builder_.Close(), true; }
  bool end_array() override { return builder_.Close(), true; }
  bool key(string_t& value) override { return builder_.SetKey(value), true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    position_ = position;
    detail_ = error.what();
    return false;
  }

  std::size_t position() const { return position_; }
  const std::string& detail() const { return detail_; }

 private:
  TreeBuilder& builder_;
  std::size_t position_ = 0;
  std::string detail_;
};

void AddValue(const Json& value, TreeBuilder& builder) {
  using Type = JsonTree::Type;
  switch (value.type()) {
    case Json::value_t::object:
      builder.Open(Type::kObject);
      for (const auto& [key, member] : value.items()) {
        builder.SetKey(key);
        AddValue(member, builder);
      }
      return builder.Close();
    case Json::value_t::array:
      builder.Open(Type::kArray);
      for (const Json& item : value) AddValue(item, builder);
      return builder.Close();
    case Json::value_t::string:
      return builder.AddText(value.get_ref<const std::string&>());
    case Json::value_t::boolean:
      return builder.AddScalar(Type::kBoolean, value.get<bool>() ? 1 : 0);
    case Json::value_t::number_integer:
      return builder.AddInteger(value.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      return builder.AddUnsigned(value.get<std::uint64_t>());
    case Json::value_t::number_float:
      return builder.AddNumber(value.get<double>());
    default:
      return builder.AddScalar(Type::kNull, 0);
  }
}

std::uint64_t TextSize(const Json& value) {
  std::uint64_t size = value.is_string() ? value.get_ref<const std::string&>().size() : 0;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) size += key.size() + TextSize(member);
  } else if (value.is_array()) {
    for (const Json& item : value) size += TextSize(item);
  }
  return size;
}

}  // namespace

JsonTree JsonTree::Parse(std::string_view text, std::string_view name) {
  if (text.size() > kMaxTreeText) {
    throw Error(Msg("larger than {} bytes: not looked at", kMaxTreeText));
  }
  // Each value but the first of a container has a comma before it; commas in texts only make the bound larger.
  const auto count = [&](char c) { return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), c)); };
  TreeBuilder builder(text.size(), count(',') + count('[') + count('{') + 1, name);
  TreeSax sax(builder);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &sax)) {
    // The character that is wrong was read already.
    const std::string_view before = text.substr(0, std::min(std::max<std::size_t>(sax.position(), 1) - 1, text.size()));
    const auto line = static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    std::string detail = sax.detail();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error …", "[…] number overflow …"
    if (const auto colon = detail.find("syntax error"); colon != detail.npos)
      detail.erase(0, colon);
    else if (const auto bracket = detail.find("] "); bracket != detail.npos)
      detail.erase(0, bracket + 2);
    detail = detail.substr(0, kMaxShown + 100);
    throw ParseError(name, line, Msg("line {}: {}", line, Printable(detail)));
  }
  return builder.Take();
}

JsonTree JsonTree::From(const Json& value) {
  TreeBuilder builder(TextSize(value), 0, "document");
  AddValue(value, builder);
  return builder.Take();
}

std::string_view JsonTree::Text(Index value) const { return {text_.get() + nodes_[value].bits, nodes_[value].length}; }

std::string_view JsonTree::KeyText(Key key) const { return {text_.get() + keys_[key].offset, keys_[key].length}; }

double JsonTree::Number(Index value) const {
  const std::uint64_t bits = nodes_[value].bits;
  switch (type(value)) {
    case Type::kInteger:
      return static_cast<double>(static_cast<std::int64_t>(bits));
    case Type::kUnsigned:
      return static_cast<double>(bits);
    case Type::kNumber:
      return std::bit_cast<double>(bits);
    default:
      return 0;
  }
}

JsonTree::Index JsonTree::End(Index value) const {
  return type(value) >= Type::kArray ? containers_[nodes_[value].bits].end : value + 1;
}

JsonTree::Key JsonTree::FindKey(std::string_view name) const {
  std::size_t at = HashText(name) & (key_table_.size() - 1);
  while (key_table_[at] != kNoKey) {
    if (KeyText(key_table_[at]) == name) return key_table_[at];
    at = (at + 1) & (key_table_.size() - 1);
  }
  return kNoKey;
}

JsonTree::Index JsonTree::Find(Index object, std::string_view name) const {
  if (object == kNone || !Is(object, Type::kObject)) return kNone;
  const Key key = FindKey(name);
  if (key == kNoKey) return kNone;
  for (Index child : Children{*this, object}) {
    if (KeyOf(child) == key) return child;
  }
  return kNone;
}

std::uint64_t JsonTree::Hash(Index value) const {
  switch (type(value)) {
    case Type::kString:
      return HashText(Text(value));
    case Type::kArray:
    case Type::kObject:
      return containers_[nodes_[value].bits].hash;
    default:
      return HashBits(nodes_[value].type, nodes_[value].bits);
  }
}

bool JsonTree::Equal(Index a, Index b) const {
  if (a == b) return true;
  const Node& left = nodes_[a];
  const Node& right = nodes_[b];
  if (left.type != right.type) return false;  // a number without fraction has one type only
  switch (type(a)) {
    case Type::kString:
      return Text(a) == Text(b);
    case Type::kArray: {
      if (Count(a) != Count(b)) return false;
      Index other = b + 1;
      for (Index child : Children{*this, a}) {
        if (!Equal(child, other)) return false;
        other = End(other);
      }
      return true;
    }
    case Type::kObject: {
      if (Count(a) != Count(b)) return false;
      const auto members = [&](Index object) {
        std::vector<std::pair<Key, Index>> list;
        for (Index child : Children{*this, object}) list.emplace_back(KeyOf(child), child);
        std::sort(list.begin(), list.end());
        return list;
      };
      const auto mine = members(a), theirs = members(b);
      return std::equal(mine.begin(), mine.end(), theirs.begin(),
                        [&](const auto& x, const auto& y) { return x.first == y.first && Equal(x.second, y.second); });
    }
    default:
      return left.bits == right.bits;
  }
}

std::string JsonTree::Pointer(Index value) const {
  std::string pointer;
  Index at = 0;
  while (at != value) {
    std::uint64_t number = 0;
    Index child = at + 1;
    while (End(child) <= value) {
      child = End(child);
      ++number;
    }
    pointer += '/';
    if (Is(at, Type::kObject)) {
      for (const char c : Printable(KeyText(KeyOf(child)).substr(0, kMaxShown))) {
        pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      }
    } else {
      pointer += std::to_string(number);
    }
    at = child;
  }
  return pointer;
}

}  // namespace nachbau::sbom
