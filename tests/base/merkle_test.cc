#include "base/merkle.h"

#include <gtest/gtest.h>

#include "tests/reference/merkle.h"

namespace nachbau {
namespace {

constexpr std::size_t kMost = 70;

class MerkleTest : public testing::Test {
 protected:
  MerkleTest() {
    for (std::size_t i = 0; i < kMost; ++i) entries_.push_back("entry " + std::to_string(i));
    levels_.emplace_back();
    for (const std::string& entry : entries_) levels_[0].push_back(HashLeaf(entry));
    while (levels_.back().size() > 1) {
      const auto& below = levels_.back();
      std::vector<Sha256Digest> level;
      for (std::size_t i = 0; i + 1 < below.size(); i += 2) level.push_back(HashNode(below[i], below[i + 1]));
      levels_.push_back(std::move(level));
    }
  }
  reference::Entries First(std::size_t size) const { return reference::Slice(entries_, 0, size); }
  // Only nodes that are complete within `size` may be asked for: others are not known to a log of that size.
  NodeReader Nodes(std::size_t size) const {
    return [this, size](unsigned level, std::uint64_t index) {
      EXPECT_LE((index + 1) << level, size);
      return levels_.at(level).at(index);
    };
  }

  reference::Entries entries_;
  std::vector<std::vector<Sha256Digest>> levels_;
};

TEST_F(MerkleTest, EmptyTreeAndFirstLeafAreAsPublished) {
  // printf '' | sha256sum; printf '\0' | sha256sum
  EXPECT_EQ(TreeHash(0, {}).Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HashLeaf("").Hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST_F(MerkleTest, LeafIsNotMistakenForANode) {
  const Sha256Digest left = HashLeaf("a");
  const Sha256Digest right = HashLeaf("b");
  EXPECT_NE(HashLeaf(std::string(left.View()) + std::string(right.View())), HashNode(left, right));
}

TEST_F(MerkleTest, TreeHashIsTheReferences) {
  for (std::size_t size = 0; size <= kMost; ++size) {
    EXPECT_EQ(TreeHash(size, Nodes(size)), reference::TreeHash(First(size))) << size;
  }
}

TEST_F(MerkleTest, InclusionProofsAreTheReferencesAndHold) {
  for (std::size_t size = 1; size <= kMost; ++size) {
    const Sha256Digest root = reference::TreeHash(First(size));
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = ProveInclusion(index, size, Nodes(size));
      ASSERT_EQ(path, reference::Path(index, First(size))) << index << " of " << size;
      EXPECT_EQ(CheckInclusion(index, size, levels_[0][index], path, root), Inclusion::kProven);
    }
  }
}

TEST_F(MerkleTest, ConsistencyProofsAreTheReferencesAndHold) {
  for (std::size_t size = 1; size <= kMost; ++size) {
    const Sha256Digest root = reference::TreeHash(First(size));
    for (std::size_t old_size = 1; old_size <= size; ++old_size) {
      const auto path = ProveConsistency(old_size, size, Nodes(size));
      ASSERT_EQ(path, reference::Subproof(old_size, First(size), true)) << old_size << " of " << size;
      EXPECT_EQ(CheckConsistency(old_size, size, reference::TreeHash(First(old_size)), root, path),
                Consistency::kProven);
    }
  }
}

TEST_F(MerkleTest, RejectsInclusionInAnyOtherPlaceSizeOrTree) {
  for (std::size_t size = 1; size <= 20; ++size) {
    const Sha256Digest root = reference::TreeHash(First(size));
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = ProveInclusion(index, size, Nodes(size));
      for (std::size_t other = 0; other < size + 2; ++other) {
        if (other == index) continue;
        EXPECT_NE(CheckInclusion(other, size, levels_[0][index], path, root), Inclusion::kProven);
      }
      for (std::size_t i = 0; i < path.size(); ++i) {
        auto changed = path;
        changed[i].bytes[0] ^= 1;
        EXPECT_EQ(CheckInclusion(index, size, levels_[0][index], changed, root), Inclusion::kRootMismatch);
      }
      EXPECT_EQ(CheckInclusion(index, size, HashLeaf("other"), path, root), Inclusion::kRootMismatch);
    }
  }
}

TEST_F(MerkleTest, RejectsPathOneHashTooLongOrTooShort) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const Sha256Digest root = reference::TreeHash(First(size));
    for (std::size_t index = 0; index < size; ++index) {
      auto path = ProveInclusion(index, size, Nodes(size));
      path.push_back(root);
      EXPECT_EQ(CheckInclusion(index, size, levels_[0][index], path, root), Inclusion::kWrongPathLength);
      path.pop_back();
      if (path.empty()) continue;
      path.pop_back();
      EXPECT_EQ(CheckInclusion(index, size, levels_[0][index], path, root), Inclusion::kWrongPathLength);
    }
  }
}

TEST_F(MerkleTest, RejectsIndexBeyondTheTree) {
  EXPECT_EQ(CheckInclusion(0, 0, HashLeaf(""), {}, Sha256("")), Inclusion::kIndexOutOfRange);
  EXPECT_EQ(CheckInclusion(5, 5, HashLeaf(""), {}, Sha256("")), Inclusion::kIndexOutOfRange);
  EXPECT_EQ(CheckInclusion(~std::uint64_t{0}, ~std::uint64_t{0}, HashLeaf(""), {}, Sha256("")),
            Inclusion::kIndexOutOfRange);
}

TEST_F(MerkleTest, RejectsConsistencyWithAnotherOldTree) {
  for (std::size_t size = 2; size <= 24; ++size) {
    const Sha256Digest root = reference::TreeHash(First(size));
    for (std::size_t old_size = 1; old_size < size; ++old_size) {
      const Sha256Digest old_root = reference::TreeHash(First(old_size));
      auto path = ProveConsistency(old_size, size, Nodes(size));
      EXPECT_NE(CheckConsistency(old_size, size, HashLeaf("fork"), root, path), Consistency::kProven);
      EXPECT_EQ(CheckConsistency(old_size, size, old_root, HashLeaf("fork"), path), Consistency::kRootMismatch);
      for (std::size_t i = 0; i < path.size(); ++i) {
        auto changed = path;
        changed[i].bytes[31] ^= 0x80;
        EXPECT_NE(CheckConsistency(old_size, size, old_root, root, changed), Consistency::kProven);
      }
      path.push_back(root);
      EXPECT_EQ(CheckConsistency(old_size, size, old_root, root, path), Consistency::kWrongPathLength);
      path.resize(path.size() - 2);
      EXPECT_NE(CheckConsistency(old_size, size, old_root, root, path), Consistency::kProven);
    }
  }
}

TEST_F(MerkleTest, ConsistencyOfEqualSizesNeedsEqualRootsAndNoPath) {
  const Sha256Digest root = reference::TreeHash(First(7));
  const std::vector<Sha256Digest> path = {root};
  EXPECT_EQ(CheckConsistency(7, 7, root, root, {}), Consistency::kProven);
  EXPECT_EQ(CheckConsistency(7, 7, root, root, path), Consistency::kWrongPathLength);
  EXPECT_EQ(CheckConsistency(7, 7, HashLeaf("fork"), root, {}), Consistency::kRootMismatch);
  EXPECT_EQ(CheckConsistency(0, 7, Sha256(""), root, {}), Consistency::kSizeOutOfRange);
  EXPECT_EQ(CheckConsistency(8, 7, root, root, {}), Consistency::kSizeOutOfRange);
}

}  // namespace
}  // namespace nachbau
