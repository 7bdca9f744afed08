import Foundation
import Images
import TestSupport
import Testing

@Suite("Reading pictures")
struct ImageReadingTests {
  /// Pillow carries its own libjpeg-turbo: another version may round colours and blend subsampled chroma by a step more.
  private let jpegTolerance = 2
  /// Such differences are single pixels; a wrong transform or chroma position moves them all.
  private let jpegMeanTolerance = 0.05

  @Test func theReferenceIsThere() throws {
    let reference = try ImageReference.read.get()
    #expect(reference.png.count == 30)
    #expect(reference.jpeg.count == 6)
    #expect(reference.masks.files.count == 7)
    #expect(reference.resizing.count == 6)
    #expect(reference.exact.count == 49)
    #expect(reference.lossy.count == 10)
    #expect(reference.deep.count == 12)
    #expect(reference.filtered.count == 4)
  }

  @Test(arguments: ImageReference.png)
  func everyKindOfPNGEqualsPillow(_ reference: ImageReference.Picture) throws {
    let image = try Image(path: ImageReference.path(reference.file))
    #expect(image.extent == [reference.width, reference.height, reference.channels])
    #expect(image.rgb.pixels == [UInt8](reference.rgb))
  }

  @Test(arguments: ImageReference.jpeg)
  func everyKindOfJPEGIsCloseToPillow(_ reference: ImageReference.Picture) throws {
    let image = try Image(path: ImageReference.path(reference.file))
    #expect(image.extent == [reference.width, reference.height, reference.channels])
    let differences = zip(image.rgb.pixels, reference.rgb).map { abs(Int($0) - Int($1)) }
    #expect(differences.count == reference.rgb.count)
    #expect((differences.max() ?? .max) <= jpegTolerance)
    #expect(Double(differences.reduce(0, +)) / Double(differences.count) <= jpegMeanTolerance)
  }

  @Test func cmykJPEGIsRefused() {
    let path = ImageReference.path("cmyk.jpg")
    #expect(throws: ImageError.unreadable(path: path, reason: "it is a CMYK JPEG; save it as RGB")) {
      try Image(path: path)
    }
  }

  @Test(arguments: ["oversize.png", "oversize.jpg"])
  func sizesThatNoCameraHasAreRefused(_ file: String) {
    let path = ImageReference.path(file)
    let error = #expect(throws: ImageError.self) { try Image(path: path) }
    #expect(error?.description.contains("it has too many pixels") == true)
  }

  @Test(arguments: ["grey-8.png", "palette-4-interlaced.png", "rgba-16.png"])
  func aPNGCutOffAnywhereIsRefused(_ file: String) throws {
    let bytes = try ImageReference.bytes(file)
    for length in 0..<bytes.count {
      let error = #expect(throws: ImageError.self, "\(length) of \(bytes.count) bytes") {
        try Image(Data(bytes.prefix(length)), path: file)
      }
      #expect(error.map { isOneSentence($0, path: file) } == true)
    }
  }

  @Test(arguments: ["grey.jpg", "rgb-420.jpg", "rgb-progressive.jpg"])
  func aJPEGCutOffAnywhereIsRefused(_ file: String) throws {
    let bytes = try ImageReference.bytes(file)
    // The end mark of two bytes is not needed: everything is there without it.
    for length in 0..<(bytes.count - 2) {
      let error = #expect(throws: ImageError.self, "\(length) of \(bytes.count) bytes") {
        try Image(Data(bytes.prefix(length)), path: file)
      }
      #expect(error.map { isOneSentence($0, path: file) } == true)
    }
  }

  @Test(arguments: ["grey-1-interlaced.png", "palette-4-transparent.png", "rgb-16-transparent.png", "rgb-420.jpg"])
  func damagedBytesGiveAPictureOrAnError(_ file: String) throws {
    let original = try ImageReference.bytes(file)
    var values = Reproducible(5)
    var refused = 0
    for _ in 0..<400 {
      var bytes = original
      for (place, value) in zip(values.floats(3), values.integers(3, range: 127)) {
        bytes[Int((place + 1) / 2 * Float(bytes.count - 1))] = UInt8(value + 127)
      }
      do { _ = try Image(Data(bytes), path: file) } catch {
        #expect(isOneSentence(error, path: file))
        refused += 1
      }
    }
    #expect(refused > 100)
  }

  @Test func filesOfAnotherKindAreNamed() throws {
    #expect(try reason(nil) == "there is no such file")
    #expect(try reason(Data()) == "the file is empty")
    #expect(try reason(Data("a picture of a cat".utf8)) == "it is none of PNG, JPEG, BMP, TIFF, WebP, PGM or PPM")
    #expect(try reason(Data("GIF89a".utf8)) == "it is none of PNG, JPEG, BMP, TIFF, WebP, PGM or PPM")
  }

  /// Why a file of this content, or none, cannot be read.
  private func reason(_ content: Data?) throws -> String? {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("file.png")
      try content?.write(to: url)
      let error = #expect(throws: ImageError.self) { try Image(path: url.path) }
      guard case .unreadable(url.path, let reason)? = error else { return nil }
      return reason
    }
  }

  @Test func aFolderIsNoPicture() throws {
    let path = Fixtures.path("images")
    #expect(throws: ImageError.unreadable(path: path, reason: "the file cannot be opened")) { try Image(path: path) }
  }

  @Test func theKindIsRecognisedByContent() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("picture.png")
      try Data(ImageReference.bytes("grey.jpg")).write(to: url)
      #expect(try Image(path: url.path) == Image(path: ImageReference.path("grey.jpg")))
    }
  }
}
