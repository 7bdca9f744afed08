public import Checkpoints
public import Images

/// What a training is given beside its settings.
public struct Fitting {
  /// Real normal pictures to train on: how many there are; `load` decodes one.
  public let pictures: Int
  public let load: (Int) throws -> NetworkPicture
  /// Generated pictures that are trained on beside them: of each the real ones that it descends from, nil where nobody knows
  /// (``TrainingUnion``); `loadGenerated` decodes one, counted from 0.
  public var parents: [[Int]?] = []
  public var loadGenerated: (Int) throws -> NetworkPicture = { _ in throw DetectorError.noPictures }
  /// Real normal pictures that are never trained on: the threshold rests on them where there are some.
  public var validation = 0
  public var loadValidation: (Int) throws -> NetworkPicture = { _ in throw DetectorError.noPictures }
  /// Set where pictures are not inspected (``InspectedRegion``).
  public var ignored: Mask?
  /// What was learnt elsewhere, taken in place of a training; nil where there is a training.
  public var learnt: (any TensorFile)?
  public var seed: UInt64 = 0
  /// Where a training that takes long keeps what it needs to go on; nil where it need not.
  public var workspace: TrainingWorkspace?
  /// Called with the stage, steps done and steps in all; may throw to stop the training.
  public var progress: (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }

  public init(pictures: Int, load: @escaping (Int) throws -> NetworkPicture) {
    self.pictures = pictures
    self.load = load
  }

  /// Who is trained on.
  public var union: TrainingUnion { TrainingUnion(real: pictures, parents: parents) }

  /// A member of ``union``, decoded.
  public func picture(_ member: Int) throws -> NetworkPicture {
    try member < pictures ? load(member) : loadGenerated(member - pictures)
  }
}
