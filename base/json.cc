#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/encoding.h"
#include "base/error.h"

namespace nachbau {
namespace {

// Builds the value while refusing what nlohmann's own parser lets through: of duplicate keys the last would win, an
// integer beyond 64 bits would become a double, and deep nesting would later overflow the stack.
class StrictSax : public nlohmann::json_sax<Json> {
 public:
  explicit StrictSax(std::string_view name) : name_(name) {}

  Json TakeRoot() { return std::move(root_); }
  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(number_integer_t value) override { return Add(value); }
  bool number_unsigned(number_unsigned_t value) override { return Add(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    const bool integral = text.find_first_of(".eE") == text.npos;
    if (integral) throw ParseError(name_, 0, Msg("integer out of range: {}", text));
    if (!std::isfinite(value)) throw ParseError(name_, 0, Msg("number out of range: {}", text));
    return Add(value);
  }
  bool string(string_t& value) override { return Add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& value) override {
    if (stack_.back()->contains(value)) throw ParseError(name_, 0, Msg("duplicate key: {}", Printable(value)));
    key_ = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    position_ = position;
    detail_ = error.what();
    return false;
  }

  std::size_t position() const { return position_; }
  const std::string& detail() const { return detail_; }

 private:
  Json* Place(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *stack_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[std::move(key_)] = std::move(value));
  }
  bool Add(Json value) {
    Place(std::move(value));
    return true;
  }
  bool Open(Json value) {
    if (stack_.size() >= static_cast<std::size_t>(kMaxJsonDepth)) {
      throw ParseError(name_, 0, Msg("nested deeper than {} levels", kMaxJsonDepth));
    }
    stack_.push_back(Place(std::move(value)));
    return true;
  }
  bool Close() {
    stack_.pop_back();
    return true;
  }

  std::string_view name_;
  Json root_;
  std::vector<Json*> stack_;  // open containers; a parent never grows while a child is open
  std::string key_;
  std::size_t position_ = 0;
  std::string detail_;
};

void RefuseFloats(const Json& value) {
  if (value.is_number_float()) throw Error(Msg("a document of ours must not hold a floating point number"));
  if (value.is_structured()) {
    for (const auto& child : value) RefuseFloats(child);
  }
}

// RFC 8785 section 3.2.3 sorts keys by UTF-16 code units; std::map sorts by bytes. They differ only when a key has
// characters beyond U+FFFF beside ones from U+E000 on, which our documents do not have; refuse instead of mis-sorting.
void RefuseAstralKeys(const Json& value) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) {
      if (std::any_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xEE; })) {
        throw Error(Msg("a document of ours must not have the key {}", Printable(key)));
      }
      RefuseAstralKeys(child);
    }
  } else if (value.is_array()) {
    for (const auto& child : value) RefuseAstralKeys(child);
  }
}

std::string Dump(const Json& value, int indent) {
  RefuseFloats(value);
  RefuseAstralKeys(value);
  try {
    return value.dump(indent);
  } catch (const nlohmann::json::type_error&) {
    throw Error(Msg("a document of ours must be UTF-8"));
  }
}

}  // namespace

Json ParseJson(std::string_view text, std::string_view name) {
  StrictSax sax(name);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &sax)) {
    // The character that is wrong was read already.
    const std::string_view before = text.substr(0, std::min(std::max<std::size_t>(sax.position(), 1) - 1, text.size()));
    const auto line = static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    std::string detail = sax.detail();
    if (const auto colon = detail.find("syntax error"); colon != detail.npos) detail = detail.substr(colon);
    throw ParseError(name, line, Msg("{}", Printable(detail)));
  }
  return sax.TakeRoot();
}

std::string FormatCanonical(const Json& value) { return Dump(value, -1); }
std::string FormatPretty(const Json& value) { return Dump(value, 2) + "\n"; }

std::string TextMember(const Json& value, const char* key) {
  const auto member = value.is_object() ? value.find(key) : value.end();
  return value.is_object() && member != value.end() && member->is_string() ? member->get<std::string>() : std::string();
}

const Json& ArrayMember(const Json& value, const char* key) {
  static const Json empty = Json::array();
  const auto member = value.is_object() ? value.find(key) : value.end();
  return value.is_object() && member != value.end() && member->is_array() ? *member : empty;
}

JsonReader::JsonReader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object_.is_object()) throw ParseError(place_, 0, Msg("must be an object"));
}

std::string JsonReader::PlaceOf(std::string_view key) const { return place_ + "/" + std::string(key); }

void JsonReader::Refuse(std::string_view key, const char* expected) const {
  throw ParseError(PlaceOf(key), 0, Msg("must be {}", std::string_view(expected)));
}

const Json* JsonReader::FindMember(const char* key) {
  read_.emplace_back(key);
  const auto it = object_.find(key);
  return it == object_.end() ? nullptr : &*it;
}

const Json& JsonReader::Member(const char* key) {
  const Json* member = FindMember(key);
  if (member == nullptr) throw ParseError(place_, 0, Msg("member is missing: {}", std::string_view(key)));
  return *member;
}

std::string JsonReader::Text(const char* key) {
  const Json& member = Member(key);
  if (!member.is_string()) Refuse(key, "a string");
  return member.get<std::string>();
}

std::string JsonReader::TextOr(const char* key, std::string otherwise) {
  return object_.contains(key) ? Text(key) : (read_.emplace_back(key), std::move(otherwise));
}

std::uint64_t JsonReader::Unsigned(const char* key) {
  const Json& member = Member(key);
  if (!member.is_number_unsigned()) Refuse(key, "an unsigned integer");
  return member.get<std::uint64_t>();
}

std::int64_t JsonReader::Integer(const char* key) {
  const Json& member = Member(key);
  if (!member.is_number_integer()) Refuse(key, "an integer");
  return member.get<std::int64_t>();
}

bool JsonReader::Boolean(const char* key) {
  const Json& member = Member(key);
  if (!member.is_boolean()) Refuse(key, "true or false");
  return member.get<bool>();
}

const Json& JsonReader::Array(const char* key) {
  const Json& member = Member(key);
  if (!member.is_array()) Refuse(key, "an array");
  return member;
}

std::vector<std::string> JsonReader::Texts(const char* key) {
  std::vector<std::string> texts;
  for (const Json& item : Array(key)) {
    if (!item.is_string()) Refuse(key, "an array of strings");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

JsonReader JsonReader::Object(const char* key) { return JsonReader(Member(key), PlaceOf(key)); }

void JsonReader::Done() const {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(read_.begin(), read_.end(), key) == read_.end()) {
      throw ParseError(place_, 0, Msg("unknown member: {}", Printable(key)));
    }
  }
}

}  // namespace nachbau
