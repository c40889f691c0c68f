#include "sbom/validation/references.h"

#include <string>
#include <unordered_set>

#include "base/encoding.h"

namespace nachbau::sbom {
namespace {

constexpr const char* kRule = "bom-ref";
constexpr std::size_t kMaxShown = 200;  // bytes of a foreign name in a message

std::string Shown(const std::string& name) { return Printable(std::string_view(name).substr(0, kMaxShown)); }

class References {
 public:
  explicit References(std::vector<SchemaViolation>& violations) : violations_(violations) {}

  void Collect(const Json& value, const std::string& pointer) {
    if (value.is_object()) {
      const auto ref = value.find("bom-ref");
      if (ref != value.end() && ref->is_string() && !known_.insert(ref->get<std::string>()).second) {
        violations_.push_back({pointer + "/bom-ref", kRule, "used before: " + Shown(ref->get<std::string>())});
      }
      for (const auto& [name, child] : value.items()) Collect(child, pointer + "/" + name);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) Collect(value[i], pointer + "/" + std::to_string(i));
    }
  }

  // One reference or an array of them.
  void Resolve(const Json& value, const std::string& pointer) {
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) Resolve(value[i], pointer + "/" + std::to_string(i));
      return;
    }
    if (!value.is_string()) return;
    const std::string& name = value.get_ref<const std::string&>();
    if (!known_.contains(name) && !name.starts_with("urn:cdx:")) {
      violations_.push_back({pointer, kRule, "nothing has this bom-ref: " + Shown(name)});
    }
  }

  void ResolveMembers(const Json& list, const std::string& pointer, std::initializer_list<const char*> members) {
    if (!list.is_array()) return;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_object()) continue;
      for (const char* member : members) {
        const auto value = list[i].find(member);
        if (value != list[i].end()) Resolve(*value, pointer + "/" + std::to_string(i) + "/" + member);
      }
    }
  }

  // Every member "ref" beneath, as tasks name their inputs and outputs.
  void ResolveAll(const Json& value, const std::string& pointer) {
    if (value.is_object()) {
      for (const auto& [name, child] : value.items()) {
        if (name == "ref") Resolve(child, pointer + "/ref");
        else ResolveAll(child, pointer + "/" + name);
      }
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) ResolveAll(value[i], pointer + "/" + std::to_string(i));
    }
  }

  void OneEntryEach(const Json& dependencies) {
    if (!dependencies.is_array()) return;
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < dependencies.size(); ++i) {
      const auto ref = dependencies[i].is_object() ? dependencies[i].find("ref") : dependencies[i].end();
      if (!dependencies[i].is_object() || ref == dependencies[i].end() || !ref->is_string()) continue;
      if (!seen.insert(ref->get<std::string>()).second) {
        violations_.push_back({"/dependencies/" + std::to_string(i) + "/ref", kRule,
                               "has an entry before: " + Shown(ref->get<std::string>())});
      }
    }
  }

 private:
  std::vector<SchemaViolation>& violations_;
  std::unordered_set<std::string> known_;
};

}  // namespace

void CheckReferences(const Json& document, std::vector<SchemaViolation>& violations) {
  if (!document.is_object()) return;
  const auto member = [&](const char* name) { return document.value(name, Json()); };
  References references(violations);
  references.Collect(document, "");
  const Json dependencies = member("dependencies");
  references.ResolveMembers(dependencies, "/dependencies", {"ref", "dependsOn", "provides"});
  references.OneEntryEach(dependencies);
  references.ResolveMembers(member("compositions"), "/compositions", {"assemblies", "dependencies", "vulnerabilities"});
  references.ResolveAll(member("formulation"), "/formulation");
}

}  // namespace nachbau::sbom
