// Package URLs, taken apart, made, checked.
#include "base/error.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "sbom/purl/purl.h"

namespace nachbau::cli {
namespace {

// What CheckPurl has against it, or why it cannot be read; whether it is valid.
bool Judge(const Context& context, const std::string& text, Json& list) {
  Json entry = {{"purl", text}};
  Json problems = Json::array();
  bool valid = true;
  std::string canonical;
  std::vector<std::string> lines;
  try {
    const sbom::Purl purl = sbom::ParsePurl(text);
    canonical = FormatPurl(purl);
    entry["canonical"] = canonical;
    for (const sbom::PurlProblem& problem : CheckPurl(purl)) {
      valid = valid && !problem.is_violation;
      problems.push_back(
          {{"part", problem.part}, {"message", Render(problem.message)}, {"violation", problem.is_violation}});
      lines.push_back(context.Text(problem.message));
    }
  } catch (const ParseError& error) {
    valid = false;
    problems.push_back({{"part", "purl"}, {"message", Render(error.parts().back())}, {"violation", true}});
    lines.push_back(context.Text(error.parts().back()));
  }
  entry["valid"] = valid;
  entry["problems"] = std::move(problems);
  if (context.arguments().json) {
    list.push_back(std::move(entry));
    return valid;
  }
  context.Print(valid ? Msg("{}: valid", text) : Msg("{}: not valid", text));
  for (const std::string& line : lines) context.PrintLine("  " + line);
  if (!canonical.empty() && canonical != text) context.Print(Msg("  canonical form: {}", canonical));
  return valid;
}

}  // namespace

int RunPurlParse(Context& context) {
  Json list = Json::array();
  for (const std::string& text : context.arguments().names) {
    const sbom::Purl purl = sbom::ParsePurl(text);
    if (context.arguments().json) {
      Json entry = ToJson(purl);
      entry["canonical"] = FormatPurl(purl);
      list.push_back(std::move(entry));
      continue;
    }
    context.PrintLine(FormatPurl(purl));
    const auto show = [&](const char* key, const std::string& value) {
      if (!value.empty())
        context.PrintLine("  " + std::string(key) + std::string(12 - std::string(key).size(), ' ') + value);
    };
    show("type", purl.type);
    show("namespace", purl.namespace_);
    show("name", purl.name);
    show("version", purl.version);
    for (const auto& [key, value] : purl.qualifiers) show("qualifier", key + "=" + value);
    show("subpath", purl.subpath);
  }
  if (context.arguments().json) context.PrintJson(list);
  return kGood;
}

int RunPurlBuild(Context& context) {
  const Arguments& arguments = context.arguments();
  sbom::Purl parts{arguments.names.at(0),
                   arguments.purl_namespace,
                   arguments.names.at(1),
                   arguments.names.size() > 2 ? arguments.names[2] : "",
                   {},
                   arguments.subpath};
  for (const std::string& qualifier : arguments.qualifiers) {
    const std::size_t equals = qualifier.find('=');
    if (equals == qualifier.npos) throw UsageError(Msg("write {} as KEY=VALUE", qualifier));
    parts.qualifiers[qualifier.substr(0, equals)] = qualifier.substr(equals + 1);
  }
  const sbom::Purl purl = sbom::MakePurl(std::move(parts));
  for (const sbom::PurlProblem& problem : CheckPurl(purl)) {
    if (problem.is_violation) throw UsageError(problem.message);
  }
  if (context.arguments().json) {
    Json json = ToJson(purl);
    json["canonical"] = FormatPurl(purl);
    context.PrintJson(json);
  } else {
    context.PrintLine(FormatPurl(purl));
  }
  return kGood;
}

int RunPurlValidate(Context& context) {
  Json list = Json::array();
  bool valid = true;
  for (const std::string& text : context.arguments().names) valid = Judge(context, text, list) && valid;
  if (context.arguments().json) context.PrintJson(list);
  return valid ? kGood : kBad;
}

}  // namespace nachbau::cli
