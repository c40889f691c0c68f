// What a program does that validates CycloneDX with valijson and nothing beside it. Compiled by validate_bench.sh.
//
//   valijson_peer SCHEMAS DOCUMENT    0: conforms, 1: does not
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

using Json = nlohmann::json;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string folder = std::string(argv[1]) + "/";
  const auto read = [](const std::string& path) {
    std::ifstream in(path);
    return Json::parse(in);
  };
  const Json document = read(argv[2]);
  const Json schema_text = read(folder + "bom-" + document.at("specVersion").get<std::string>() + ".SNAPSHOT.schema.json");
  std::map<std::string, Json> referenced;
  const auto fetch = [&](const std::string& uri) -> const Json* {
    const std::string file = uri.substr(uri.rfind('/') + 1);
    const std::string name = file.substr(0, file.find('#'));
    if (referenced.count(name) == 0) referenced[name] = read(folder + name);
    return &referenced[name];
  };
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_text), schema,
                                          std::function<const Json*(const std::string&)>(fetch), [](const Json*) {});
  valijson::ValidationResults results;
  valijson::Validator validator;
  return validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), &results) ? 0 : 1;
}
