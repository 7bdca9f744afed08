import ArgumentParser
import Benchmarking

/// The time that rates are taken from.
enum Statistic: String, CaseIterable, ExpressibleByArgument {
  case p10, median, min

  func value(_ statistics: SampleStatistics) -> Double {
    switch self {
    case .p10: statistics.p10
    case .median: statistics.median
    case .min: statistics.minimum
    }
  }
}
