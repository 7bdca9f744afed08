extension Image {
  static func decodedBMP(_ bytes: [UInt8], _ path: String) throws(ImageError) -> PictureFormat.Decoded {
    .image(try BMPFile(bytes, path).image())
  }
}

/// A Windows or OS/2 bitmap: its header, and how its pixels become samples (Microsoft, "Bitmap Storage").
private struct BMPFile {
  private enum Compression: Int {
    case none = 0
    case runs8 = 1
    case bitFields = 3
    case alphaBitFields = 6
  }

  private let bytes: [UInt8]
  private let path: String
  private let width: Int
  private let height: Int
  private let isTopDown: Bool
  private let bits: Int
  private let compression: Compression
  private let start: Int
  /// For up to 8 bits: red, green, blue.
  private var palette: [[UInt8]] = []
  /// For 16 and 32 bits: red, green, blue.
  private var masks: [Int] = []

  init(_ bytes: [UInt8], _ path: String) throws(ImageError) {
    func refusal(_ reason: String) -> ImageError { .unreadable(path: path, reason: reason) }
    func number(_ count: Int, _ place: Int) throws(ImageError) -> Int {
      guard let value = bytes.number(count, at: place, bigEndian: false) else {
        throw refusal("the file is cut off (BMP)")
      }
      return value
    }
    func signed(_ place: Int) throws(ImageError) -> Int { Int(Int32(truncatingIfNeeded: try number(4, place))) }
    self.bytes = bytes
    self.path = path
    start = try number(4, 10)
    let header = try number(4, 14)
    // The oldest header has sizes of 16 bits and colours of three bytes.
    let isOld = header == 12
    guard isOld || header >= 40 else { throw refusal("its header is of an unknown kind (BMP)") }
    width = isOld ? try number(2, 18) : try signed(18)
    let signedHeight = isOld ? try number(2, 20) : try signed(22)
    (height, isTopDown) = (abs(signedHeight), signedHeight < 0)
    bits = try number(2, isOld ? 24 : 28)
    let kind = isOld ? 0 : try number(4, 30)
    guard width > 0, height > 0 else { throw refusal("its header has sizes that make no sense (BMP)") }
    guard width <= Image.pixelLimit / height else { throw refusal("it has too many pixels") }
    guard let compression = Compression(rawValue: kind), [1, 4, 8, 16, 24, 32].contains(bits),
      (compression == .runs8) == (bits == 8 && kind != 0), kind < 3 || bits == 16 || bits == 32,
      !(compression == .runs8 && isTopDown)
    else { throw refusal("its compression \(kind) with \(bits) bits a pixel is not supported; save it as PNG (BMP)") }
    self.compression = compression
    if bits <= 8 {
      let used = isOld ? 0 : try number(4, 46)
      let count = used == 0 ? 1 << bits : min(used, 1 << bits)
      for entry in 0..<count {
        let place = 14 + header + entry * (isOld ? 3 : 4)
        palette.append([
          UInt8(try number(1, place + 2)), UInt8(try number(1, place + 1)), UInt8(try number(1, place)),
        ])
      }
    } else if kind >= 3 {
      for channel in 0..<3 { masks.append(try number(4, 54 + 4 * channel)) }
    } else {
      masks = bits == 16 ? [0x7C00, 0x3E0, 0x1F] : [0xFF0000, 0xFF00, 0xFF]
    }
  }

  private func refusal(_ reason: String) -> ImageError { .unreadable(path: path, reason: reason) }

  func image() throws(ImageError) -> Image {
    if compression == .runs8 {
      // Two bytes are a run of 255 at most. Jumps go further, but a picture is not made of them.
      try Image.checkClaim(width, height, perByte: 128, free: 1 << 16, of: bytes, path)
      return try coloured(expandedRuns())
    }
    // Rows are multiples of 4 bytes; the last one's padding may be missing.
    let (rowBytes, stride) = ((width * bits + 7) / 8, (width * bits + 31) / 32 * 4)
    guard start >= 0, bytes.count - start >= (height - 1) * stride + rowBytes else {
      throw refusal("the file is cut off (BMP)")
    }
    let rows = (0..<height).map { start + (isTopDown ? $0 : height - 1 - $0) * stride }
    if bits <= 8 { return try coloured(indices(rows)) }
    return Image(unchecked: width, height, 3, bits == 24 ? triples(rows) : fields(rows))
  }

  private func triples(_ rows: [Int]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
      bytes.withUnsafeBufferPointer { source in
        for (row, place) in rows.enumerated() {
          for column in 0..<width {
            let (to, from) = ((row * width + column) * 3, place + column * 3)
            target[to] = source[from + 2]
            target[to + 1] = source[from + 1]
            target[to + 2] = source[from]
          }
        }
      }
      count = width * height * 3
    }
  }

  /// Pixels of 2 or 4 bytes with a mask for each channel, scaled to 0 … 255.
  private func fields(_ rows: [Int]) -> [UInt8] {
    let channels = masks.map {
      (mask: $0, shift: $0.trailingZeroBitCount, largest: $0 == 0 ? 1 : $0 >> $0.trailingZeroBitCount)
    }
    let size = bits / 8
    var result = [UInt8](repeating: 0, count: width * height * 3)
    for (row, place) in rows.enumerated() {
      for column in 0..<width {
        var value = 0
        for byte in 0..<size { value |= Int(bytes[place + column * size + byte]) << (8 * byte) }
        for (number, channel) in channels.enumerated() where channel.mask != 0 {
          let sample = (value & channel.mask) >> channel.shift
          result[(row * width + column) * 3 + number] = UInt8(sample * 255 / channel.largest)
        }
      }
    }
    return result
  }

  private func indices(_ rows: [Int]) -> [UInt8] {
    if bits == 8 { return rows.flatMap { bytes[$0..<($0 + width)] } }
    let perByte = 8 / bits
    return rows.flatMap { place in
      (0..<width).map { column in
        let shift = 8 - bits * (column % perByte + 1)
        return bytes[place + column / perByte] >> UInt8(shift) & UInt8(1 << bits - 1)
      }
    }
  }

  /// RLE8: pairs of a count and a colour; after a zero an order or a number of colours as they stand. Rows go upwards;
  /// pixels that are jumped over have colour 0.
  private func expandedRuns() throws(ImageError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: width * height)
    var (place, column, row) = (start, 0, height - 1)
    func next() throws(ImageError) -> Int {
      guard place < bytes.count else { throw refusal("the file is cut off (BMP)") }
      place += 1
      return Int(bytes[place - 1])
    }
    func put(_ colour: Int) throws(ImageError) {
      guard row >= 0, column < width else { throw refusal("a run goes beyond its row (damaged BMP)") }
      result[row * width + column] = UInt8(colour)
      column += 1
    }
    while true {
      let (count, value) = (try next(), try next())
      switch (count, value) {
      case (0, 0): (column, row) = (0, row - 1)
      case (0, 1): return result
      case (0, 2): (column, row) = (column + (try next()), row - (try next()))
      case (0, _):
        for _ in 0..<value { try put(try next()) }
        // An even number of bytes.
        if value % 2 == 1 { _ = try next() }
      default: for _ in 0..<count { try put(value) }
      }
    }
  }

  /// Grey if the whole palette is, else RGB.
  private func coloured(_ indices: [UInt8]) throws(ImageError) -> Image {
    guard indices.allSatisfy({ Int($0) < palette.count }) else {
      throw refusal("a pixel's colour is not in its palette (damaged BMP)")
    }
    if palette.allSatisfy({ $0[0] == $0[1] && $0[1] == $0[2] }) {
      let grey = palette.map { $0[0] }
      return Image(unchecked: width, height, 1, indices.map { grey[Int($0)] })
    }
    let flat = palette.flatMap { $0 }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(indices.count * 3)
    for index in indices { for channel in 0..<3 { pixels.append(flat[Int(index) * 3 + channel]) } }
    return Image(unchecked: width, height, 3, pixels)
  }
}
