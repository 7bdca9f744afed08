import ArgumentParser
import Datasets
import Foundation
import ToolSupport

struct DatasetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "datasets", abstract: "Look at data sets.",
    discussion: """
      Example:
        flawless datasets check --data mvtec
      """,
    subcommands: [DatasetsCheck.self])
}

struct DatasetsCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Count a data set's pictures, and say what is wrong with it.",
    discussion: """
      Reads every picture and mask of one category, or of all. Says what is skipped and why, and what would stop a \
      training or an evaluation (an error: the exit code is 1) or spoil it (a warning).

      Examples:
        flawless datasets check --data mvtec
        flawless datasets check --data photos --normal good --abnormal bad \\
          --masks masks --json -
      """)

  @OptionGroup(title: "Pictures") var dataset: DatasetOptions
  @OptionGroup(title: "Run") var reporting: ReportingArguments

  @Option(help: ArgumentHelp("Write what was found as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    let opened = try dataset.open()
    var found: [(category: Datasets.Category, check: DatasetCheck)] = []
    for name in try dataset.place.category.map({ [$0] }) ?? opened.categories() {
      let category = try opened.category(name)
      found.append((category, try DatasetCheck(category) { try progress.report(name, $0, of: $1) }))
    }
    progress.clear()
    if let json { try OutputFile.writeJSON(summary(opened, found), to: json) }
    if json != "-" {
      try Output.line(
        "\(opened.root.isEmpty ? "." : opened.root): \(opened.kind.layout)\n\(Self.table(found.map(\.category)))")
      for (category, check) in found { for line in Self.lines(category, check) { try Output.line(line) } }
    }
    let errors = found.flatMap(\.check.problems).count(where: \.isFatal)
    if errors > 0 { throw Failure("\(errors) error\(errors == 1 ? "" : "s") in the data set.") }
  }

  private static func table(_ categories: [Datasets.Category]) -> String {
    var table = Table(["category", "training", "validation", "test good", "test defective", "without mask"])
    for category in categories {
      let counts = DatasetSplit.Counts(category)
      let good = counts.test[Label.good.name] ?? 0
      table.add(
        [category.name]
          + [counts.training, counts.validation, good, category.test.count - good, counts.withoutMask].map(String.init))
    }
    return table.text
  }

  /// What there is to say of a category beside its line in the table.
  private static func lines(_ category: Datasets.Category, _ check: DatasetCheck) -> [String] {
    let kinds = category.testCounts.filter { $0.kind != Label.good.name }.map { "\($0.kind) \($0.count)" }
    let sizes = check.sizes.sorted { ($1.value, $0.key.width) < ($0.value, $1.key.width) }
    let shown = sizes.prefix(3).map { "\($0.key.width) x \($0.key.height) (\($0.value))" }
    var lines: [String] = []
    if !kinds.isEmpty { lines.append("defects: \(kinds.joined(separator: ", "))") }
    lines.append("sizes: \(shown.joined(separator: ", "))\(sizes.count > 3 ? " and \(sizes.count - 3) more" : "")")
    lines += DatasetOptions.summary(of: category.skipped, relative: category.relative).map { "skipped \($0)" }
    lines += check.problems.map { "\($0.isFatal ? "error" : "warning"): \($0.text)" }
    return lines.map { "\(category.name): \($0)" }
  }

  private func summary(
    _ dataset: Dataset, _ found: [(category: Datasets.Category, check: DatasetCheck)]
  ) -> [String: Any] {
    var categories: [String: Any] = [:]
    for (category, check) in found {
      let counts = DatasetSplit.Counts(category)
      categories[category.name] = [
        "training": counts.training, "validation": counts.validation, "test": counts.test,
        "without_mask": counts.withoutMask,
        "skipped": category.skipped.map { ["path": $0.path, "reason": $0.reason] },
        "problems": check.problems.map { ["severity": $0.isFatal ? "error" : "warning", "text": $0.text] },
      ]
    }
    return ["root": dataset.root, "dataset": dataset.kind.rawValue, "categories": categories]
  }
}
