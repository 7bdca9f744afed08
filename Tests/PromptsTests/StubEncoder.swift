import Foundation
import Images
import TextImage

/// Vectors from tables: of texts that contain a word, and of pictures by the red of their first pixel.
struct StubEncoder: TextImageEncoder {
  let name = "stub"
  let width = 2
  /// The first word that a text contains decides.
  var texts: [(word: String, degrees: Double)] = []
  /// Of texts that contain no such word.
  var other = 90.0

  private func vector(_ degrees: Double) -> [Float] {
    let angle = degrees / 180 * Double.pi
    return [Float(cos(angle)), Float(sin(angle))]
  }

  func vectors(ofTexts list: [String]) throws -> [[Float]] {
    list.map { text in vector(texts.first { text.contains($0.word) }?.degrees ?? other) }
  }

  func vectors(ofPictures pictures: [Image]) throws -> [[Float]] { pictures.map { vector(Double($0.pixels[0])) } }

  /// A picture whose vector has this angle.
  static func picture(_ degrees: UInt8) throws -> Image {
    try Image(width: 1, height: 1, channels: 3, pixels: [degrees, 0, 0])
  }
}
