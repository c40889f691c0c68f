// RFC 6962, section 2.1, written down as the text has it: slow, recursive, over a list of entries.
#pragma once

#include <string>
#include <vector>

#include "base/digest.h"

namespace nachbau::reference {

using Entries = std::vector<std::string>;

inline Entries Slice(const Entries& entries, std::size_t begin, std::size_t end) {
  return Entries(entries.begin() + static_cast<std::ptrdiff_t>(begin), entries.begin() + static_cast<std::ptrdiff_t>(end));
}

// "let k be the largest power of two smaller than n"
inline std::size_t LargestPowerOfTwoSmallerThan(std::size_t n) {
  std::size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

// MTH(D[n])
inline Sha256Digest TreeHash(const Entries& entries) {
  if (entries.empty()) return Sha256("");
  if (entries.size() == 1) return Sha256(std::string(1, '\0') + entries[0]);
  const std::size_t k = LargestPowerOfTwoSmallerThan(entries.size());
  const Sha256Digest left = TreeHash(Slice(entries, 0, k));
  const Sha256Digest right = TreeHash(Slice(entries, k, entries.size()));
  return Sha256(std::string(1, '\1') + std::string(left.View()) + std::string(right.View()));
}

// PATH(m, D[n])
inline std::vector<Sha256Digest> Path(std::size_t m, const Entries& entries) {
  if (entries.size() == 1) return {};
  const std::size_t k = LargestPowerOfTwoSmallerThan(entries.size());
  std::vector<Sha256Digest> path;
  if (m < k) {
    path = Path(m, Slice(entries, 0, k));
    path.push_back(TreeHash(Slice(entries, k, entries.size())));
  } else {
    path = Path(m - k, Slice(entries, k, entries.size()));
    path.push_back(TreeHash(Slice(entries, 0, k)));
  }
  return path;
}

// SUBPROOF(m, D[n], b); PROOF(m, D[n]) is SUBPROOF(m, D[n], true)
inline std::vector<Sha256Digest> Subproof(std::size_t m, const Entries& entries, bool b) {
  if (m == entries.size()) return b ? std::vector<Sha256Digest>() : std::vector<Sha256Digest>{TreeHash(entries)};
  const std::size_t k = LargestPowerOfTwoSmallerThan(entries.size());
  std::vector<Sha256Digest> proof;
  if (m <= k) {
    proof = Subproof(m, Slice(entries, 0, k), b);
    proof.push_back(TreeHash(Slice(entries, k, entries.size())));
  } else {
    proof = Subproof(m - k, Slice(entries, k, entries.size()), false);
    proof.push_back(TreeHash(Slice(entries, 0, k)));
  }
  return proof;
}

}  // namespace nachbau::reference
