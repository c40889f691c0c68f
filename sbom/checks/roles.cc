#include "sbom/checks/roles.h"

#include <algorithm>
#include <array>

namespace nachbau::sbom {
namespace {

constexpr std::array<std::string_view, 8> kLogicalKinds = {"logical",     "product", "source package", "source",
                                                           "package set", "group",   "embedded copy",  "static library"};
constexpr std::array<std::string_view, 2> kOtherKinds = {"source file", "data file"};
// CycloneDX types of things that are no files, or not of software.
constexpr std::array<std::string_view, 4> kOtherTypes = {"cryptographic-asset", "device", "data", "platform"};

template <std::size_t Size>
bool Has(const std::array<std::string_view, Size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool HasFileField(const Subject& subject) {
  for (const Field* field : {&subject.file_name, &subject.executable, &subject.archive, &subject.structured,
                             &subject.deployable_hash, &subject.deployable_uri}) {
    if (!field->values.empty()) return true;
  }
  return !subject.hashes.empty();
}

// TR-03183-2, 3.2.1: files that are neither executable nor archives need not be listed.
bool IsPlainFile(const Subject& subject) {
  const auto says = [](const Field& field, std::string_view word) {
    return field.values.size() == 1 && field.values[0].value == word;
  };
  return says(subject.executable, "non-executable") && says(subject.archive, "no archive");
}

Role OwnRole(const Subject& subject, bool primary) {
  if (subject.marked_other || Has(kOtherTypes, subject.type) || IsPlainFile(subject)) return Role::kOther;
  if (subject.marked_logical) return Role::kLogical;
  const bool group = primary || subject.has_parts || subject.type == "operating-system";
  return group && !HasFileField(subject) && subject.type != "file" ? Role::kPerhapsLogical : Role::kDelivered;
}

}  // namespace

Kind KindOf(std::string_view property_value) {
  if (Has(kLogicalKinds, property_value)) return Kind::kLogical;
  if (Has(kOtherKinds, property_value)) return Kind::kOther;
  return property_value == "external" ? Kind::kExternal : Kind::kUnmarked;
}

bool IsSourceKind(std::string_view property_value) { return property_value == "source package" || property_value == "source"; }

std::vector<bool> Reached(const Sheet& sheet) {
  std::vector<bool> reached(sheet.subjects.size(), false);
  std::vector<std::size_t> open;
  if (sheet.primary != kNoComponent) {
    open.push_back(sheet.primary);
    reached[sheet.primary] = true;
  }
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const std::size_t next : sheet.subjects[at].needs) {
      if (reached[next]) continue;
      reached[next] = true;
      open.push_back(next);
    }
  }
  return reached;
}

void SettleRoles(Sheet& sheet) {
  for (std::size_t i = 0; i < sheet.subjects.size(); ++i) {
    Subject& subject = sheet.subjects[i];
    subject.role = subject.external ? Role::kReferenced : OwnRole(subject, i == sheet.primary);
  }
  // The first component outside on the way from something inside is to be identified; what only others outside need is
  // no more than referenced.
  for (const Subject& subject : sheet.subjects) {
    if (subject.external) continue;
    for (const std::size_t next : subject.needs) {
      if (sheet.subjects[next].external) sheet.subjects[next].role = Role::kIdentified;
    }
  }
}

}  // namespace nachbau::sbom
