// Merkle hash trees as in RFC 6962, section 2.1 (the same proofs as RFC 9162, section 2.1).
//
// A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right), the empty tree SHA-256("").
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace nachbau {

Sha256Digest HashLeaf(std::string_view entry);
Sha256Digest HashNode(const Sha256Digest& left, const Sha256Digest& right);

// Hands out the hash of a complete subtree: `level` 0 are leaf hashes; the node of `level` and 0-based `index` covers
// the leaves [index << level, (index + 1) << level).
using NodeReader = std::function<Sha256Digest(unsigned level, std::uint64_t index)>;

// Of the first `size` leaves.
Sha256Digest TreeHash(std::uint64_t size, const NodeReader& node);
// The audit path of leaf `index` in the tree of `size` leaves, leaf to root. index < size.
std::vector<Sha256Digest> ProveInclusion(std::uint64_t index, std::uint64_t size, const NodeReader& node);
// That the tree of `size` leaves begins with the tree of `old_size`. 0 < old_size <= size; empty when equal.
std::vector<Sha256Digest> ProveConsistency(std::uint64_t old_size, std::uint64_t size, const NodeReader& node);

// Checks that `leaf_hash` is leaf number `index` (0-based) of the tree of `size` leaves whose hash is `root`. RFC 9162,
// section 2.1.3.2. Does not throw: a bad proof is an answer.
enum class Inclusion { kIndexOutOfRange, kWrongPathLength, kRootMismatch, kProven };
[[nodiscard]] Inclusion CheckInclusion(std::uint64_t index, std::uint64_t size, const Sha256Digest& leaf_hash,
                                       std::span<const Sha256Digest> path, const Sha256Digest& root);

// Checks that the tree `root` of `size` leaves begins with the tree `old_root` of `old_size`. RFC 9162, section 2.1.4.2.
// Nothing is proven about an empty old tree.
enum class Consistency { kSizeOutOfRange, kWrongPathLength, kOldRootMismatch, kRootMismatch, kProven };
[[nodiscard]] Consistency CheckConsistency(std::uint64_t old_size, std::uint64_t size, const Sha256Digest& old_root,
                                           const Sha256Digest& root, std::span<const Sha256Digest> path);

}  // namespace nachbau
