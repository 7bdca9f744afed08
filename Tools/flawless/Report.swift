import Backbones
import Detectors
import Experiments
import Foundation
import ToolSupport

/// Writing reports from the program: facts of the run, and the file.
enum Report {
  static let file = "report.html"

  /// - seed: the sample data's, where it is used
  static func facts(
    _ description: ModelDescription, device: String, seed: UInt64? = nil
  ) -> [(name: String, value: String)] {
    var pictures = "\(description.trainingFiles.count)"
    if description.shots != nil {
      pictures += description.draw.map { ", drawn with seed \($0)" } ?? ", the first by name"
    }
    let generated = description.generatedFiles.count
    if generated > 0 { pictures += ", and \(generated) generated one\(generated == 1 ? "" : "s")" }
    return [
      ("detector", "\(description.kind.title) on \(description.configuration.backbone.rawValue)"),
      ("training pictures", pictures),
      ("network size", "\(description.configuration.size) × \(description.configuration.size)"),
    ] + (seed.map { [("seed", "\($0)")] } ?? []) + [
      ("version", description.programVersion), ("date", Date().formatted(.iso8601.year().month().day())),
      ("device", device),
    ]
  }

  static func write(
    title: String, facts: [(name: String, value: String)], mean: [String] = [], sections: [ReportSection],
    to folder: String
  ) throws {
    let page = ReportPage(title: title, facts: facts, mean: mean, sections: sections)
    try OutputFile.write(Data(page.html().utf8), to: "\(folder)/\(file)")
  }
}
