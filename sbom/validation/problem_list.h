// Gathers what is wrong with a document: everything is counted, a few of each kind are kept.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sbom/validation/json_tree.h"
#include "sbom/validation/schema_check.h"
#include "sbom/validation/validation.h"

namespace nachbau::sbom {

class ProblemList {
 public:
  explicit ProblemList(const JsonTree& tree) : tree_(tree) {}

  // Of one kind are problems with the same level, rule, topic, message text and name of the member concerned.
  void Add(ProblemLevel level, Violation violation);
  std::uint64_t Count(ProblemLevel level) const { return level == ProblemLevel::kViolation ? violations_ : advice_; }
  void MoveInto(Validation& validation);

 private:
  struct Kind {
    std::uint64_t count = 0;
    std::size_t last = 0;  // the last that is kept
  };
  const JsonTree& tree_;
  std::map<std::string, Kind> kinds_;
  std::vector<Problem> problems_;
  std::uint64_t violations_ = 0, advice_ = 0;
};

}  // namespace nachbau::sbom
