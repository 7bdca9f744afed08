import Experiments
import Foundation
import Images
import ToolSupport

/// One picture for a README: found defects of every product above, their maps below.
enum DemoSheet {
  private static let side = 224
  private static let perProduct = 2

  /// Writes a JPEG file.
  static func write(_ sections: [ReportSection], to path: String) throws {
    let chosen = sections.flatMap(clearest)
    guard !chosen.isEmpty else { throw Failure("No defect was found, so there is nothing to show in \(path).") }
    let images = try chosen.map { try tile($0.picture, $0.name) } + chosen.map { try tile($0.overlay, $0.name) }
    let sheet = try Image.sheet(images, columns: chosen.count, margin: 6)
    try OutputFile.write(sheet.jpegData(quality: 78), to: path)
  }

  /// The strangest pictures of different kinds of defect.
  private static func clearest(_ section: ReportSection) -> [ReportPicture] {
    var chosen: [ReportPicture] = []
    for picture in section.pictures.sorted(by: { $0.score > $1.score })
    where picture.verdict == .correctlyDefective && !chosen.contains(where: { $0.kind == picture.kind }) {
      chosen.append(picture)
    }
    return Array(chosen.prefix(perProduct))
  }

  private static func tile(_ data: Data, _ name: String) throws -> Image {
    try Image(data, path: name).resized(width: side, height: side)
  }
}
