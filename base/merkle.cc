// Idea: the tree of n leaves is a row of complete subtrees, one per bit set in n, largest first; the hash of any range
// that starts at a multiple of a power of two not smaller than its length can be put together from complete subtrees.
#include "base/merkle.h"

#include <bit>

#include "base/error.h"

namespace nachbau {
namespace {

// MTH of the leaves [begin, end); `begin` is aligned as RFC 6962's splits make it.
Sha256Digest RangeHash(std::uint64_t begin, std::uint64_t end, const NodeReader& node) {
  const std::uint64_t length = end - begin;
  if (std::has_single_bit(length)) {
    const auto level = static_cast<unsigned>(std::countr_zero(length));
    return node(level, begin >> level);
  }
  const std::uint64_t split = std::bit_floor(length);
  return HashNode(RangeHash(begin, begin + split, node), RangeHash(begin + split, end, node));
}

// The largest power of two smaller than `length` (length > 1).
std::uint64_t Split(std::uint64_t length) { return std::bit_floor(length - 1); }

void Include(std::uint64_t index, std::uint64_t begin, std::uint64_t end, const NodeReader& node,
             std::vector<Sha256Digest>& path) {
  if (end - begin == 1) return;
  const std::uint64_t middle = begin + Split(end - begin);
  if (index < middle) {
    Include(index, begin, middle, node, path);
    path.push_back(RangeHash(middle, end, node));
  } else {
    Include(index, middle, end, node, path);
    path.push_back(RangeHash(begin, middle, node));
  }
}

// SUBPROOF of RFC 6962, section 2.1.2. `whole`: the old tree's hash of this range is known to the checker.
void Link(std::uint64_t old_end, std::uint64_t begin, std::uint64_t end, bool whole, const NodeReader& node,
          std::vector<Sha256Digest>& path) {
  if (old_end == end) {
    if (!whole) path.push_back(RangeHash(begin, end, node));
    return;
  }
  const std::uint64_t middle = begin + Split(end - begin);
  if (old_end <= middle) {
    Link(old_end, begin, middle, whole, node, path);
    path.push_back(RangeHash(middle, end, node));
  } else {
    Link(old_end, middle, end, false, node, path);
    path.push_back(RangeHash(begin, middle, node));
  }
}

}  // namespace

Sha256Digest HashLeaf(std::string_view entry) {
  std::string bytes(1, '\0');
  return Sha256(bytes.append(entry));
}

Sha256Digest HashNode(const Sha256Digest& left, const Sha256Digest& right) {
  std::string bytes(1, '\1');
  return Sha256(bytes.append(left.View()).append(right.View()));
}

Sha256Digest TreeHash(std::uint64_t size, const NodeReader& node) {
  return size == 0 ? Sha256("") : RangeHash(0, size, node);
}

std::vector<Sha256Digest> ProveInclusion(std::uint64_t index, std::uint64_t size, const NodeReader& node) {
  NACHBAU_CHECK(index < size);
  std::vector<Sha256Digest> path;
  Include(index, 0, size, node, path);
  return path;
}

std::vector<Sha256Digest> ProveConsistency(std::uint64_t old_size, std::uint64_t size, const NodeReader& node) {
  NACHBAU_CHECK(old_size > 0 && old_size <= size);
  std::vector<Sha256Digest> path;
  Link(old_size, 0, size, true, node, path);
  return path;
}

Inclusion CheckInclusion(std::uint64_t index, std::uint64_t size, const Sha256Digest& leaf_hash,
                         std::span<const Sha256Digest> path, const Sha256Digest& root) {
  if (index >= size) return Inclusion::kIndexOutOfRange;
  std::uint64_t at = index;
  std::uint64_t last = size - 1;  // on this level
  Sha256Digest hash = leaf_hash;
  for (const Sha256Digest& sibling : path) {
    if (last == 0) return Inclusion::kWrongPathLength;
    if ((at & 1) != 0 || at == last) {
      hash = HashNode(sibling, hash);
      // A node without sibling on its level is carried up unchanged.
      while ((at & 1) == 0 && at != 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      hash = HashNode(hash, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  if (last != 0) return Inclusion::kWrongPathLength;
  return hash == root ? Inclusion::kProven : Inclusion::kRootMismatch;
}

Consistency CheckConsistency(std::uint64_t old_size, std::uint64_t size, const Sha256Digest& old_root,
                             const Sha256Digest& root, std::span<const Sha256Digest> path) {
  if (old_size == 0 || old_size > size) return Consistency::kSizeOutOfRange;
  if (old_size == size) {
    if (!path.empty()) return Consistency::kWrongPathLength;
    return old_root == root ? Consistency::kProven : Consistency::kRootMismatch;
  }
  // Where the old tree is one complete subtree, its hash is the first element, and is left out of the path.
  const bool complete = std::has_single_bit(old_size);
  if (path.empty()) return Consistency::kWrongPathLength;
  std::uint64_t at = old_size - 1;
  std::uint64_t last = size - 1;
  while ((at & 1) != 0) {
    at >>= 1;
    last >>= 1;
  }
  Sha256Digest old_hash = complete ? old_root : path.front();
  Sha256Digest new_hash = old_hash;
  for (const Sha256Digest& sibling : path.subspan(complete ? 0 : 1)) {
    if (last == 0) return Consistency::kWrongPathLength;
    if ((at & 1) != 0 || at == last) {
      old_hash = HashNode(sibling, old_hash);
      new_hash = HashNode(sibling, new_hash);
      while ((at & 1) == 0 && at != 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = HashNode(new_hash, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  if (last != 0) return Consistency::kWrongPathLength;
  if (old_hash != old_root) return Consistency::kOldRootMismatch;
  return new_hash == root ? Consistency::kProven : Consistency::kRootMismatch;
}

}  // namespace nachbau
