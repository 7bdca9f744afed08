import Checkpoints
import Foundation
import Images

/// Something that reads files which others wrote: it gives values or its typed error, whatever the bytes are.
public struct ByteReader: Sendable {
  /// A result that contradicts itself: a defect of the reader.
  struct WrongResult: Error { let reason: String }

  public let name: String
  /// Good files, below Tests/Fixtures.
  public let seeds: [String]
  /// The most memory that reading a file of so many bytes may take.
  public let memory: @Sendable (Int) -> Int
  private let body: @Sendable ([UInt8], String) throws -> Void
  private let isTyped: @Sendable (any Error) -> Bool

  public init<Failure: Error>(
    _ name: String, seeds: [String], error: Failure.Type, memory: @escaping @Sendable (Int) -> Int,
    read: @escaping @Sendable (_ bytes: [UInt8], _ path: String) throws -> Void
  ) {
    self.name = name
    self.seeds = seeds
    self.memory = memory
    body = read
    isTyped = { $0 is Failure }
  }

  public enum Outcome: Equatable {
    case read
    /// A typed error, one sentence that names the file.
    case refused(String)
    /// A defect: another error, or one that a person cannot act on.
    case wrong(String)
  }

  public func read(_ bytes: [UInt8], path: String) -> Outcome {
    do { try body(bytes, path) } catch {
      let text = "\(error)"
      guard isTyped(error) else { return .wrong("an error of another type: \(text)") }
      let isSentence = text.contains(path) && text.hasSuffix(".") && !text.hasSuffix("..") && !text.contains("\n")
      return isSentence ? .refused(text) : .wrong("an error that is no sentence about the file: \(text)")
    }
    return .read
  }

  /// The bytes of its good files.
  public func seedBytes() throws -> [[UInt8]] {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    return try seeds.map { [UInt8](try Data(contentsOf: fixtures.appendingPathComponent($0))) }
  }
}

extension ByteReader {
  /// Every reader. To add one: a line here, its good files, and files in ``MalformedFile``.
  public static let all = [
    weights(.strict, zips + legacies),
    weights(.inert, zips + legacies + inert),
    ByteReader(
      "safetensors", seeds: ["checkpoints/reference.safetensors"], error: CheckpointError.self, memory: weightsMemory
    ) { try readAll(SafetensorsFile($0, path: $1)) },
    ByteReader(
      "zip", seeds: ["checkpoints/package.whl", "checkpoints/zip-zip64.pth"], error: CheckpointError.self,
      memory: { weightsMemory($0) + 1040 * $0 }
    ) { bytes, path throws in
      let archive = try ZipArchive(bytes, path: path)
      for name in archive.names { _ = try archive.contents(of: name) }
    },
    ByteReader(
      "gzip", seeds: ["checkpoints/lines.txt.gz"], error: CheckpointError.self,
      // Twice the contents while their array grows.
      memory: { weightsMemory($0) + 2080 * $0 }
    ) { _ = try GzipFile.contents(of: $0, path: $1) },
    ByteReader("pictures", seeds: pictures, error: ImageError.self, memory: pictureMemory) { bytes, path throws in
      let image = try Image(Data(bytes), path: path)
      guard image.pixels.count == image.width * image.height * image.channels else {
        throw WrongResult(reason: "\(image.pixels.count) values")
      }
    },
  ]

  /// As Sources/Checkpoints/README.md states it: 80 MB, of which 64 are for expanded tensors, and 300 times the file.
  private static func weightsMemory(_ count: Int) -> Int { 80 << 20 + 300 * count }

  /// As Sources/Images/README.md states it: 16 bytes for each pixel that a file of this size may claim.
  private static func pictureMemory(_ count: Int) -> Int {
    16 << 20 + 10 * count + 16 * min(1 << 22 + 1 << 15 * count, Image.pixelLimit)
  }

  private static let zips = [
    "zip-state", "zip-nested", "zip-rare-types", "zip-big-endian", "zip-descriptors", "zip-deflated", "zip-complex",
  ].map { "checkpoints/\($0).pth" }

  private static let legacies = ["legacy", "legacy-nested", "legacy-view", "legacy-python-2"].map {
    "checkpoints/\($0).pth"
  }

  private static let inert = ["torchscript.pt", "lightning.ckpt", "lightning-legacy.ckpt", "module.pth"].map {
    "checkpoints/\($0)"
  }

  private static let pictures = [
    "grey-1-interlaced.png", "grey-8.png", "palette-4-interlaced.png", "palette-4-transparent.png", "rgba-16.png",
    "rgb-16-transparent.png", "grey.jpg", "rgb-420.jpg", "rgb-progressive.jpg", "cmyk.jpg", "24.bmp", "24-os2.bmp",
    "16-fields.bmp", "4-palette.bmp", "8-runs.bmp", "8-jumps.bmp", "grey-99.pgm", "deep-rgb.ppm", "turned-6.webp",
    "webp-alpha.webp", "webp-lossy.webp", "turned-6.tiff", "grey-lzw.tiff", "rgb-packbits.tiff", "rgb-deflate.tiff",
    "palette.tiff", "one-bit-fax.tiff", "jpeg.tiff", "deep-rgb-tiled.tiff", "deep-rgb-planar.tiff",
    "deep-grey-big.tiff",
  ].map { "images/\($0)" }

  private static func weights(_ policy: PicklePolicy, _ seeds: [String]) -> ByteReader {
    ByteReader(
      "weights, \(policy)", seeds: seeds, error: CheckpointError.self,
      // A deflated member may take 1040 times its packed size.
      memory: { weightsMemory($0) + 1040 * $0 }
    ) { try readAll(openTensorFile($0, path: $1, policy: policy)) }
  }

  private static func readAll(_ file: any TensorFile) throws {
    for name in file.names {
      let shape = try file.shape(of: name)
      do {
        let tensor = try file.tensor(named: name)
        guard tensor.shape == shape, tensor.values.count == shape.reduce(1, *) else {
          throw WrongResult(reason: "'\(name)' has \(tensor.values.count) values for \(shape)")
        }
      } catch CheckpointError.unsupported {
        // Complex numbers beside others.
      }
    }
  }
}
