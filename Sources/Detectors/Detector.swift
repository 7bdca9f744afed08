public import Backbones
public import Checkpoints
public import Images

/// The detectors there are, by the name that `--detector` takes and model folders state.
public enum DetectorKind: String, CaseIterable, Codable, Sendable {
  case patchCore = "patchcore"
  case reverseDistillation = "reverse-distillation"

  public var type: any Detector.Type {
    switch self {
    case .patchCore: PatchCore.self
    case .reverseDistillation: ReverseDistillation.self
    }
  }

  /// As papers call it.
  public var title: String {
    switch self {
    case .patchCore: "PatchCore"
    case .reverseDistillation: "Reverse Distillation"
    }
  }
}

/// Everything that decides what a detector computes; stored with the model.
public protocol DetectorConfiguration: Codable, Hashable, Sendable {
  static var kind: DetectorKind { get }
  var backbone: BackboneKind { get set }
  /// Pictures are resized to size x size network pixels.
  var size: Int { get set }
  /// Part of the normal pictures that may be called defective.
  var falseAlarmRate: Double { get set }
  /// - Throws: ``DetectorError/setting(name:reason:)``.
  func validate() throws(DetectorError)
}

extension DetectorConfiguration {
  public var kind: DetectorKind { Self.kind }

  public func equals(_ other: any DetectorConfiguration) -> Bool { other as? Self == self }
}

/// A trained detector: says how anomalous a picture is, and where.
///
/// To add one: a type with its configuration, a case in ``DetectorKind``, options for the programs, and the tests that the others
/// have.
public protocol Detector: Sendable {
  associatedtype Configuration: DetectorConfiguration

  /// Whether training takes many steps, whose state is worth keeping.
  static var trainsInSteps: Bool { get }

  var configuration: Configuration { get }
  var backbone: any Backbone { get }
  /// nil until found from pictures that the model has not seen.
  var threshold: Threshold? { get set }
  /// What the threshold was found from; nil for models of older programs.
  var heldOut: HeldOutScores? { get }
  /// Set where pictures are not inspected, at the size it was given in; nil where everything counts. Metrics leave these
  /// pixels out.
  var ignored: Mask? { get }
  /// Places of the finest grid over a picture, inspected or not.
  var gridPatches: Int { get }
  /// Those that are inspected.
  var patchesPerPicture: Int { get }
  /// What was learnt, in a few words with a number: "8192 patches".
  var extent: String { get }

  /// Scores one picture; the result depends on nothing else.
  func inspect(_ picture: NetworkPicture) throws -> Inspection

  /// Everything that was learnt, by name, as it is stored.
  func tensors() throws -> [String: HostTensor]

  /// A model from what ``tensors()`` gave.
  ///
  /// - Throws: ``DetectorError``, `CheckpointError` where the file is damaged or of another detector.
  init(
    _ configuration: Configuration, backbone: any Backbone, file: any TensorFile, threshold: Threshold?,
    heldOut: HeldOutScores?, ignored: Mask?) throws

  /// Trains on normal pictures, and finds the threshold from normal pictures that were held out.
  static func fit(_ configuration: Configuration, backbone: any Backbone, _ fitting: Fitting) throws -> Self
}

extension Detector {
  public var kind: DetectorKind { Configuration.kind }

  /// ``fit(_:backbone:_:)`` with a configuration of this detector.
  public static func fit(
    anyOf configuration: any DetectorConfiguration, backbone: any Backbone, _ fitting: Fitting
  ) throws -> any Detector {
    try fit(own(configuration), backbone: backbone, fitting)
  }

  static func own(_ configuration: any DetectorConfiguration) -> Configuration {
    guard let own = configuration as? Configuration else {
      preconditionFailure("a configuration goes to the detector of its kind")
    }
    return own
  }

  public func inspect(_ image: Image) throws -> Inspection {
    try inspect(NetworkPicture(image, size: configuration.size))
  }
}
