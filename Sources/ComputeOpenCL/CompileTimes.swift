/// What compiling has cost a device so far.
package struct CompileTimes: Codable, Hashable, Sendable {
  /// One file of kernels.
  package struct Program: Codable, Hashable, Sendable {
    package var file: String
    /// Seconds until it was built, from its source or from a binary of the cache.
    package var seconds: Double
    package var isFromCache: Bool
  }

  /// The first launch of a kernel with a work-group of this size: some drivers compile only then.
  package struct Launch: Codable, Hashable, Sendable {
    package var kernel: String
    package var group: [Int]
    /// Seconds until its result was there.
    package var seconds: Double
  }

  package var programs: [Program] = []
  /// Only where ``OpenCLDevice/timeFirstLaunches()`` was called.
  package var launches: [Launch] = []
}
