public import Detectors
public import Foundation
public import Generator
public import Integrator

/// `manifest.json`: what was generated, of what and how, with every candidate's scores and verdict.
public struct GenerationManifest: Codable, Sendable {
  public static let currentFormat = "flawless-generated/1"
  public static let file = "manifest.json"
  public static let page = "index.html"

  /// The generator that drew the pictures.
  public struct Source: Codable, Hashable, Sendable {
    public let path: String
    public let weightsSHA256: String
  }

  /// A candidate with its picture.
  public struct Picture: Codable, Sendable {
    /// Relative to the folder.
    public let file: String
    public let sha256: String
    public let accepted: Bool
    /// Hashes of the real pictures' files that it descends from.
    public let parents: [String]
    public let candidate: Candidate
  }

  public var format = Self.currentFormat
  /// What the product is called; nil where nothing was compared with text.
  public var keyword: String?
  /// The best prompt, of the last round.
  public var prompt: String?
  /// What compared pictures with texts; nil where nothing did.
  public var encoder: String?
  public var generator: Source
  public var shots: [ModelDescription.TrainingFile]
  public var settings: GenerationSettings
  public var temperature: Double
  /// nil where the temperature was given.
  public var calibration: TemperatureCalibration?
  public var aims: [Integrator.Aim]
  /// In the order in which they were made.
  public var pictures: [Picture]
  /// Indices of candidates that another device may judge otherwise.
  public var close: [Int]
  /// Whether all candidates were made; a budget may end before.
  public var isComplete: Bool
  public var quality: GenerationQuality?
  public var seconds: Double
  public var device: String
  public var programVersion: String

  public var accepted: [Picture] {
    pictures.filter(\.accepted).sorted { ($0.candidate.rank ?? 0, $0.file) < ($1.candidate.rank ?? 0, $1.file) }
  }

  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// - Throws: `GeneratorError` when there is none, or when it is damaged.
  public static func read(_ folder: String) throws -> GenerationManifest {
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else {
      throw GeneratorError.folder(path: folder, reason: "there is no \(file) in it")
    }
    do { return try JSONDecoder().decode(GenerationManifest.self, from: data) } catch {
      throw GeneratorError.folder(path: folder, reason: "its \(file) is damaged or of another program")
    }
  }

  /// Only generated folders are overwritten.
  public static func checkReplaceable(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let contents = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard let contents, contents.isEmpty || contents.contains(file) else {
      throw GeneratorError.folder(path: path, reason: "something else is there already; choose another place")
    }
  }
}

extension Candidate {
  /// From 1, the best; nil for a rejected one.
  public var rank: Int? { if case .accepted(let rank) = verdict { rank } else { nil } }
  /// nil for an accepted one.
  public var reason: CandidateSelection.Reason? { if case .rejected(let reason) = verdict { reason } else { nil } }
}
