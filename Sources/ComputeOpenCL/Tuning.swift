import Compute
package import Foundation

/// Tiles that were found to be fast on one device, in a file of the user: `kernel-bench tune` writes it, and programs
/// that open the device take what fits.
package struct Tuning: Codable, Sendable {
  /// One choice for kernels that are tuned together.
  package struct Entry: Codable, Sendable {
    package enum Verdict: String, Codable, Sendable {
      /// Faster than the built-in sizes, and right.
      case chosen
      /// Computes something else on this device, crashes or hangs: never to be tried again.
      case wrong
    }

    /// The files of kernels.
    package var files: [String]
    package var shape: String
    /// As ``TilingChoice`` writes it.
    package var parameters: String
    package var verdict: Verdict
    /// Median of its time over that of the built-in sizes, measured in turn.
    package var ratio: Double?
    package var date: Date
    /// What the kernels' text was.
    package var source: String

    package init(
      files: [String], shape: KernelShape, choice: TilingChoice, verdict: Verdict, ratio: Double?, source: String
    ) {
      self.files = files
      self.shape = shape.rawValue
      parameters = choice.description
      self.verdict = verdict
      self.ratio = ratio
      date = Date()
      self.source = source
    }
  }

  private static let schema = "flawless-tuning/1"
  /// `off` in the environment leaves every file alone.
  package static let environmentVariable = "FLAWLESS_TUNING"

  private var schema = Self.schema
  package let device: String
  /// Platform, device and driver with their versions: the file is for these alone.
  package let driver: String
  package var entries: [Entry] = []

  package init(device: String, driver: String) {
    self.device = device
    self.driver = driver
  }

  package static var standardFolder: URL { UserFolder.cache("tuning") }

  package static func file(for driver: String, in folder: URL = standardFolder) -> URL {
    folder.appendingPathComponent("\(Digest.sha256(Data(driver.utf8)).prefix(16)).json")
  }

  /// The device's file; nil where there is none, or it is damaged or another device's.
  package static func read(for driver: String, in folder: URL = standardFolder) -> Tuning? {
    guard let data = try? Data(contentsOf: file(for: driver, in: folder)) else { return nil }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let tuning = try? decoder.decode(Tuning.self, from: data), tuning.schema == schema, tuning.driver == driver
    else { return nil }
    return tuning
  }

  /// The file's text.
  package func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// What the texts of kernels are known by.
  ///
  /// - folder: where they come from; nil for the embedded ones, or those that the environment names
  package static func sourceHash(_ files: [String], folder: String?) throws -> String {
    let sources = folder.map { KernelSources(folder: $0) } ?? .standard
    return Digest.sha256(Data(try files.map(sources.program).joined().utf8))
  }

  /// What was chosen for this shape of the kernels as they are now.
  package func choice(_ shape: KernelShape, folder: String?) -> TilingChoice {
    entries.reduce(TilingChoice()) { choice, entry in
      guard entry.verdict == .chosen, entry.shape == shape.rawValue,
        let source = try? Self.sourceHash(entry.files, folder: folder), source == entry.source,
        let chosen = TilingChoice(entry.parameters)
      else { return choice }
      return choice.merging(chosen)
    }
  }
}

extension TilingChoice {
  /// What was tuned for a device; nothing where nothing was, or the environment says `FLAWLESS_TUNING=off`.
  ///
  /// - shape: the kernels'; by default the one for the device's kind
  package static func tuned(
    for description: OpenCLDeviceDescription, shape: KernelShape? = nil, kernelFolder: String? = nil
  ) -> TilingChoice {
    guard ProcessInfo.processInfo.environment[Tuning.environmentVariable] != "off" else { return TilingChoice() }
    let shape = shape ?? .standard(for: description.traits.kind)
    return Tuning.read(for: description.driver)?.choice(shape, folder: kernelFolder) ?? TilingChoice()
  }
}
