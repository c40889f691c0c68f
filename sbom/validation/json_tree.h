// A JSON document in little memory: 16 bytes for each value, 16 more for each array or object, and the text of its
// strings. What the validator works on; a general JSON value takes several times as much and is slower to walk.
//
// Values lie in one row, in document order. The children of a container follow it, each with everything beneath it:
//
//   for (Index child : Children{tree, object}) … tree.KeyText(tree.KeyOf(child)) …
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace nachbau::sbom {

inline constexpr std::uint64_t kMaxTreeText = 256ULL << 20;  // bytes of a document
inline constexpr std::uint64_t kMaxTreeValues = 32ULL
                                                << 20;  // with texts and containers about one GiB at the very most

class JsonTree {
 public:
  using Index = std::uint32_t;  // of a value; the root is 0
  using Key = std::uint32_t;    // of a member's name: equal names have the same
  static constexpr Index kNone = ~Index{0};
  static constexpr Key kNoKey = (Key{1} << 28) - 1;
  enum class Type : std::uint8_t { kNull, kBoolean, kInteger, kUnsigned, kNumber, kString, kArray, kObject };

  // Stricter than most readers: UTF-8 without lone surrogates, no duplicate names, no number beyond a double, nothing
  // after the end. A byte order mark is passed over (StartsWithMark tells). A number without fraction is an integer,
  // however it is written (1.0, 1e2), if it fits into 64 bits. Throws ParseError (place and reason) for what is not
  // such JSON, and Error for what is too large or too deep (kMaxJsonDepth) to be looked at.
  static JsonTree Parse(std::string_view text, std::string_view name);
  static JsonTree From(const Json& value);
  static bool StartsWithMark(std::string_view text) { return text.starts_with("\xef\xbb\xbf"); }

  Index size() const { return static_cast<Index>(nodes_.size()); }
  Type type(Index value) const { return static_cast<Type>(nodes_[value].type); }
  bool Is(Index value, Type type) const { return nodes_[value].type == static_cast<std::uint32_t>(type); }
  bool Boolean(Index value) const { return nodes_[value].bits != 0; }
  std::string_view Text(Index value) const;  // of a string
  double Number(Index value) const;          // of any kind of number

  // Containers.
  std::uint32_t Count(Index container) const { return containers_[nodes_[container].bits].count; }
  Index End(Index value) const;                                 // behind the value and everything beneath it
  Key KeyOf(Index member) const { return nodes_[member].key; }  // kNoKey: not a member of an object
  std::string_view KeyText(Key key) const;
  Key key_count() const { return static_cast<Key>(keys_.size()); }
  Key FindKey(std::string_view name) const;               // kNoKey when no member has it
  Index Find(Index object, std::string_view name) const;  // kNone when absent, or `object` is none

  // Deep equality as JSON Schema has it: numbers by value, members in any order.
  bool Equal(Index a, Index b) const;
  // Equal values have the same; different ones the same only by chance, which nobody outside this process can bring
  // about.
  std::uint64_t Hash(Index value) const;

  // "/components/0/name" (RFC 6901), by a search from the root.
  std::string Pointer(Index value) const;

 private:
  friend class TreeBuilder;
  struct Node {
    std::uint32_t key : 28, type : 4;
    std::uint32_t length;  // of a string, bytes
    std::uint64_t bits;    // number, boolean, place in text_ or in containers_
  };
  struct Container {
    Index end;
    std::uint32_t count;
    std::uint64_t hash;
  };
  struct KeyPlace {
    std::uint64_t offset;
    std::uint32_t length;
  };
  std::vector<Node> nodes_;
  std::vector<Container> containers_;
  std::vector<KeyPlace> keys_;
  std::vector<Key> key_table_;  // open addressing; kNoKey: free
  std::unique_ptr<char[]> text_;
  std::uint64_t text_size_ = 0;
};

// For range-based loops over the values directly in a container.
struct Children {
  const JsonTree& tree;
  JsonTree::Index container;
  struct Iterator {
    const JsonTree* tree;
    JsonTree::Index at;
    JsonTree::Index operator*() const { return at; }
    Iterator& operator++() { return at = tree->End(at), *this; }
    bool operator!=(const Iterator& other) const { return at != other.at; }
  };
  Iterator begin() const { return {&tree, container + 1}; }
  Iterator end() const { return {&tree, tree.End(container)}; }
};

}  // namespace nachbau::sbom
