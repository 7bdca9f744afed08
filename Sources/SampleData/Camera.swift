import Images

/// One exposure: from linear light to 8-bit pixels, as a cheap industrial camera makes them.
struct Camera {
  /// Gain of each colour: exposure and white balance together.
  private let gain: Colour
  /// How far the light falls off to the corners.
  private let falloff: Float
  /// Change of the light across the picture, a picture unit.
  private let slant: Point
  /// Standard deviation of the lens' blur in picture units.
  private let blur: Float
  /// Standard deviations of the grain in grey levels, in the dark and at mid-grey.
  private let readNoise: Float
  private let shotNoise: Float
  private let grain: RandomStream

  /// - exposureSpread: deviation of the exposure in stops.
  init(seed: UInt64, picture: Int, exposureSpread: Float) {
    var random = RandomStream(seed: seed, picture: picture, purpose: .camera)
    // Uniform within 1.7 deviations.
    let light = (RandomStream.even(seed: seed, picture: picture) - 0.5) * 3.46
    let exposure = ExactMath.exp2(light.x * exposureSpread)
    let warmth = light.y * 0.035
    let green = random.bell() * 0.008
    gain = Colour(red: 1 + warmth, green: 1 + green, blue: 1 - warmth * 1.2) * exposure
    falloff = random.uniform(0.10, 0.30)
    slant = Point.direction(random.uniform(0, 2 * ExactMath.pi)) * random.uniform(0, 0.16) / 256
    blur = random.uniform(0.45, 0.85)
    readNoise = random.uniform(0.8, 1.3)
    shotNoise = random.uniform(1.2, 2.2)
    grain = RandomStream(seed: seed, picture: picture, purpose: .grain)
  }

  /// Grey levels 0 … 255 without grain, still as fractions: light falloff, lens blur, tone curve.
  func developed(_ canvas: Canvas) -> [Colour] {
    var light = canvas.pixels
    expose(&light, canvas)
    blurLines(&light, canvas)
    let encode = ToneCurve.standard
    light.withUnsafeMutableBufferPointer { pixels in
      for index in 0..<pixels.count { pixels[index] = encode(pixels[index]) }
    }
    return light
  }

  private func expose(_ light: inout [Colour], _ canvas: Canvas) {
    let (size, width) = (canvas.size, canvas.pixelWidth)
    light.withUnsafeMutableBufferPointer { pixels in
      for row in 0..<size {
        for column in 0..<size {
          let p = Point((Float(column) + 0.5) * width - 256, (Float(row) + 0.5) * width - 256)
          let brightness = (1 + slant.dot(p)) * (1 - falloff * p.dot(p) * (1 / 131_072))
          pixels[row * size + column] *= gain * brightness
        }
      }
    }
  }

  /// Two passes of five taps; edges repeat.
  private func blurLines(_ light: inout [Colour], _ canvas: Canvas) {
    let size = canvas.size
    let sigma = blur / canvas.pixelWidth
    let raw = (0...2).map { ExactMath.exp(-Float($0 * $0) / (2 * sigma * sigma)) }
    let sum = raw[0] + 2 * (raw[1] + raw[2])
    let (w0, w1, w2) = (raw[0] / sum, raw[1] / sum, raw[2] / sum)
    var passed = light
    passed.withUnsafeMutableBufferPointer { target in
      light.withUnsafeMutableBufferPointer { source in
        func pass(_ from: UnsafeMutableBufferPointer<Colour>, _ to: UnsafeMutableBufferPointer<Colour>, _ stride: Int) {
          for row in 0..<size {
            for column in 0..<size {
              let place = row * size + column
              let position = stride == 1 ? column : row
              let (back, forth) = (min(position, 2), min(size - 1 - position, 2))
              let near = from[place - min(back, 1) * stride] + from[place + min(forth, 1) * stride]
              let far = from[place - back * stride] + from[place + forth * stride]
              to[place] = from[place] * w0 + near * w1 + far * w2
            }
          }
        }
        pass(source, target, 1)
        pass(target, source, size)
      }
    }
  }

  /// The finished picture: the sensor's grain over developed grey levels, rounded.
  ///
  /// The grain depends on the pixel and its brightness alone, so two pictures of one exposure that agree in a pixel
  /// before the grain agree after it.
  func picture(_ levels: [Colour], size: Int) throws(ImageError) -> Image {
    let grain = grain
    let bytes = [UInt8](unsafeUninitializedCapacity: size * size * 3) { target, count in
      levels.withUnsafeBufferPointer { source in
        for index in 0..<(size * size) {
          let words = grain.words(at: UInt32(truncatingIfNeeded: index))
          let level = source[index]
          let common = Self.bell(words.w)
          // Shot noise grows with the root of the light, which is about linear in gamma-coded levels.
          let mean = (level.x + level.y + level.z) * (1 / 384)
          let deviation = readNoise + shotNoise * (mean / (mean + 0.5))
          target[index * 3] = Self.rounded(level.x + deviation * (common * 0.7 + Self.bell(words.x) * 0.7))
          target[index * 3 + 1] = Self.rounded(level.y + deviation * (common * 0.7 + Self.bell(words.y) * 0.5))
          target[index * 3 + 2] = Self.rounded(level.z + deviation * (common * 0.7 + Self.bell(words.z) * 0.9))
        }
      }
      count = size * size * 3
    }
    return try Image(width: size, height: size, channels: 3, pixels: bytes)
  }

  /// Close to normal with deviation 1, from a word's four bytes.
  @inline(__always)
  private static func bell(_ word: UInt32) -> Float {
    let sum = (word & 0xFF) &+ (word >> 8 & 0xFF) &+ (word >> 16 & 0xFF) &+ (word >> 24)
    return (Float(sum) - 510) * (1 / 147.8)
  }

  @inline(__always)
  private static func rounded(_ level: Float) -> UInt8 { UInt8(min(max(level, 0), 255) + 0.5) }
}

/// Linear light to grey levels: straight in the middle, a soft shoulder for highlights, then sRGB's curve.
struct ToneCurve {
  static let standard = ToneCurve()

  private static let top: Float = 4
  private static let count = 4096
  private let table: [Float]

  private init() {
    table = (0...Self.count).map { index in
      // The table is denser in the dark: position is the root of light.
      let root = Float(index) / Float(Self.count)
      let light = root * root * Self.top
      // Up to 0.6 as it is, then bending towards 1.
      let bent = light < 0.6 ? light : 0.6 + 0.4 * (1 - ExactMath.exp(-(light - 0.6) / 0.4))
      let code = bent < 0.003_130_8 ? 12.92 * bent : 1.055 * ExactMath.power(bent, 1 / 2.4) - 0.055
      return min(code, 1) * 255
    }
  }

  @inline(__always)
  func callAsFunction(_ light: Colour) -> Colour {
    var position = (light * (1 / Self.top)).clamped(lowerBound: Colour(), upperBound: Colour(repeating: 0.9999))
    position = Colour(position.x.squareRoot(), position.y.squareRoot(), position.z.squareRoot(), 0) * Float(Self.count)
    return table.withUnsafeBufferPointer { table in
      @inline(__always) func value(_ x: Float) -> Float {
        let index = Int(ExactMath.floor(x + 1e-4))
        return mix(table[max(index, 0)], table[max(index, 0) + 1], x - Float(max(index, 0)))
      }
      return Colour(red: value(position.x), green: value(position.y), blue: value(position.z))
    }
  }
}
