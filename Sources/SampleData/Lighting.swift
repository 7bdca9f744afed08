/// Where the main light of a picture comes from; brightness and colour temperature belong to the ``Camera``.
struct Lighting {
  /// Direction towards the light in the picture's plane, of length 1.
  let azimuth: Point
  /// Towards the light, z towards the camera.
  let direction: SIMD3<Float>

  /// - azimuth: the middle of the directions that occur, radians; y points down, so −¾π is top left.
  init(azimuth: Float, spread: Float, height: ClosedRange<Float>, _ random: inout RandomStream) {
    let angle = azimuth + random.uniform(-spread, spread)
    self.azimuth = .direction(angle)
    let elevation = random.uniform(height.lowerBound, height.upperBound)
    let flat = ExactMath.cosine(elevation)
    direction = SIMD3(self.azimuth.x * flat, self.azimuth.y * flat, ExactMath.sine(elevation))
  }
}
