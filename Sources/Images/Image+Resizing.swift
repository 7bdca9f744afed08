import CResampling

extension Image {
  /// The picture at another size: bit for bit the `resize` of Pillow up to 12; from 13 on Pillow goes along columns first
  /// for some sizes, which moves values by one.
  ///
  /// Two passes, along rows and then along columns, each a weighted mean under a filter as wide as the shrink factor, with
  /// weights of 22 fractional bits and rounding to 8 bits after each. Of 16 bits the upper eight are resized.
  ///
  /// - Parameters:
  ///   - newWidth: in pixels, at least 1.
  ///   - newHeight: in pixels, at least 1.
  ///   - filter: the weights' shape.
  public func resized(width newWidth: Int, height newHeight: Int, filter: ResizeFilter = .bilinear) -> Image {
    let newWidth = max(newWidth, 1)
    let newHeight = max(newHeight, 1)
    let channels = channels
    var image = Image(unchecked: width, height, channels, pixels)
    if newWidth != width {
      let (source, height) = (image.pixels, height)
      let result = ResizeAxis(from: width, to: newWidth, filter).withLoops { axis in
        [UInt8](unsafeUninitializedCapacity: newWidth * height * channels) { target, count in
          cresampling_rows_u8(source, target.baseAddress, height, channels, axis)
          count = newWidth * height * channels
        }
      }
      image = Image(unchecked: newWidth, height, channels, result)
    }
    if newHeight != height {
      let (source, stride) = (image.pixels, newWidth * channels)
      var sums = [Int32](repeating: 0, count: stride)
      let result = ResizeAxis(from: height, to: newHeight, filter).withLoops { axis in
        [UInt8](unsafeUninitializedCapacity: newHeight * stride) { target, count in
          cresampling_columns_u8(source, target.baseAddress, stride, &sums, axis)
          count = newHeight * stride
        }
      }
      image = Image(unchecked: newWidth, newHeight, channels, result)
    }
    return image
  }
}

extension FloatImage {
  /// The picture at another size, without rounding in between: Pillow's `resize` of mode F, for RGB too.
  ///
  /// - Parameters:
  ///   - newWidth: in pixels, at least 1.
  ///   - newHeight: in pixels, at least 1.
  ///   - filter: the weights' shape.
  public func resized(width newWidth: Int, height newHeight: Int, filter: ResizeFilter = .bilinear) -> FloatImage {
    let (width, height) = (width, height)
    return FloatImage.resized(width, height, channels, to: max(newWidth, 1), max(newHeight, 1), filter) { row in
      self.samples[(row * width * self.channels)..<((row + 1) * width * self.channels)]
    }
  }

  /// A picture's grey levels 0 … 255 at another size, with all of its depth. Row by row: a picture of a camera's size is
  /// never held as floats.
  public init(
    _ image: Image, width newWidth: Int, height newHeight: Int, filter: ResizeFilter = .bilinear
  ) {
    let length = image.width * image.channels
    self = .resized(image.width, image.height, image.channels, to: max(newWidth, 1), max(newHeight, 1), filter) { row in
      Self.levels(image, (row * length)..<((row + 1) * length))[...]
    }
  }

  private static func resized(
    _ width: Int, _ height: Int, _ channels: Int, to newWidth: Int, _ newHeight: Int, _ filter: ResizeFilter,
    row: (Int) -> ArraySlice<Float>
  ) -> FloatImage {
    let stride = newWidth * channels
    let narrow = [Float](unsafeUninitializedCapacity: height * stride) { target, count in
      let columns = newWidth == width ? nil : ResizeAxis(from: width, to: newWidth, filter)
      for index in 0..<height {
        let place = target.baseAddress.map { $0 + index * stride }
        row(index).withUnsafeBufferPointer { source in
          if let columns {
            columns.withLoops { cresampling_rows_f32(source.baseAddress, place, 1, channels, $0) }
          } else if let from = source.baseAddress {
            place?.initialize(from: from, count: stride)
          }
        }
      }
      count = height * stride
    }
    guard newHeight != height else { return FloatImage(unchecked: newWidth, height, channels, narrow) }
    let result = ResizeAxis(from: height, to: newHeight, filter).withLoops { axis in
      [Float](unsafeUninitializedCapacity: newHeight * stride) { target, count in
        cresampling_columns_f32(narrow, target.baseAddress, stride, axis)
        count = newHeight * stride
      }
    }
    return FloatImage(unchecked: newWidth, newHeight, channels, result)
  }
}
