import CPNG
import CTurboJPEG
public import Foundation

extension Image {
  /// The picture as a PNG file's bytes; `level` is zlib's, 0 (fast) to 9 (small).
  public func pngData(level: Int = 6) throws(ImageError) -> Data {
    try encodedPNG(pixels, width: width, height: height, channels: channels, bits: 8, level: level)
  }

  /// The picture as a JPEG file's bytes; `quality` from 1 to 100.
  public func jpegData(quality: Int = 85) throws(ImageError) -> Data {
    guard let encoder = tjInitCompress() else { throw .encoding(reason: "TurboJPEG does not start") }
    defer { tjDestroy(encoder) }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count: UInt = 0
    let format = channels == 1 ? TJPF_GRAY : TJPF_RGB
    let sampling = channels == 1 ? TJSAMP_GRAY : TJSAMP_444
    let status = tjCompress2(
      encoder, pixels, Int32(width), 0, Int32(height), Int32(format.rawValue), &bytes, &count,
      Int32(sampling.rawValue), Int32(min(max(quality, 1), 100)), TJFLAG_ACCURATEDCT)
    defer { tjFree(bytes) }
    guard status == 0, let bytes else { throw .encoding(reason: text(tjGetErrorStr2(encoder))) }
    return Data(bytes: bytes, count: Int(count))
  }

  /// Writes a PNG file, whole or not at all.
  public func writePNG(to url: URL, level: Int = 6) throws(ImageError) {
    try replaceFile(url, with: pngData(level: level))
  }
}

/// A 16-bit grey picture: anomaly maps without loss of their fine steps.
public struct DeepImage: Sendable {
  public let width: Int
  public let height: Int
  /// [height, width]
  public let samples: [UInt16]

  public init(width: Int, height: Int, samples: [UInt16]) throws(ImageError) {
    guard width > 0, height > 0, width <= Image.pixelLimit / height, samples.count == width * height else {
      throw .size(width: width, height: height, channels: 1, count: samples.count)
    }
    self.width = width
    self.height = height
    self.samples = samples
  }

  /// Writes a 16-bit PNG file, whole or not at all.
  public func writePNG(to url: URL) throws(ImageError) {
    let bytes = samples.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    try replaceFile(url, with: encodedPNG(bytes, width: width, height: height, channels: 1, bits: 16, level: 1))
  }
}

private func encodedPNG(
  _ pixels: [UInt8], width: Int, height: Int, channels: Int, bits: Int32, level: Int
) throws(ImageError) -> Data {
  var bytes: UnsafeMutablePointer<UInt8>?
  var count = 0
  var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE))
  let status = cpng_encode(
    pixels, UInt32(width), UInt32(height), Int32(channels), bits, Int32(level), &bytes, &count, &message)
  guard status == 0, let bytes else { throw .encoding(reason: text(message)) }
  defer { cpng_free(bytes) }
  return Data(bytes: bytes, count: count)
}

func replaceFile(_ url: URL, with data: Data) throws(ImageError) {
  // Foundation writes beside the file and renames.
  do { try data.write(to: url, options: .atomic) } catch {
    throw .unwritable(path: url.path, reason: "the folder is missing, full or not writable")
  }
}
