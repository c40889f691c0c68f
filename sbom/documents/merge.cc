#include "sbom/documents/merge.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/error.h"
#include "base/jcs.h"
#include "sbom/documents/convert.h"
#include "sbom/elements.h"
#include "sbom/sbom.h"

namespace nachbau::sbom {
namespace {

// What several documents say of the completeness of one thing: it is complete only where all say so.
enum class Completeness { kComplete, kIncomplete, kUnknown };

Completeness ParseCompleteness(const std::string& aggregate) {
  if (aggregate == "complete") return Completeness::kComplete;
  return aggregate.starts_with("incomplete") ? Completeness::kIncomplete : Completeness::kUnknown;
}

const char* Name(Completeness completeness) {
  return completeness == Completeness::kComplete     ? "complete"
         : completeness == Completeness::kIncomplete ? "incomplete"
                                                     : "unknown";
}

// "Incomplete" is certain knowledge that something is missing, so it outweighs "unknown".
Completeness Together(Completeness left, Completeness right) {
  if (left == Completeness::kIncomplete || right == Completeness::kIncomplete) return Completeness::kIncomplete;
  return left == right ? left : Completeness::kUnknown;
}

struct Input {
  Json document;  // CycloneDX 1.7
  ContentId content;
  std::map<std::string, std::string> refs;  // as in the document → as in the result
};

// One component of the result, in however many inputs.
struct Group {
  Json value;          // without bom-ref and nested components
  std::string digest;  // of value and all above it
  std::set<std::string> old_refs;
  std::set<std::string> children;                            // digests
  std::vector<std::pair<std::size_t, std::string>> members;  // input, old ref
  std::string ref;
  bool nested = false;
};

class Merger {
 public:
  Merger(const std::vector<MergeInput>& inputs, const MergeProduct& product) : product_(product) {
    std::map<std::string, const MergeInput*> sorted;  // by content; the same file twice counts once
    for (const MergeInput& input : inputs) sorted.emplace(input.content.sha256.Hex(), &input);
    for (const auto& [digest, input] : sorted) {
      Conversion conversion = ToCycloneDx17(input->bom);
      for (Message& loss : conversion.losses) losses_.Add(std::move(loss));
      inputs_.push_back({std::move(conversion.document), input->content, {}});
      result_.components_read += input->bom.components.size();
    }
  }

  MergeResult Run() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) Collect(i);
    ChooseProduct();
    NameAll();
    Json document = {{"$schema", "http://cyclonedx.org/schema/bom-1.7.schema.json"},
                     {"bomFormat", "CycloneDX"},
                     {"specVersion", "1.7"},
                     {"version", 1},
                     {"metadata", Metadata()},
                     {"components", Components()},
                     {"dependencies", Dependencies()},
                     {"compositions", Compositions()},
                     {"externalReferences", References()}};
    for (const char* member : {"services", "formulation"}) {
      if (Json list = OtherList(member); !list.empty()) document[member] = list;
    }
    for (const char* member :
         {"annotations", "citations", "vulnerabilities", "declarations", "definitions", "properties"}) {
      for (const Input& input : inputs_) {
        if (input.document.contains(member)) losses_.Add(Msg("'{}' of the documents", std::string_view(member)));
      }
    }
    document["serialNumber"] =
        SerialNumber("https://nachbau.example.org/sbom/merged/" + Sha256(FormatJcs(document)).Hex());
    const std::vector<SchemaViolation> violations = Validate(document);
    if (!violations.empty()) {
      Error error(Msg("the merged document would not be valid: {}: {}", violations[0].pointer, violations[0].detail));
      error.SetHint(Msg("'nachbau sbom validate FILE…' tells which of the documents is not valid itself"));
      throw error;
    }
    result_.document = std::move(document);
    result_.losses = losses_.Take();
    return std::move(result_);
  }

 private:
  std::string Enter(std::size_t input, Json component, const std::string& above) {
    const std::string old_ref = TextMember(component, "bom-ref");
    Json children = ArrayMember(component, "components");
    component.erase("components");
    DropInnerRefs(component);
    const std::string digest = Sha256(above + FormatJcs(component)).Hex();
    const auto [entry, fresh] = groups_.try_emplace(digest);
    Group& group = entry->second;
    if (fresh) {
      group.value = std::move(component);
      group.digest = digest;
      group.nested = !above.empty();
    }
    group.old_refs.insert(old_ref);
    group.members.emplace_back(input, old_ref);
    for (Json& child : children) {
      if (child.is_object()) groups_[digest].children.insert(Enter(input, std::move(child), digest));
    }
    return digest;
  }

  // The ref of the component itself, and those of licences and ancestors in it, which would no longer be one of a kind.
  void DropInnerRefs(Json& value) {
    if (value.is_object()) {
      value.erase("bom-ref");
      // evidence.identity: its tools are refs to what is not taken over.
      if (value.contains("field") && value.erase("tools") != 0) losses_.Add(Msg("which tools identified a component"));
    }
    if (value.is_structured()) {
      for (Json& child : value) DropInnerRefs(child);
    }
  }

  void Collect(std::size_t i) {
    const Json& document = inputs_[i].document;
    for (const Json& component : ArrayMember(document, "components")) {
      if (component.is_object()) top_.insert(Enter(i, component, ""));
    }
    const auto metadata = document.find("metadata");
    if (metadata != document.end() && metadata->is_object() && metadata->contains("component")) {
      products_.insert(Enter(i, metadata->at("component"), ""));
    }
  }

  void ChooseProduct() {
    if (!product_.name.empty()) {
      for (const std::string& digest : products_) top_.insert(digest);
      return;
    }
    if (products_.size() == 1) {
      top_.erase(*products_.begin());
      return;
    }
    UsageError error(products_.empty() ? Msg("none of the documents says what product it is about")
                                       : Msg("the documents are about {} different products", products_.size()));
    error.SetHint(Msg("name what they are together: --name NAME --product-version VERSION"));
    throw error;
  }

  // A ref that all inputs use for this component, and for nothing else, stays. The others are called by purl or name,
  // with a part of the digest where that is not one of a kind.
  void NameAll() {
    std::map<std::string, std::size_t> uses;
    for (const auto& [digest, group] : groups_) {
      for (const std::string& ref : group.old_refs) ++uses[ref];
    }
    std::map<std::string, std::vector<Group*>> wanted;
    for (auto& [digest, group] : groups_) {
      const std::string old = group.old_refs.size() == 1 ? *group.old_refs.begin() : "";
      if (!old.empty() && uses[old] == 1) {
        wanted[old].push_back(&group);
        continue;
      }
      std::string base = TextMember(group.value, "purl");
      if (base.empty()) {
        base = TextMember(group.value, "type") + ":" + TextMember(group.value, "group") + "/" +
               TextMember(group.value, "name");
        if (const std::string version = TextMember(group.value, "version"); !version.empty()) base += "@" + version;
      }
      wanted[base].push_back(&group);
    }
    for (const auto& [base, list] : wanted) {
      for (Group* group : list) group->ref = list.size() == 1 ? base : base + "#" + group->digest.substr(0, 16);
    }
    std::map<std::string, std::size_t> purls;
    for (const auto& [digest, group] : groups_) {
      refs_.insert(group.ref);
      for (const auto& [input, old] : group.members) {
        if (!old.empty()) inputs_[input].refs[old] = group.ref;
      }
      if (const std::string purl = TextMember(group.value, "purl"); !purl.empty()) ++purls[purl];
    }
    for (const auto& [purl, count] : purls) {
      if (count > 1) result_.kept_apart += count;
    }
    result_.components = groups_.size();
    product_ref_ = product_.name.empty() ? groups_.at(*products_.begin()).ref : Free("product:" + product_.name);
  }

  std::string Free(std::string ref) {
    while (!refs_.insert(ref).second) ref += "#";
    return ref;
  }

  Json Write(const Group& group) const {
    Json component = group.value;
    component["bom-ref"] = group.ref;
    std::map<std::string, Json> children;
    for (const std::string& digest : group.children) {
      const Group& child = groups_.at(digest);
      children.emplace(child.ref, Write(child));
    }
    for (auto& [ref, child] : children) component["components"].push_back(std::move(child));
    return component;
  }

  Json Components() const {
    std::map<std::string, Json> sorted;
    for (const std::string& digest : top_) {
      const Group& group = groups_.at(digest);
      sorted.emplace(group.ref, Write(group));
    }
    Json list = Json::array();
    for (auto& [ref, component] : sorted) list.push_back(std::move(component));
    return list;
  }

  Json Metadata() {
    Json metadata = Json::object();
    std::string latest;
    std::set<std::string> tools, lifecycles;
    std::map<std::string, std::set<std::string>> same;  // member → canonical values
    std::map<std::string, std::size_t> count;
    for (const Input& input : inputs_) {
      const auto found = input.document.find("metadata");
      if (found == input.document.end() || !found->is_object()) continue;
      latest = std::max(latest, TextMember(*found, "timestamp"));
      for (const Json& lifecycle : ArrayMember(*found, "lifecycles")) lifecycles.insert(FormatJcs(lifecycle));
      if (found->contains("tools")) {
        const Json& named = found->at("tools");
        for (Json tool : named.is_array() ? named : ArrayMember(named, "components")) {
          if (!tool.is_object()) continue;
          if (named.is_array()) {  // as before 1.5
            tool["type"] = "application";
            if (const std::string vendor = TextMember(tool, "vendor"); !vendor.empty()) tool["publisher"] = vendor;
            tool.erase("vendor");
          }
          tool.erase("bom-ref");
          tools.insert(FormatJcs(tool));
        }
      }
      for (const char* member :
           {"authors", "manufacturer", "supplier", "licenses", "properties", "distributionConstraints"}) {
        if (!found->contains(member)) continue;
        same[member].insert(FormatJcs(found->at(member)));
        ++count[member];
      }
    }
    for (const auto& [member, values] : same) {
      if (values.size() == 1 && count[member] == inputs_.size())
        metadata[member] = ParseJson(*values.begin(), "metadata");
      else
        losses_.Add(Msg("'{}' of the metadata: not the same in all documents", member));
    }
    for (const std::string& tool : tools) metadata["tools"]["components"].push_back(ParseJson(tool, "tool"));
    for (const std::string& phase : lifecycles) metadata["lifecycles"].push_back(ParseJson(phase, "lifecycle"));
    if (!latest.empty()) metadata["timestamp"] = latest;
    if (product_.name.empty()) {
      metadata["component"] = Write(groups_.at(*products_.begin()));
    } else {
      metadata["component"] = {{"type", "application"}, {"bom-ref", product_ref_}, {"name", product_.name}};
      if (!product_.version.empty()) metadata["component"]["version"] = product_.version;
    }
    return metadata;
  }

  Json Dependencies() {
    std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> entries;
    for (Input& input : inputs_) {
      for (const Json& entry : ArrayMember(input.document, "dependencies")) {
        const auto from = input.refs.find(TextMember(entry, "ref"));
        if (from == input.refs.end()) {
          losses_.Add(Msg("dependencies of what is none of the components"));
          continue;
        }
        auto& [depends_on, provides] = entries[from->second];
        Translate(input, ArrayMember(entry, "dependsOn"), depends_on);
        Translate(input, ArrayMember(entry, "provides"), provides);
        // Two that became one depend on nothing new.
        depends_on.erase(from->second);
      }
    }
    if (!product_.name.empty()) {
      std::set<std::string>& parts = entries[product_ref_].first;
      for (const std::string& digest : products_) parts.insert(groups_.at(digest).ref);
      // A document without product: everything in it that nothing else needs.
      if (products_.empty()) {
        for (const std::string& digest : top_) parts.insert(groups_.at(digest).ref);
      }
    }
    Json list = Json::array();
    for (const auto& [ref, targets] : entries) {
      Json entry = {{"ref", ref}};
      if (!targets.first.empty()) entry["dependsOn"] = targets.first;
      if (!targets.second.empty()) entry["provides"] = targets.second;
      list.push_back(std::move(entry));
    }
    return list;
  }

  void Translate(const Input& input, const Json& refs, std::set<std::string>& into) {
    for (const Json& ref : refs) {
      if (!ref.is_string()) continue;
      const auto text = ref.get<std::string>();
      const auto found = input.refs.find(text);
      if (found != input.refs.end())
        into.insert(found->second);
      else if (text.starts_with("urn:cdx:"))
        into.insert(text);
      else
        losses_.Add(Msg("dependencies on what is none of the components, as on elements of other documents"));
    }
  }

  Json Compositions() const {
    // Of each input and thing what it says; what it has and says nothing about is unknown.
    std::map<std::string, Completeness> assemblies, dependencies;
    std::set<std::string> stated_assemblies, stated_dependencies;
    std::vector<std::map<std::string, Completeness>> of_assemblies(inputs_.size()), of_dependencies(inputs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      for (const Json& composition : ArrayMember(inputs_[i].document, "compositions")) {
        const Completeness completeness = ParseCompleteness(TextMember(composition, "aggregate"));
        const auto read = [&](const char* member, auto& into, std::set<std::string>& stated) {
          for (const Json& ref : ArrayMember(composition, member)) {
            if (!ref.is_string()) continue;
            const auto found = inputs_[i].refs.find(ref.get<std::string>());
            if (found == inputs_[i].refs.end()) continue;
            const auto [entry, fresh] = into.emplace(found->second, completeness);
            if (!fresh) entry->second = Together(entry->second, completeness);
            stated.insert(found->second);
          }
        };
        read("assemblies", of_assemblies[i], stated_assemblies);
        read("dependencies", of_dependencies[i], stated_dependencies);
      }
    }
    const auto combine = [&](const std::set<std::string>& stated, const auto& of_inputs, auto& into) {
      for (const auto& [digest, group] : groups_) {
        if (!stated.contains(group.ref)) continue;
        std::optional<Completeness> all;
        for (const auto& [input, old] : group.members) {
          const auto said = of_inputs[input].find(group.ref);
          const Completeness one = said == of_inputs[input].end() ? Completeness::kUnknown : said->second;
          all = all ? Together(*all, one) : one;
        }
        into.emplace(group.ref, all.value_or(Completeness::kUnknown));
      }
    };
    combine(stated_assemblies, of_assemblies, assemblies);
    combine(stated_dependencies, of_dependencies, dependencies);
    // Whether these documents are all of the product that was named for them, nobody has said.
    if (!product_.name.empty()) dependencies[product_ref_] = Completeness::kUnknown;
    Json list = Json::array();
    for (const Completeness completeness :
         {Completeness::kComplete, Completeness::kIncomplete, Completeness::kUnknown}) {
      Json entry = {{"aggregate", Name(completeness)}};
      for (const auto& [ref, said] : assemblies) {
        if (said == completeness) entry["assemblies"].push_back(ref);
      }
      for (const auto& [ref, said] : dependencies) {
        if (said == completeness) entry["dependencies"].push_back(ref);
      }
      if (entry.size() > 1) list.push_back(std::move(entry));
    }
    return list;
  }

  // The documents' own references, and a link to each document that was merged (CycloneDX, "BOM-Link").
  Json References() {
    std::set<std::string> all;
    for (const Input& input : inputs_) {
      for (const Json& reference : ArrayMember(input.document, "externalReferences")) all.insert(FormatJcs(reference));
      const std::string serial = TextMember(input.document, "serialNumber");
      if (!serial.starts_with("urn:uuid:")) continue;
      const auto version = input.document.find("version");
      const std::string number =
          version != input.document.end() && version->is_number_integer() ? version->dump() : "1";
      all.insert(FormatJcs({{"type", "bom"},
                            {"url", "urn:cdx:" + serial.substr(9) + "/" + number},
                            {"hashes", Hashes(input.content.sha256, input.content.sha512)}}));
    }
    Json list = Json::array();
    for (const std::string& reference : all) list.push_back(ParseJson(reference, "externalReference"));
    return list;
  }

  // Services and formulas of all documents, one after another. What has a name that is taken gets another one.
  Json OtherList(const char* member) {
    std::set<std::string> seen;
    Json list = Json::array();
    for (Input& input : inputs_) {
      for (Json item : ArrayMember(input.document, member)) {
        std::map<std::string, std::string> refs = input.refs;
        Rename(item, input.content.sha256.Hex(), refs);
        Redirect(item, refs);
        if (seen.insert(FormatJcs(item)).second) list.push_back(std::move(item));
      }
    }
    return list;
  }

  void Rename(Json& value, const std::string& digest, std::map<std::string, std::string>& refs) {
    if (value.is_object()) {
      if (const std::string ref = TextMember(value, "bom-ref"); !ref.empty()) {
        std::string fresh = refs_.contains(ref) ? ref + "#" + digest.substr(0, 16) : ref;
        fresh = Free(std::move(fresh));
        value["bom-ref"] = fresh;
        refs[ref] = fresh;
      }
    }
    if (value.is_structured()) {
      for (Json& child : value) Rename(child, digest, refs);
    }
  }

  static void Redirect(Json& value, const std::map<std::string, std::string>& refs) {
    if (value.is_object()) {
      const auto ref = value.find("ref");
      if (ref != value.end() && ref->is_string()) {
        if (const auto found = refs.find(ref->get<std::string>()); found != refs.end()) *ref = found->second;
      }
      // In a formulation tasks depend on each other like components.
      const auto targets = value.find("dependsOn");
      if (targets != value.end() && targets->is_array()) {
        for (Json& target : *targets) {
          if (!target.is_string()) continue;
          if (const auto found = refs.find(target.get<std::string>()); found != refs.end()) target = found->second;
        }
      }
    }
    if (value.is_structured()) {
      for (Json& child : value) Redirect(child, refs);
    }
  }

  const MergeProduct& product_;
  Losses losses_;
  std::vector<Input> inputs_;
  std::map<std::string, Group> groups_;   // by digest
  std::set<std::string> top_, products_;  // digests
  std::set<std::string> refs_;            // in use in the result
  std::string product_ref_;
  MergeResult result_;
};

}  // namespace

MergeResult Merge(const std::vector<MergeInput>& inputs, const MergeProduct& product) {
  return Merger(inputs, product).Run();
}

}  // namespace nachbau::sbom
