extension Image {
  /// Binary PGM and PPM (netpbm's `pgm(5)` and `ppm(5)`); values are scaled from the file's largest to 255 or 65535.
  static func decodedPNM(_ bytes: [UInt8], _ path: String) throws(ImageError) -> PictureFormat.Decoded {
    func refusal(_ reason: String) -> ImageError { .unreadable(path: path, reason: reason) }
    guard bytes[1] == UInt8(ascii: "5") || bytes[1] == UInt8(ascii: "6") else {
      throw refusal("it is a PNM file of text or of single bits; save it as binary PGM or PPM")
    }
    let channels = bytes[1] == UInt8(ascii: "5") ? 1 : 3
    var place = 2
    var numbers: [Int] = []
    while numbers.count < 3 {
      guard let number = nextNumber(bytes, &place) else {
        throw refusal("its header is cut off or damaged (PGM or PPM)")
      }
      numbers.append(number)
    }
    // One space ends the header.
    place += 1
    let (width, height, largest) = (numbers[0], numbers[1], numbers[2])
    guard width > 0, height > 0, (1...65535).contains(largest) else {
      throw refusal("its header has sizes that make no sense (PGM or PPM)")
    }
    guard width <= pixelLimit / height else { throw refusal("it has too many pixels") }
    let count = width * height * channels
    let sampleBytes = largest > 255 ? 2 : 1
    guard bytes.count - place >= count * sampleBytes else { throw refusal("the file is cut off (PGM or PPM)") }
    if sampleBytes == 1 {
      let scaled = (0...255).map { UInt8((min($0, largest) * 255 * 2 + largest) / (2 * largest)) }
      return .image(Image(unchecked: width, height, channels, bytes[place..<(place + count)].map { scaled[Int($0)] }))
    }
    var words = [UInt8](repeating: 0, count: 2 * count)
    for sample in 0..<count {
      let value = min(Int(bytes[place + 2 * sample]) << 8 | Int(bytes[place + 2 * sample + 1]), largest)
      let scaled = (value * 65535 * 2 + largest) / (2 * largest)
      words[2 * sample] = UInt8(scaled >> 8)
      words[2 * sample + 1] = UInt8(scaled & 0xFF)
    }
    return .image(words.withUnsafeBytes { Image(unchecked: width, height, channels, words: $0, high: 0) })
  }

  /// The header's next number, behind blanks and comments up to their lines' ends.
  private static func nextNumber(_ bytes: [UInt8], _ place: inout Int) -> Int? {
    let blanks: [UInt8] = [9, 10, 11, 12, 13, 32]
    while place < bytes.count, blanks.contains(bytes[place]) || bytes[place] == UInt8(ascii: "#") {
      if bytes[place] == UInt8(ascii: "#") {
        while place < bytes.count, bytes[place] != 10, bytes[place] != 13 { place += 1 }
      } else {
        place += 1
      }
    }
    var number: Int?
    while place < bytes.count, (48...57).contains(bytes[place]), (number ?? 0) <= pixelLimit {
      number = (number ?? 0) * 10 + Int(bytes[place] - 48)
      place += 1
    }
    guard place < bytes.count, blanks.contains(bytes[place]) else { return nil }
    return number
  }
}
