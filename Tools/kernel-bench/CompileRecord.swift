import ComputeOpenCL

/// What one file of kernels costs before it runs, by what is cached.
struct CompileRecord: Codable {
  /// What is cached when a process starts.
  enum Stage: String, Codable, CaseIterable {
    case nothing
    case driver
    case own

    var title: String {
      switch self {
      case .nothing: "nothing"
      case .driver: "by the driver"
      case .own: "by us alone"
      }
    }
  }

  struct Cost: Codable {
    /// Milliseconds until the program was built, and of the first launches of its kernels together.
    var build: Double
    var firstLaunches: Double
    var kernels: [CompileTimes.Launch]

    private enum CodingKeys: String, CodingKey {
      case build = "build_ms"
      case firstLaunches = "first_launches_ms"
      case kernels
    }
  }

  var variant: String
  var file: String
  /// By ``Stage``.
  var costs: [String: Cost]

  /// From what each stage's child has measured, by variant.
  static func all(_ stages: [Stage: [String: CompileTimes]]) -> [CompileRecord] {
    var records: [String: CompileRecord] = [:]
    for (stage, variants) in stages {
      for (variant, times) in variants {
        for program in times.programs {
          let launches = times.launches.filter { $0.kernel.prefix { $0 != "_" } == program.file }
          let key = "\(variant) \(program.file)"
          var record = records[key] ?? CompileRecord(variant: variant, file: program.file, costs: [:])
          record.costs[stage.rawValue] = Cost(
            build: 1000 * program.seconds, firstLaunches: 1000 * launches.reduce(0) { $0 + $1.seconds },
            kernels: launches)
          records[key] = record
        }
      }
    }
    return records.sorted { $0.key < $1.key }.map(\.value)
  }
}
