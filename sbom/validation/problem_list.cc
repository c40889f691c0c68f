#include "sbom/validation/problem_list.h"

#include <algorithm>

#include "base/encoding.h"
#include "sbom/validation/suggestion.h"

namespace nachbau::sbom {
namespace {

constexpr std::uint64_t kKeptOfAKind = 3;

}  // namespace

void ProblemList::Add(ProblemLevel level, Violation violation) {
  ++(level == ProblemLevel::kViolation ? violations_ : advice_);
  std::string kind = level == ProblemLevel::kViolation ? "v" : "a";
  for (const std::string* part : {&violation.rule, &violation.topic, &violation.message.text}) kind += '\x1f' + *part;
  const JsonTree::Key key = tree_.KeyOf(violation.value);
  kind += '\x1f' + (key == JsonTree::kNoKey ? std::string() : std::string(tree_.KeyText(key).substr(0, kMaxQuoted)));
  const auto known = kinds_.find(kind);
  if (known != kinds_.end() && known->second.count >= kKeptOfAKind) {
    ++known->second.count;
    ++problems_[known->second.last].more;
    return;
  }
  if (problems_.size() >= kMaxProblems) return;
  Kind& entry = kinds_[kind];
  ++entry.count;
  entry.last = problems_.size();
  problems_.push_back({level, tree_.Pointer(violation.value), std::move(violation.rule), std::move(violation.message),
                       std::move(violation.remedy), 0});
}

void ProblemList::MoveInto(Validation& validation) {
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const Problem& a, const Problem& b) { return a.level < b.level; });
  validation.violations += violations_;
  validation.advice += advice_;
  for (Problem& problem : problems_) validation.problems.push_back(std::move(problem));
}

}  // namespace nachbau::sbom
