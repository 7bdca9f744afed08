import Compute
public import Images
import Tensors

/// The part of every picture that is inspected, where a mask says that the rest is to be ignored.
///
/// A patch is ignored when the mask is set at its centre: the mask's value there, the mask stretched over the picture. What
/// lies in the ignored part has no influence: the network sees its own zero there, ignored patches get into no bank and no
/// score, and the map is 0 there. Beside the border the map is what the nearest inspected patches say.
public struct InspectedRegion: Sendable {
  /// As given, set where ignored; any size.
  public let ignored: Mask
  /// Inspected patches of the grid, in order.
  let patches: [Int32]
  private let grid: Int
  private let size: Int
  private let gathered: IndexStorage
  /// For every patch of the grid the place in ``patches`` of itself or of the nearest inspected one.
  private let nearest: IndexStorage
  private let ignoredPixels: Mask

  /// - Throws: ``DetectorError/setting(name:reason:)`` when nothing is left to inspect.
  init(ignored: Mask, grid: Int, size: Int, on device: any Device) throws {
    self.ignored = ignored
    self.grid = grid
    self.size = size
    let centres = ignored.resized(width: grid, height: grid)
    patches = centres.values.indices.filter { centres.values[$0] == 0 }.map(Int32.init)
    guard !patches.isEmpty else {
      throw DetectorError.setting(name: "ignore mask", reason: "leaves no patch to inspect")
    }
    gathered = try IndexStorage(patches, on: device)
    nearest = try IndexStorage(Self.nearest(patches, grid: grid), on: device)
    ignoredPixels = ignored.resized(width: size, height: size)
  }

  /// Of equally near patches the first. Ignored patches are few hundred, and this is done once a model.
  private static func nearest(_ patches: [Int32], grid: Int) -> [Int32] {
    (0..<grid * grid).map { place in
      let (row, column) = (place / grid, place % grid)
      var best = (index: 0, distance: Int.max)
      for (index, patch) in patches.enumerated() {
        let (down, right) = (Int(patch) / grid - row, Int(patch) % grid - column)
        let distance = down * down + right * right
        if distance < best.distance { best = (index, distance) }
        if distance == 0 { break }
      }
      return Int32(best.index)
    }
  }

  /// [grid · grid]: 0 where ignored, 1 elsewhere.
  var weights: [Float] {
    var weights = [Float](repeating: 0, count: grid * grid)
    for patch in patches { weights[Int(patch)] = 1 }
    return weights
  }

  /// The picture with the ignored pixels set to `fill`.
  func filled(_ picture: NetworkPicture, fill: [Float]) -> NetworkPicture {
    var values = picture.values
    for pixel in ignoredPixels.values.indices where ignoredPixels.values[pixel] != 0 {
      for channel in 0..<3 { values[pixel * 3 + channel] = fill[channel] }
    }
    return NetworkPicture(size: picture.size, values: values)
  }

  /// - descriptors: [grid · grid, width]; result: [inspected patches, width]
  func inspected(_ descriptors: Tensor) throws -> Tensor { try descriptors.gatheredRows(gathered) }

  /// - distances: [inspected patches]; result: [grid · grid]
  func spread(_ distances: Tensor) throws -> Tensor {
    try distances.reshaped(to: [patches.count, 1]).gatheredRows(nearest).reshaped(to: [grid * grid])
  }
}
