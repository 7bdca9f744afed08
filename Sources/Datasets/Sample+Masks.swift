public import Images

/// One annotated defect of a picture.
public struct MaskChannel: Sendable {
  public let path: String
  /// The pixels of this defect alone; at least one.
  public let mask: Mask
  /// What the value of its pixels says.
  public let defect: DefectTable.Entry
}

extension Sample {
  /// The union of the picture's masks: any value but 0 is defective.
  ///
  /// - width, height: the picture's
  /// - Returns: nil where a defective picture's place of defect is not known: it has no mask, or one without a defective
  ///   pixel. A good picture without a mask has an empty one.
  /// - Throws: ``DatasetError/maskSize(mask:found:expected:)``, ``DatasetError/maskOfGood(picture:mask:pixels:)``, or an
  ///   `ImageError`.
  public func mask(width: Int, height: Int) throws -> Mask? {
    var union = Mask.empty(width: width, height: height)
    var isEmpty = true
    for path in masks {
      let mask = try Mask(path: path)
      try checkSize(of: path, mask.width, mask.height, width, height)
      let pixels = mask.defectivePixels
      guard pixels > 0 else { continue }
      guard label.isDefective else {
        throw DatasetError.maskOfGood(picture: self.path, mask: path, pixels: pixels)
      }
      union =
        isEmpty ? mask : Mask(width: width, height: height, values: zip(union.values, mask.values).map { $0 | $1 })
      isEmpty = false
    }
    return label.isDefective && isEmpty ? nil : union
  }

  /// The picture's defects one by one, each with its entry in the table; masks without a defective pixel are left out.
  ///
  /// - width, height: the picture's
  /// - Throws: ``DatasetError`` when a mask has several values, or one that the table does not list; also what
  ///   ``mask(width:height:)`` throws.
  public func channels(_ table: DefectTable, width: Int, height: Int) throws -> [MaskChannel] {
    try masks.compactMap { path in
      let image = try Image(path: path)
      try checkSize(of: path, image.width, image.height, width, height)
      let values = Self.values(image)
      guard let value = values.first else {
        // 16-bit samples lose their low byte, and with it the value.
        guard try Mask(path: path).defectivePixels == 0 else {
          throw DatasetError.unreadable(path: path, reason: "it is a 16-bit mask; values of defects have 8 bits")
        }
        return nil
      }
      guard values.count == 1 else { throw DatasetError.maskValues(mask: path, values: values) }
      guard let defect = table.entries.first(where: { $0.pixelValue == value }) else {
        throw DatasetError.maskValue(mask: path, value: value, known: table.entries.map(\.pixelValue))
      }
      let mask = Mask(image)
      guard label.isDefective else {
        throw DatasetError.maskOfGood(picture: self.path, mask: path, pixels: mask.defectivePixels)
      }
      return MaskChannel(path: path, mask: mask, defect: defect)
    }
  }

  /// The values but 0 that occur, in order.
  private static func values(_ image: Image) -> [Int] {
    var occurs = [Bool](repeating: false, count: 256)
    image.pixels.withUnsafeBufferPointer { for value in $0 { occurs[Int(value)] = true } }
    return (1..<256).filter { occurs[$0] }
  }

  private func checkSize(
    of mask: String, _ maskWidth: Int, _ maskHeight: Int, _ width: Int, _ height: Int
  ) throws(DatasetError) {
    guard maskWidth == width, maskHeight == height else {
      throw .maskSize(mask: mask, found: [maskWidth, maskHeight], expected: [width, height])
    }
  }
}
