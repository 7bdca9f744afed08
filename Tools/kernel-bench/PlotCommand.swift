import ArgumentParser
import Benchmarking
import Foundation
import ToolSupport

struct PlotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot", abstract: "Draw the roofline of a JSON file of 'run'.",
    discussion: """
      Cases by what they compute a byte, below the roofs that were measured in the same run. Areas of dots are parts of \
      the time; a hollow dot is where the case stood in the earlier run. Light or dark follows the viewer.

      Examples:
        kernel-bench plot run.json --svg roofline.svg
        kernel-bench plot new.json --baseline old.json --variant blas --svg roofline.svg
      """)

  @Argument(help: "The run.")
  var path: String
  @Option(help: ArgumentHelp("Where the picture goes; '-' is standard output.", valueName: "FILE"))
  var svg: String
  @Option(help: ArgumentHelp("An earlier run, as hollow dots.", valueName: "FILE"))
  var baseline: String?
  @Option(help: "The variant that is drawn (default: the last one of the file, in alphabetical order).")
  var variant: String?

  func run() throws {
    try OutputFile.check(svg)
    let plot = try Self.plot(RunFile.read(path), baseline: baseline.map(RunFile.read), variant: variant)
    try OutputFile.write(Data(plot.svg.utf8), to: svg)
  }

  /// - Throws: ``Failure`` where the file has nothing to draw.
  static func plot(_ run: RunFile, baseline: RunFile?, variant: String?) throws -> RooflinePlot {
    let names = run.roofs.keys.sorted()
    guard let variant = variant ?? names.last, let roofs = run.roofs[variant] else {
      throw Failure("The run has no such variant; it has \(names.joined(separator: ", ")).")
    }
    let timed = run.cases.filter { $0.variant == variant && $0.stats != nil }
    let shown = timed.filter { $0.intensity > 0 }
    guard !shown.isEmpty else { throw Failure("The run has no timed case with arithmetic on '\(variant)'.") }
    let total = shown.reduce(0) { $0 + ($1.stats?.p10 ?? 0) }
    let earlier = Dictionary((baseline?.cases ?? []).map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    let dots = shown.map { record in
      RooflinePlot.Dot(
        name: "\(record.op) \(record.params)".replacingOccurrences(of: " algorithm=automatic", with: ""),
        operation: record.op, intensity: record.intensity,
        rate: record.gflops ?? 0, earlierRate: earlier[record.id]?.gflops,
        share: (record.stats?.p10 ?? 0) / total, percentOfRoof: record.percentOfRoof ?? 0)
    }
    return RooflinePlot(
      title: "\(variant): \(run.devices[variant] ?? "")", roofs: roofs, dots: dots, omitted: timed.count - shown.count)
  }
}
