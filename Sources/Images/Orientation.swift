/// How a stored picture must be turned to stand upright: the values of EXIF and of TIFF's orientation tag (TIFF 6.0,
/// tag 274).
enum Orientation: Int {
  case upright = 1
  case mirrored, upsideDown, flipped, transposed, turnClockwise, transversed, turnAnticlockwise

  var swapsSides: Bool { rawValue >= 5 }

  /// - samples: [height, width, channels], as it is stored
  func turn<Sample>(
    _ samples: [Sample], _ width: Int, _ height: Int, _ channels: Int
  ) -> (samples: [Sample], width: Int, height: Int) {
    guard self != .upright else { return (samples, width, height) }
    let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
    // The stored pixel that comes first, and the steps to those of the next row and column.
    let (right, below) = (width - 1, (height - 1) * width)
    let (first, down, across): (Int, Int, Int) =
      switch self {
      case .upright: (0, width, 1)
      case .mirrored: (right, width, -1)
      case .upsideDown: (below + right, -width, -1)
      case .flipped: (below, -width, 1)
      case .transposed: (0, 1, width)
      case .turnClockwise: (below, 1, -width)
      case .transversed: (below + right, -1, -width)
      case .turnAnticlockwise: (right, -1, width)
      }
    let turned = [Sample](unsafeUninitializedCapacity: samples.count) { target, count in
      samples.withUnsafeBufferPointer { source in
        var place = target.baseAddress
        for row in 0..<newHeight {
          for column in 0..<newWidth {
            let pixel = (first + row * down + column * across) * channels
            for channel in 0..<channels {
              place?.initialize(to: source[pixel + channel])
              place = place?.successor()
            }
          }
        }
      }
      count = samples.count
    }
    return (turned, newWidth, newHeight)
  }
}

extension Image {
  func turned(_ orientation: Orientation) -> Image {
    guard orientation != .upright else { return self }
    let turned = orientation.turn(pixels, width, height, channels)
    return Image(
      unchecked: turned.width, turned.height, channels, turned.samples,
      lowBytes: lowBytes.map { orientation.turn($0, width, height, channels).samples })
  }
}

// What cannot be understood is no orientation: pictures are not refused for their metadata.
extension Orientation {
  /// From a JPEG file's first APP1 segment with EXIF (CIPA DC-008, 4.5.4).
  init(jpeg bytes: [UInt8]) {
    self = .upright
    var place = 2
    while bytes.number(1, at: place, bigEndian: true) == 0xFF,
      let marker = bytes.number(1, at: place + 1, bigEndian: true)
    {
      if marker == 0xFF {  // a fill byte
        place += 1
        continue
      }
      // The scan begins: what follows is no metadata.
      guard marker != 0xDA, marker != 0xD9, let length = bytes.number(2, at: place + 2, bigEndian: true), length >= 2
      else { return }
      let end = place + 2 + length
      guard end <= bytes.count else { return }
      if marker == 0xE1, let found = Orientation(exif: bytes[(place + 4)..<end], prefixed: true) {
        self = found
        return
      }
      place = end
    }
  }

  /// From a PNG file's eXIf chunk.
  init(png bytes: [UInt8]) {
    self = Self.chunk("eXIf", in: bytes, from: 8, lengthFirst: true).flatMap { Orientation(exif: $0) } ?? .upright
  }

  /// From a WebP file's EXIF chunk.
  init(webP bytes: [UInt8]) {
    let found = Self.chunk("EXIF", in: bytes, from: 12, lengthFirst: false)
    self = found.flatMap { Orientation(exif: $0) ?? Orientation(exif: $0, prefixed: true) } ?? .upright
  }

  /// A chunk's content; PNG has the length, big-endian, before the name and a checksum behind; RIFF the name, the length,
  /// little-endian, and an even number of bytes.
  private static func chunk(
    _ name: String, in bytes: [UInt8], from start: Int, lengthFirst: Bool
  ) -> ArraySlice<UInt8>? {
    var place = start
    while let length = bytes.number(4, at: place + (lengthFirst ? 0 : 4), bigEndian: lengthFirst),
      place + 8 + length <= bytes.count
    {
      let nameAt = place + (lengthFirst ? 4 : 0)
      let content = (place + 8)..<(place + 8 + length)
      if bytes[nameAt..<(nameAt + 4)].elementsEqual(name.utf8) { return bytes[content] }
      place = content.upperBound + (lengthFirst ? 4 : length % 2)
    }
    return nil
  }

  /// From EXIF's own small TIFF file: the orientation tag of the first directory.
  private init?(exif: ArraySlice<UInt8>, prefixed: Bool = false) {
    var exif = exif
    if prefixed {
      guard exif.starts(with: Array("Exif".utf8) + [0, 0]) else { return nil }
      exif = exif.dropFirst(6)
    }
    let bigEndian = exif.starts(with: "MM".utf8)
    guard bigEndian || exif.starts(with: "II".utf8), exif.number(2, at: 2, bigEndian: bigEndian) == 42,
      let directory = exif.number(4, at: 4, bigEndian: bigEndian),
      let entries = exif.number(2, at: directory, bigEndian: bigEndian)
    else { return nil }
    for entry in 0..<entries {
      let place = directory + 2 + entry * 12
      guard let tag = exif.number(2, at: place, bigEndian: bigEndian) else { return nil }
      guard tag == 274 else { continue }
      guard exif.number(2, at: place + 2, bigEndian: bigEndian) == 3,  // a 16-bit number
        exif.number(4, at: place + 4, bigEndian: bigEndian) == 1,
        let value = exif.number(2, at: place + 8, bigEndian: bigEndian)
      else { return nil }
      self.init(rawValue: value)
      return
    }
    return nil
  }
}
