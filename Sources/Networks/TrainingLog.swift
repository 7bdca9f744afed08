import Checkpoints
import Foundation

/// One JSON object a line for each step, written at once: logs can be followed, and a killed run leaves all but its last line
/// whole.
final class TrainingLog {
  struct Line: Codable {
    let step: Int
    let losses: [String: Float]
    let rate: Double
    let gradientNorm: Float
    let validation: [String: Double]?
    /// Of training so far.
    let seconds: Double

    init(_ report: StepReport, validation: [NamedValue], seconds: Double) {
      step = report.step
      losses = Dictionary(report.losses.map { ($0.name, $0.value) }) { first, _ in first }
      rate = report.rate
      gradientNorm = report.gradientNorm
      self.validation =
        validation.isEmpty ? nil : Dictionary(validation.map { ($0.name, $0.value) }) { first, _ in first }
      self.seconds = (seconds * 1000).rounded() / 1000
    }
  }

  private struct Step: Decodable { let step: Int }

  /// JSON has no words for what is no number; text stands for it.
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }

  private let url: URL
  private let descriptor: Int32

  /// Opens the file for more lines; those of later steps than `keepingSteps`, and half ones, are cut off.
  ///
  /// - Throws: `CheckpointError.unwritable`.
  init(_ url: URL, keepingSteps: Int) throws {
    self.url = url
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let old = keepingSteps > 0 ? (try? Data(contentsOf: url)) ?? Data() : Data()
    descriptor = open(url.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    let kept = off_t(Self.length(of: old, throughStep: keepingSteps))
    guard descriptor >= 0, ftruncate(descriptor, kept) == 0, lseek(descriptor, kept, SEEK_SET) == kept else {
      throw AtomicWriting.systemError(url)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func append(_ line: Line) throws {
    let data = try Self.encoder.encode(line) + Data("\n".utf8)
    let written = data.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == data.count else { throw AtomicWriting.systemError(url) }
  }

  /// Bytes of the whole lines up to that of a step, looked for from the end.
  private static func length(of data: Data, throughStep last: Int) -> Int {
    let newline = UInt8(ascii: "\n")
    var end = data.lastIndex(of: newline)
    while let stop = end {
      let before = data[..<stop].lastIndex(of: newline)
      let line = data[(before.map { $0 + 1 } ?? 0)..<stop]
      if let found = try? decoder.decode(Step.self, from: line), found.step <= last { return stop + 1 }
      end = before
    }
    return 0
  }
}
