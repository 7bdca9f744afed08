import ArgumentParser
import Detectors
import Experiments
import Foundation
import Images

/// How a picture's anomaly map is written.
enum MapFormat: String, CaseIterable, ExpressibleByArgument {
  /// 16-bit grey: 0 is no distance, 32768 the pixel threshold, 65535 twice that and more.
  case png16
  /// 32-bit floats, the values themselves.
  case tiff, npy
  case none

  var ending: String { self == .png16 ? "png" : rawValue }

  /// Writes the map, whole or not at all.
  func write(_ map: AnomalyMap, pixelThreshold: Float, to url: URL) throws {
    switch self {
    case .png16:
      let samples = map.values.map { UInt16(min(max($0 / pixelThreshold * 32768, 0), 65535)) }
      try DeepImage(width: map.width, height: map.height, samples: samples).writePNG(to: url)
    case .tiff: try FloatImage(width: map.width, height: map.height, samples: map.values).writeTIFF(to: url)
    case .npy: try FloatImage(width: map.width, height: map.height, samples: map.values).writeNPY(to: url)
    case .none: break
    }
  }
}
