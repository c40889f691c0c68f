#include "report/products.h"

#include <algorithm>
#include <map>

#include "base/amount.h"
#include "base/encoding.h"
#include "report/lines.h"

namespace nachbau::report {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two blanks between; the last is as long as it is.
void ShowTable(Lines& lines, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i + 1 == row.size() ? row[i] : Pad(row[i], widths[i] + 2);
    }
    lines.Raw(line);
  }
}

std::string Text(const Lines& lines, const Holding& holding) {
  if (holding.files == 0) return "-";
  return lines.Translate(Msg("{} files, {}", holding.files, FormatBytes(holding.bytes)));
}

std::string DayOf(const std::optional<UnixSeconds>& time) { return time ? FormatTime(*time).substr(0, 10) : "-"; }

std::string DepthOf(const Product& product) {
  if (product.kind != ProductKind::kDebian) return "-";
  return product.depth == kFullDepth ? "max" : std::to_string(product.depth);
}

void ShowFile(Lines& lines, const ClosureFile& file) {
  lines.Raw("    " + Printable(file.name) + " (" + std::string(Name(file.role)) + ", " +
            lines.Translate(Msg("level {}", file.level)) + "): " + Printable(lines.Translate({file.missing, {}})));
}

void ShowSources(Lines& lines, const Message& title, const std::vector<ClosureSource>& sources, bool all) {
  if (sources.empty()) return;
  lines.Plain(title);
  if (!all) return;
  for (const ClosureSource& source : sources) {
    const std::string& reason = source.missing.empty() ? source.problem : source.missing;
    lines.Raw("    " + Printable(source.name + " " + source.version) + " (" +
              lines.Translate(Msg("level {}", source.level)) + "): " + Printable(lines.Translate({reason, {}})));
  }
}

void ShowMissing(Lines& lines, const ProductStatus& status, bool all) {
  const std::string& name = status.product.name;
  if (!status.damage.empty()) lines.Plain(Msg("{}: {}", name, Printable(status.damage)));
  std::map<std::string, std::uint64_t> reasons;
  if (status.missing_needed.files != 0) {
    lines.Plain(Msg("{}: {} files are missing that a rebuild needs:", name, status.missing_needed.files));
  }
  for (const ClosureFile& file : status.missing) {
    if (file.Needed()) ShowFile(lines, file);
    if (!file.Needed()) ++reasons[file.missing];
  }
  if (status.missing_wanted.files != 0) {
    std::string list;
    for (const auto& [reason, count] : reasons) {
      list += (list.empty() ? "" : "; ") + std::to_string(count) + " x " +
              Printable(lines.Translate({reason, {}}));
    }
    lines.Plain(Msg("{}: {} files are missing that only independence needs: {}", name, status.missing_wanted.files, list));
    for (const ClosureFile& file : status.missing) {
      if (all && !file.Needed()) ShowFile(lines, file);
    }
  }
  ShowSources(lines, Msg("{}: {} source packages are in no index at the version needed", name, status.unoffered.size()),
              status.unoffered, all);
  ShowSources(lines, Msg("{}: the build environments of {} source packages cannot be resolved", name,
                         status.unresolved.size()),
              status.unresolved, all);
}

}  // namespace

std::string FormatMirrorStatus(const MirrorStatus& status, bool all, const Catalogue& catalogue) {
  Lines lines(catalogue);
  const auto text = [&](const Message& message) { return lines.Translate(message); };
  if (status.products.empty()) {
    lines.Plain(Msg("There are no products. 'nachbau mirror add SOURCE' makes one."));
    return lines.Take();
  }
  std::vector<Row> rows = {{text(Msg("product")), text(Msg("version")), text(Msg("depth")), text(Msg("held")),
                            text(Msg("of it shared")), text(Msg("missing, needed")), text(Msg("missing, wanted")),
                            text(Msg("oldest proof"))}};
  for (const ProductStatus& one : status.products) {
    rows.push_back({one.product.name, Printable(one.product.current.version), DepthOf(one.product), Text(lines, one.held),
                    Text(lines, one.shared), Text(lines, one.missing_needed), Text(lines, one.missing_wanted),
                    DayOf(one.oldest_proof)});
  }
  const ProductTotals& totals = status.totals;
  if (status.products.size() > 1) {
    rows.push_back({text(Msg("all together")), "", "", Text(lines, totals.held), Text(lines, totals.shared),
                    Text(lines, totals.missing_needed), Text(lines, totals.missing_wanted), DayOf(totals.oldest_proof)});
  }
  ShowTable(lines, rows);
  const auto something = std::any_of(status.products.begin(), status.products.end(), [](const ProductStatus& one) {
    return !one.damage.empty() || !one.missing.empty() || !one.unoffered.empty() || !one.unresolved.empty();
  });
  if (something) lines.Raw("");
  for (const ProductStatus& one : status.products) ShowMissing(lines, one, all);
  if (something && !all) lines.Plain(Msg("'nachbau mirror status --missing' lists every file and source."));
  if (!status.Complete()) {
    lines.Plain(Msg("Next: 'nachbau mirror add' with these names tries again; an earlier snapshot of the archive may "
                    "still have what was removed"));
  } else {
    lines.Plain(something ? Msg("Everything that a rebuild needs is held.")
                          : Msg("Everything is held: for a rebuild, and for independence as far as the depth goes."));
  }
  return lines.Take();
}

}  // namespace nachbau::report
