public import Backbones
import Compute
public import Images
import Tensors

extension PatchCore {
  /// Trains on normal pictures: descriptors of all of them, real and generated, the coreset over them together, and the
  /// threshold from the normal pictures for validation, or else by cross-fitting over the real pictures
  /// (``TrainingUnion``: a fold's bank holds neither descendants of its held-out pictures nor pictures of unknown parents).
  ///
  /// - Throws: ``DetectorError``, `DeviceError`, or what `fitting`'s closures throw.
  public static func fit(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, _ fitting: Fitting
  ) throws -> PatchCore {
    try configuration.validate()
    guard fitting.pictures > 0 else { throw DetectorError.noPictures }
    let source = try PatchSource(configuration, backbone: backbone, ignored: fitting.ignored)
    let training = try TrainingDescriptors(source, configuration, fitting.union, load: fitting.picture) {
      try fitting.progress(.features, $0, fitting.union.count)
    }
    let bank = try MemoryBank(reducing: training.rows, configuration) { try fitting.progress(.coreset, $0, $1) }
    var model = PatchCore(configuration, source: source, bank: bank)
    model.heldOut = try heldOut(configuration, training, bank, fitting)
    model.threshold = try model.heldOut?.threshold(falseAlarmRate: configuration.falseAlarmRate)
    return model
  }

  private static func heldOut(
    _ configuration: PatchCoreConfiguration, _ training: TrainingDescriptors, _ bank: MemoryBank, _ fitting: Fitting
  ) throws -> HeldOutScores {
    func scores(_ count: Int, _ load: (Int) throws -> NetworkPicture) throws -> [HeldOutScores.Score] {
      try (0..<count).map {
        let score = try training.source.heldOutScore(training.source.descriptors(of: load($0)), bank)
        try fitting.progress(.threshold, $0 + 1, count)
        return score
      }
    }
    if fitting.validation > 0 {
      return HeldOutScores(ofValidation: try scores(fitting.validation, fitting.loadValidation))
    }
    if fitting.pictures == 1 {
      let copies = try fitting.load(0).admissibleCopies()
      return HeldOutScores(ofCopies: try scores(copies.count) { copies[$0] }, fitting.union)
    }
    return HeldOutScores(
      crossFitted: try training.crossFitted(configuration) { try fitting.progress(.threshold, $0, $1) },
      fitting.union, folds: configuration.folds)
  }

  /// Trains on real pictures, without a ``Fitting``.
  ///
  /// - pictures: how many there are; `load` decodes one. So with `validation`.
  /// - ignored: set where pictures are not inspected (``InspectedRegion``)
  /// - progress: called with the stage, steps done and steps in all; may throw to stop the training.
  public static func fit(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, pictures: Int, ignored: Mask? = nil,
    load: @escaping (Int) throws -> NetworkPicture, validation: Int = 0,
    loadValidation: @escaping (Int) throws -> NetworkPicture = { _ in throw DetectorError.noPictures },
    progress: @escaping (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> PatchCore {
    var fitting = Fitting(pictures: pictures, load: load)
    (fitting.ignored, fitting.progress) = (ignored, progress)
    (fitting.validation, fitting.loadValidation) = (validation, loadValidation)
    return try fit(configuration, backbone: backbone, fitting)
  }
}

/// The descriptors of all training pictures, one picture's rows after another's.
struct TrainingDescriptors {
  /// [union.count · rowsPerPicture, width]
  let rows: Tensor
  let union: TrainingUnion
  let source: PatchSource

  /// - load: decodes a member of `union`
  init(
    _ source: PatchSource, _ configuration: PatchCoreConfiguration, _ union: TrainingUnion,
    load: (Int) throws -> NetworkPicture, progress: (Int) throws -> Void
  ) throws {
    let (pictures, perPicture, width) = (union.count, source.rowsPerPicture, source.width)
    let bytes = pictures * perPicture * width * 4
    let device = source.device
    let budget = min(configuration.descriptorBudget, device.traits.largestBuffer)
    guard bytes <= budget else {
      throw DetectorError.overBudget(pictures: pictures, rows: pictures * perPicture, bytes: bytes, budget: budget)
    }
    let shape: Shape = [pictures * perPicture, width]
    try Shape.checkedCount(shape.extents, operation: "descriptors")
    let storage = try Storage(count: shape.count, on: device)
    for picture in 0..<pictures {
      let descriptors = try source.descriptors(of: load(picture))
      let block = try BlockCopy(rows: 1, columns: perPicture * width, targetOffset: picture * perPicture * width)
      try device.copy(block, from: descriptors.storage, into: storage)
      try progress(picture + 1)
    }
    rows = try Tensor(storage, shape: shape)
    self.union = union
    self.source = source
  }

  /// Each real picture scored by a model without it and its descendants, in ``TrainingUnion/folds(_:)``.
  ///
  /// - base: a bank that each fold's model extends, and how many rows it was made of; nil where there is none
  func crossFitted(
    _ configuration: PatchCoreConfiguration, extending base: (bank: MemoryBank, madeOf: Int)? = nil,
    progress: (Int, Int) throws -> Void
  ) throws -> [HeldOutScores.Score] {
    let folds = union.folds(configuration.folds)
    var scores: [HeldOutScores.Score] = []
    for (index, fold) in folds.enumerated() {
      let rows = try rowsOf(fold.trained)
      func report(_ picks: Int, _ of: Int) throws { try progress(index * of + picks, folds.count * of) }
      let bank =
        if let base {
          try MemoryBank(
            extending: base.bank, madeOf: base.madeOf, with: rows, configuration, progress: report)
        } else {
          try MemoryBank(reducing: rows, configuration, progress: report)
        }
      for picture in fold.heldOut { scores.append(try source.heldOutScore(rowsOf([picture]), bank)) }
      try progress(index + 1, folds.count)
    }
    return scores
  }

  private func rowsOf(_ members: [Int]) throws -> Tensor {
    let perPicture = Int32(source.rowsPerPicture)
    let indices = members.flatMap { member in (0..<perPicture).map { Int32(member) * perPicture + $0 } }
    return try rows.gatheredRows(IndexStorage(indices, on: rows.device))
  }
}
