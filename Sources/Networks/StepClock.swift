/// How fast steps go, smoothed: an average of their seconds in which each older one counts 0.95 times as much.
struct StepClock {
  private static let decay = 0.95
  private var last = ContinuousClock.now
  private var (sum, weight) = (0.0, 0.0)

  /// The seconds since the last call.
  mutating func lap() -> Double {
    let now = ContinuousClock.now
    let duration = last.duration(to: now).components
    let seconds = Double(duration.seconds) + Double(duration.attoseconds) * 1e-18
    last = now
    sum = sum * Self.decay + seconds
    weight = weight * Self.decay + 1
    return seconds
  }

  /// Steps a second.
  var rate: Double { weight / max(sum, 1e-9) }
}
