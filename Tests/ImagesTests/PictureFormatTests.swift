import Foundation
import Images
import TestSupport
import Testing

@Suite("Reading BMP, TIFF, WebP, PGM and PPM, and turned pictures")
struct PictureFormatTests {
  @Test(arguments: ImageReference.exact)
  func everyKindEqualsPillow(_ reference: ImageReference.Picture) throws {
    let image = try Image(path: ImageReference.path(reference.file))
    #expect(image.width == reference.width && image.height == reference.height)
    #expect(image.rgb.pixels == [UInt8](reference.rgb))
    #expect(image.lowBytes == nil)
  }

  @Test(arguments: ImageReference.lossy)
  func lossyKindsAreCloseToPillow(_ reference: ImageReference.Picture) throws {
    let image = try Image(path: ImageReference.path(reference.file))
    #expect(image.width == reference.width && image.height == reference.height)
    // Pillow brings its own versions of the libraries: single steps of rounding.
    let differences = zip(image.rgb.pixels, reference.rgb).map { abs(Int($0) - Int($1)) }
    #expect(differences.count == reference.rgb.count)
    #expect((differences.max() ?? .max) <= 2)
  }

  @Test(arguments: ImageReference.deep)
  func sixteenBitsAreKept(_ reference: ImageReference.DeepPicture) throws {
    let image = try Image(path: ImageReference.path(reference.file))
    #expect(image.extent == [reference.width, reference.height, reference.channels])
    let words = [UInt8](reference.words)
    let high: [UInt8] = stride(from: 1, to: words.count, by: 2).map { words[$0] }
    let low: [UInt8] = stride(from: 0, to: words.count, by: 2).map { words[$0] }
    #expect(image.pixels == high)
    #expect(image.lowBytes == low)
    let levels = try FloatImage(path: ImageReference.path(reference.file)).samples
    var expected: [Float] = []
    for place in stride(from: 0, to: words.count, by: 2) {
      let word = Int(words[place]) + Int(words[place + 1]) * 256
      expected.append(Float(word) / 257)
    }
    #expect(levels == expected)
  }

  @Test func greyBitmapsAreGrey() throws {
    #expect(try Image(path: ImageReference.path("8-grey.bmp")).channels == 1)
    #expect(try Image(path: ImageReference.path("8-palette.bmp")).channels == 3)
    #expect(try Image(path: ImageReference.path("grey-lzw.tiff")).channels == 1)
    #expect(try Image(path: ImageReference.path("one-bit-fax.tiff")).channels == 1)
  }

  @Test func floatsAreReadAsFloatsAndAsMasksOnly() throws {
    let path = ImageReference.path("floats.tiff")
    let expected = try floats(ImageReference.read.get().floats)
    let image = try FloatImage(path: path)
    #expect(image.width == 3 && image.height == 5 && image.channels == 1)
    #expect(image.samples == expected)
    let tiled = try FloatImage(path: ImageReference.path("floats-tiled.tiff"))
    #expect(tiled.width == 33 && tiled.height == 37)
    for row in 0..<37 {
      for column in 0..<33 {
        let value: Float = row < 5 && column < 3 ? expected[row * 3 + column] : 0
        #expect(tiled.samples[row * 33 + column] == value)
      }
    }
    #expect(try Mask(path: ImageReference.path("floats-tiled.tiff")).defectivePixels == 15)
    let error = #expect(throws: ImageError.self) { try Image(path: path) }
    #expect(error?.description.contains("no value is known to be white") == true)
  }

  @Test(arguments: [1, 3])
  func floatsThatWereWrittenComeBack(_ channels: Int) throws {
    var values = Reproducible(8)
    let samples: [Float] = values.floats(7 * 5 * channels - 2) + [.infinity, -1e-30]
    let image = try FloatImage(width: 7, height: 5, channels: channels, samples: samples)
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("map.tiff")
      try image.writeTIFF(to: url)
      #expect(try FloatImage(path: url.path) == image)
    }
  }

  @Test(arguments: [
    ("cmyk.tiff", "CMYK"), ("animated.webp", "animated"), ("runs-of-4.bmp", "compression 2 with 4 bits"),
    ("doubles.tiff", "8 or 16 bits"), ("text.pgm", "binary PGM"),
  ])
  func whatIsNotReadIsRefusedClearly(_ file: String, _ part: String) {
    let path = ImageReference.path(file)
    let error = #expect(throws: ImageError.self) { try Image(path: path) }
    #expect(error.map { isOneSentence($0, path: path) && $0.description.contains(part) } == true)
  }

  @Test(arguments: [
    ("P5 99999 99999 255\n", "too many pixels"), ("P5 3 -3 255\n", "header"), ("P5 3 3 70000\n", "make no sense"),
    ("P5 3 3 0\n", "make no sense"), ("P6 2 2 255\nabcdefghijk", "cut off"), ("P5 2 2 256\nabcdefg", "cut off"),
    ("P5", "header"), ("P5 # no end", "header"), ("P5 999999999999999999999999 1 1\n", "header"), ("BM", "cut off"),
    ("II*\0", "TIFF"), ("RIFF\0\0\0\0WEBP", "WebP"), ("RIFF", "none of"),
  ])
  func headersThatLieAreRefused(_ content: String, _ part: String) {
    let error = #expect(throws: ImageError.self) { try Image(Data(content.utf8), path: "memory") }
    #expect(error.map { isOneSentence($0, path: "memory") && $0.description.contains(part) } == true, "\(error as Any)")
  }

  /// Every kind of decoder with bytes changed: a picture or one sentence, never a fault, and within no time.
  @Test(arguments: [
    "24.bmp", "16-fields.bmp", "4-palette.bmp", "8-runs.bmp", "8-jumps.bmp", "8-palette.bmp", "deep-rgb.ppm",
    "grey-99.pgm",
    "turned-6.webp", "webp-lossy.webp", "turned-6.tiff", "grey-lzw.tiff", "palette.tiff", "one-bit-fax.tiff",
    "jpeg.tiff", "deep-rgb-tiled.tiff", "deep-rgb-planar.tiff", "floats.tiff", "turned-3.jpg", "turned-7.png",
  ])
  func damagedBytesGiveAPictureOrAnError(_ file: String) throws {
    let original = try ImageReference.bytes(file)
    var values = Reproducible(7)
    var (refused, read) = (0, 0)
    for round in 0..<1000 {
      var bytes = original
      // Headers decide what memory is asked for: two of three changes fall on the first 200 bytes.
      let reach = round % 3 == 0 ? bytes.count : min(200, bytes.count)
      for (place, value) in zip(values.floats(3), values.integers(3, range: 127)) {
        bytes[Int((place + 1) / 2 * Float(reach - 1))] = UInt8(value + 127)
      }
      if round % 5 == 0 { bytes.removeLast(bytes.count * (round % 7) / 8) }
      do {
        let image = try Image(Data(bytes), path: "memory")
        #expect(image.pixels.count == image.width * image.height * image.channels)
        read += 1
      } catch {
        #expect(isOneSentence(error, path: "memory"), "\(error)")
        refused += 1
      }
    }
    #expect(refused >= 100 && (read > 0 || file == "floats.tiff"), "\(refused) refused, \(read) read")
  }

  @Test(arguments: ["24.bmp", "deep-rgb.ppm", "webp-lossy.webp", "grey-lzw.tiff", "deep-rgb-tiled.tiff", "8-runs.bmp"])
  func aFileCutOffAnywhereIsRefusedOrWhole(_ file: String) throws {
    let bytes = try ImageReference.bytes(file)
    let whole = try Image(Data(bytes), path: "memory")
    for length in stride(from: 0, to: bytes.count, by: 7) {
      do {
        // What is lost may be padding or metadata, never part of the picture.
        #expect(try Image(Data(bytes.prefix(length)), path: "memory") == whole, "\(length) of \(bytes.count)")
      } catch { #expect(isOneSentence(error, path: "memory"), "\(error)") }
    }
  }

  @Test func strangeMetadataIsIgnored() throws {
    let original = try ImageReference.bytes("turned-3.jpg")
    let upright = try Image(path: ImageReference.path("turned-1.jpg"))
    let turned = try Image(path: ImageReference.path("turned-3.jpg"))
    let exif = try #require((0..<100).first { original[$0...].starts(with: Array("Exif\0\0".utf8)) }) + 6
    // The orientation's value, its type, its count, the directory's place, the byte order, the number of entries.
    for (place, value) in [(18, 0), (18, 9), (18, 255), (12, 4), (14, 9), (4, 200), (0, 7), (8, 0)] {
      var bytes = original
      bytes[exif + place] = UInt8(value)
      let image = try Image(Data(bytes), path: "memory")
      #expect(image.extent == upright.extent)
      #expect(image != turned, "byte \(place) = \(value)")
    }
  }

  @Test func masksAreTurnedLikePictures() throws {
    let mask = try Mask(path: ImageReference.path("turned-6.png"))
    #expect(mask.width == 7 && mask.height == 13)
  }

  @Test func everyFormatHasExtensions() {
    #expect(
      Set(PictureFormat.all.flatMap(\.extensions)) == [
        "png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp", "pgm", "ppm", "pnm",
      ])
  }
}
