public import Foundation

public struct SampleDataset: Sendable {
  public static let standardSeed: UInt64 = 1
  public init(seed: UInt64 = Self.standardSeed) {}
  public func write(to folder: URL, progress: (Int, Int) throws -> Void) throws {}
}
