import Compute
import Foundation
import Images
import Tensors
import TestSupport
import TextImage

/// A picture tower of CLIP with texts' vectors by formula: its file has no tokens of words.
struct HashedTextEncoder: DifferentiableTextImageEncoder {
  let clip: CLIP
  var name: String { clip.name }
  var width: Int { clip.width }
  var pictureSize: Int { clip.pictureSize }

  func vectors(ofTexts texts: [String]) throws -> [[Float]] {
    texts.map { text in
      let values = HashedValues.uniform(text, width)
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return values.map { $0 / length }
    }
  }
  func vectors(ofPictures pictures: [Image]) throws -> [[Float]] { try clip.vectors(ofPictures: pictures) }
  func vectors(of pictures: Tensor) throws -> Tensor { try clip.vectors(of: pictures) }
}

/// Vectors in the plane: of a picture by the degrees that its first two bytes say, of a text by the number that it is.
struct PlaneEncoder: TextImageEncoder {
  let name = "plane"
  let width = 2

  static func vector(_ degrees: Double) -> [Float] {
    [Float(cos(degrees / 180 * .pi)), Float(sin(degrees / 180 * .pi))]
  }
  static func picture(_ degrees: Double) throws -> Image {
    let steps = Int((degrees * 256).rounded())
    return try Image(width: 1, height: 1, channels: 3, pixels: [UInt8(steps / 256), UInt8(steps % 256), 0])
  }

  func vectors(ofTexts texts: [String]) throws -> [[Float]] { texts.map { Self.vector(Double($0) ?? 0) } }
  func vectors(ofPictures pictures: [Image]) throws -> [[Float]] {
    pictures.map { Self.vector(Double($0.pixels[0]) + Double($0.pixels[1]) / 256) }
  }
}
