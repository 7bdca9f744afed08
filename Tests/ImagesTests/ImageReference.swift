import Foundation
import Images
import TestSupport
import Testing

/// images.json: what Pillow says of the files in images/.
struct ImageReference: Decodable {
  struct Picture: Decodable, Sendable, CustomTestStringConvertible {
    let file: String
    let width, height: Int
    /// 0 where Pillow's own mode does not say.
    let channels: Int
    /// [height, width, 3]
    let rgb: Data

    var testDescription: String { file }
  }

  struct DeepPicture: Decodable, Sendable, CustomTestStringConvertible {
    let file: String
    let width, height, channels: Int
    /// [height, width, channels], 16 bits, little-endian
    let words: Data

    var testDescription: String { file }
  }

  struct Filtered: Decodable, Sendable, CustomTestStringConvertible {
    struct Result: Decodable, Sendable {
      let filter: String
      let width, height: Int
      let pixels, floats: Data
    }

    let width, height, channels: Int
    let pixels: Data
    let results: [Result]

    var testDescription: String { "\(width) x \(height) x \(channels)" }
  }

  struct Masks: Decodable, Sendable {
    let files: [String]
    /// One text a row, `#` where defective.
    let rows: [String]
  }

  struct Resizing: Decodable, Sendable, CustomTestStringConvertible {
    struct Result: Decodable, Sendable {
      let width, height: Int
      let pixels: Data
    }

    let width, height, channels: Int
    let pixels: Data
    let results: [Result]

    var testDescription: String { "\(width) x \(height) x \(channels)" }
  }

  let png, jpeg, exact, lossy: [Picture]
  let deep: [DeepPicture]
  /// The content of floats.tiff: [5, 3]
  let floats: Data
  let filtered: [Filtered]
  let masks: Masks
  let resizing: [Resizing]

  static let read = Result {
    try JSONDecoder().decode(
      ImageReference.self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("images.json"))))
  }
  // Empty when the file cannot be read, which a test of its own reports.
  static let png = (try? read.get().png) ?? []
  static let jpeg = (try? read.get().jpeg) ?? []
  static let maskFiles = (try? read.get().masks.files) ?? []
  static let exact = (try? read.get().exact) ?? []
  static let lossy = (try? read.get().lossy) ?? []
  static let deep = (try? read.get().deep) ?? []
  static let filtered = (try? read.get().filtered) ?? []
  static let resizing = (try? read.get().resizing) ?? []

  static func path(_ file: String) -> String { Fixtures.path("images/\(file)") }

  static func bytes(_ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(file))))
  }
}

/// Little-endian floats.
func floats(_ data: Data) -> [Float] {
  let bytes = [UInt8](data)
  return stride(from: 0, to: bytes.count, by: 4).map { place in
    Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) })
  }
}

extension Image {
  var extent: [Int] { [width, height, channels] }
}

/// A picture without pattern.
func noise(_ width: Int, _ height: Int, _ channels: Int, seed: Int = 1) throws -> Image {
  var values = Reproducible(seed)
  let pixels = values.integers(width * height * channels, range: 127).map { UInt8($0 + 128) }
  return try Image(width: width, height: height, channels: channels, pixels: pixels)
}

/// Whether an error is of the kind a person gets: "The picture PATH cannot be read: REASON."
func isOneSentence(_ error: ImageError, path: String) -> Bool {
  guard case .unreadable(path, let reason) = error else { return false }
  return !reason.isEmpty && !reason.hasSuffix(".") && !reason.contains("\n")
    && error.description == "The picture \(path) cannot be read: \(reason)."
}
