// licence_coverage FOLDER…: how much of the debian/copyright files beneath /usr/share/doc (or other folders) is understood.
// Prints how many are machine-readable, and how many of the licences named in them have an SPDX identifier.
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "base/file.h"
#include "sbom/licences/copyright.h"
#include "sbom/licences/expression.h"

int main(int argc, char** argv) {
  using namespace nachbau;
  const bool list = argc > 1 && std::string_view(argv[1]) == "--list";
  std::set<std::string> texts;
  for (int i = list ? 2 : 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::error_code error;
      const std::filesystem::path file = entry.path() / "copyright";
      if (std::filesystem::is_regular_file(file, error)) texts.insert(ReadFile(file));
    }
  }
  std::size_t readable = 0, paragraphs = 0, known_paragraphs = 0, whole = 0, problems = 0;
  std::map<std::string, int> licences, reasons;
  for (const std::string& text : texts) {
    const sbom::Copyright copyright = sbom::ParseCopyright(text, "copyright", "source");
    if (!copyright.machine_readable) {
      ++reasons[Render(copyright.reason)];
      continue;
    }
    ++readable;
    problems += copyright.problems.size();
    if (list) {
      for (const Message& problem : copyright.problems) std::printf("problem\t%s\n", Render(problem).c_str());
    }
    bool all = true;
    for (const sbom::CopyrightFiles& files : copyright.files) {
      ++paragraphs;
      const bool known = !files.expression.empty() && files.expression.find("LicenseRef-") == std::string::npos;
      known_paragraphs += known ? 1 : 0;
      all = all && known;
      if (files.expression.empty()) continue;
      for (const std::string& licence : sbom::LicencesOf(sbom::ParseLicenceExpression(files.expression, "x"))) {
        ++licences[licence.substr(0, licence.find("--"))];
      }
    }
    whole += all ? 1 : 0;
  }
  int uses = 0, references = 0;
  std::size_t reference_names = 0;
  for (const auto& [licence, count] : licences) {
    const bool reference = licence.find("LicenseRef-") != std::string::npos;
    uses += count;
    references += reference ? count : 0;
    reference_names += reference ? 1 : 0;
    if (list) std::printf("%s\t%d\t%s\n", reference ? "reference" : "spdx", count, licence.c_str());
  }
  if (list) {
    for (const auto& [reason, count] : reasons) std::printf("unreadable\t%d\t%s\n", count, reason.c_str());
  }
  std::printf("%zu distinct files, %zu machine-readable (%zu problems), %zu of them with SPDX identifiers only\n", texts.size(),
              readable, problems, whole);
  std::printf("%zu Files paragraphs, %zu with SPDX identifiers only (%.1f %%)\n", paragraphs, known_paragraphs,
              100.0 * static_cast<double>(known_paragraphs) / static_cast<double>(paragraphs));
  std::printf("%d licences named in them, %d without SPDX identifier (%.1f %%); %zu names, %zu without\n", uses, references,
              100.0 * references / uses, licences.size(), reference_names);
}
