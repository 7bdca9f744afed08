/// Random numbers that depend on nothing but what they are for: Philox4x32-10 (Salmon et al. 2011,
/// doi 10.1145/2063384.2063405), a bijection of a 128-bit counter under a 64-bit key.
///
/// The key is the data set's seed; the counter holds the picture, the purpose and the position in the stream. So any
/// picture can be drawn alone, on any thread, in any order.
struct RandomStream {
  /// What a stream is drawn for; each purpose has numbers of its own, so that a new draw moves no other.
  enum Purpose: UInt32 {
    case specimen
    case camera
    case defect
    case grain
    case light
  }

  private let key: SIMD2<UInt32>
  private let picture: UInt32
  private let purpose: UInt32
  private var position: UInt32 = 0
  private var block = SIMD4<UInt32>()
  private var unused = 0

  /// - attempt: another stream of the same purpose, for a defect that is drawn again.
  init(seed: UInt64, picture: Int, purpose: Purpose, attempt: Int = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.picture = UInt32(truncatingIfNeeded: picture)
    self.purpose = purpose.rawValue &+ UInt32(truncatingIfNeeded: attempt) &* 256
  }

  /// The four words at a place of the stream, whatever was drawn before.
  @inline(__always)
  func words(at position: UInt32) -> SIMD4<UInt32> {
    Self.philox(SIMD4(position, purpose, picture, 0), key)
  }

  mutating func word() -> UInt32 {
    if unused == 0 {
      block = words(at: position)
      position &+= 1
      unused = 4
    }
    unused -= 1
    return block[3 - unused]
  }

  /// Uniform in [0, 1), in steps of 2⁻²⁴.
  mutating func unit() -> Float { Float(word() >> 8) * (1 / 16_777_216) }

  mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

  /// Close to normal, mean 0 and deviation 1, within ±3.46: the sum of four uniforms.
  mutating func bell() -> Float { (unit() + unit() + unit() + unit() - 2) * 1.732_050_8 }

  /// A whole number from 0 to below `count`.
  mutating func index(below count: Int) -> Int { Int((UInt64(word()) * UInt64(count)) >> 32) }

  mutating func chance(_ probability: Float) -> Bool { unit() < probability }

  mutating func sign() -> Float { chance(0.5) ? 1 : -1 }

  /// Two numbers, uniform in [0, 1), that cover their square evenly over the pictures of one part of the data set
  /// (the R2 sequence of the plastic number): even a few test pictures vary as widely as all training pictures.
  static func even(seed: UInt64, picture: Int) -> SIMD2<Float> {
    let part = SamplePlan.partSize
    var random = RandomStream(seed: seed, picture: picture / part, purpose: .light)
    let start = SIMD2(random.unit(), random.unit())
    let place = start + SIMD2(0.754_877_7, 0.569_840_3) * Float(picture % part)
    return place - place.rounded(.down)
  }

  @inline(__always)
  static func philox(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let first = UInt64(c0) &* 0xD251_1F53
      let second = UInt64(c2) &* 0xCD9E_8D57
      c0 = UInt32(truncatingIfNeeded: second >> 32) ^ c1 ^ k0
      c1 = UInt32(truncatingIfNeeded: second)
      c2 = UInt32(truncatingIfNeeded: first >> 32) ^ c3 ^ k1
      c3 = UInt32(truncatingIfNeeded: first)
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(c0, c1, c2, c3)
  }
}
