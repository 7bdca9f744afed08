public import Foundation

/// What a device was measured to do at most.
public struct Roofs: Codable, Hashable, Sendable {
  /// Bandwidth while so many bytes are touched again and again.
  public struct Bandwidth: Codable, Hashable, Sendable {
    public let bytes: Int
    /// 10⁹ bytes a second.
    public let gigabytesPerSecond: Double

    private enum CodingKeys: String, CodingKey {
      case bytes
      case gigabytesPerSecond = "gbs"
    }

    public init(bytes: Int, gigabytesPerSecond: Double) {
      self.bytes = bytes
      self.gigabytesPerSecond = gigabytesPerSecond
    }
  }

  /// 10⁹ operations a second; a multiply-add is two.
  public var multiplyAdd: Double
  /// 10⁹ exponentials a second.
  public var exponential: Double
  /// By size, from small to large: bytes read and written, and bytes read.
  public var copy, read: [Bandwidth]
  /// Microseconds of one of many launches of nothing, and of a launch that is waited for.
  public var launch, finish: Double
  public var measuredAt: Date

  private enum CodingKeys: String, CodingKey {
    case multiplyAdd = "fma_gflops"
    case exponential = "exp_gops"
    case copy = "copy_gbs"
    case read = "read_gbs"
    case launch = "launch_us"
    case finish = "finish_us"
    case measuredAt = "measured_at"
  }

  public init(
    multiplyAdd: Double, exponential: Double, copy: [Bandwidth], read: [Bandwidth], launch: Double, finish: Double,
    measuredAt: Date = Date()
  ) {
    self.multiplyAdd = multiplyAdd
    self.exponential = exponential
    self.copy = copy
    self.read = read
    self.launch = launch
    self.finish = finish
    self.measuredAt = measuredAt
  }

  /// 10⁹ bytes a second from memory: the larger of copying and reading at the largest size.
  public var memoryBandwidth: Double { max(copy.last?.gigabytesPerSecond ?? 0, read.last?.gigabytesPerSecond ?? 0) }
  /// The most at any size.
  public var cacheBandwidth: Double { (copy + read).map(\.gigabytesPerSecond).max() ?? 0 }
  /// The largest size measured whose bandwidth is nearer, in ratio, to the cache's than to the memory's.
  public var cacheBytes: Int {
    let middle = (cacheBandwidth * memoryBandwidth).squareRoot()
    return (copy + read).filter { $0.gigabytesPerSecond > middle }.map(\.bytes).max() ?? 0
  }

  /// The most while so many bytes are touched, between the sizes measured in proportion to logarithms. What a size allows,
  /// smaller ones do too: those measure the start of threads as well.
  func bandwidth(touching bytes: Int) -> Double {
    var sizes: [(logarithm: Double, bandwidth: Double)] = []
    for (copy, read) in zip(copy, read).reversed() {
      let most = max(copy.gigabytesPerSecond, read.gigabytesPerSecond, sizes.last?.bandwidth ?? 0)
      sizes.append((log(Double(copy.bytes)), most))
    }
    let size = log(Double(max(bytes, 1)))
    guard let above = sizes.lastIndex(where: { $0.logarithm >= size }) else { return sizes.first?.bandwidth ?? 0 }
    guard above + 1 < sizes.count else { return sizes[above].bandwidth }
    let (large, small) = (sizes[above], sizes[above + 1])
    let part = (size - small.logarithm) / (large.logarithm - small.logarithm)
    return small.bandwidth * pow(large.bandwidth / small.bandwidth, part)
  }
}

/// What an operation must do: its arithmetic, and each operand once to or from memory.
public struct WorkModel: Codable, Hashable, Sendable {
  public var floatingPointOperations: Int
  public var bytes: Int
  public var exponentials: Int

  private enum CodingKeys: String, CodingKey {
    case floatingPointOperations = "flops"
    case bytes
    case exponentials = "exps"
  }

  public init(floatingPointOperations: Int, bytes: Int, exponentials: Int = 0) {
    self.floatingPointOperations = floatingPointOperations
    self.bytes = bytes
    self.exponentials = exponentials
  }

  /// Floating-point operations a byte.
  public var intensity: Double { Double(floatingPointOperations) / Double(max(bytes, 1)) }
}

extension Roofs {
  public enum Bound: String, Codable, Sendable {
    case compute, cache
    case exponential = "exp"
    case memory = "DRAM"
  }

  /// The least time that the roofs allow, and the roof that sets it.
  public func limit(of work: WorkModel) -> (seconds: Double, bound: Bound) {
    let bandwidth = bandwidth(touching: work.bytes)
    let isCache = bandwidth > (cacheBandwidth * memoryBandwidth).squareRoot()
    let limits: [(Double, Bound)] = [
      (Double(work.floatingPointOperations) / (multiplyAdd * 1e9), .compute),
      (Double(work.exponentials) / (exponential * 1e9), .exponential),
      (Double(work.bytes) / (bandwidth * 1e9), isCache ? .cache : .memory),
    ]
    return limits.max { $0.0 < $1.0 } ?? (0, .compute)
  }
}
