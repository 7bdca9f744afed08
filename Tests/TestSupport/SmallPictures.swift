import Foundation
public import Images

/// A data set of one product with small pictures.
public enum SmallPictures {
  public static let category = "plate"

  /// MVTec AD's layout: four good pictures to train on, two good and two defective ones to test, of 60 x 44 pixels.
  public static func write(to root: String, maskSize: (Int, Int) = (width, height)) throws {
    let category = URL(fileURLWithPath: root).appendingPathComponent(category)
    for (kind, count) in [("train/good", 4), ("test/good", 2), ("test/hole", 2), ("ground_truth/hole", 0)] {
      let folder = category.appendingPathComponent(kind)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for index in 0..<count {
        try picture(seed: kind.count * 10 + index, defective: kind == "test/hole")
          .writePNG(to: folder.appendingPathComponent("00\(index).png"))
      }
    }
    for index in 0..<2 {
      let values = (0..<(maskSize.0 * maskSize.1)).map { place in
        isInHole(place % maskSize.0, place / maskSize.0) ? UInt8(255) : 0
      }
      try Image(width: maskSize.0, height: maskSize.1, channels: 1, pixels: values)
        .writePNG(to: category.appendingPathComponent("ground_truth/hole/00\(index)_mask.png"))
    }
  }

  public static let width = 60
  public static let height = 44

  private static func isInHole(_ x: Int, _ y: Int) -> Bool { (30..<46).contains(x) && (10..<26).contains(y) }

  /// Soft stripes with a little noise; a black hole where defective.
  public static func picture(seed: Int, defective: Bool) throws -> Image {
    var noise = Reproducible(seed + 1)
    let grain = noise.floats(width * height * 3)
    let pixels = grain.indices.map { index in
      let (x, y) = (index / 3 % width, index / 3 / width)
      if defective, isInHole(x, y) { return UInt8(5) }
      return UInt8(130 + 30 * sin(Double(x + y) / 6) + 6 * Double(grain[index]))
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
  }
}
