public import Backbones
import Compute
public import Images
import Tensors

extension PatchCore {
  public static func fit(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, _ fitting: Fitting
  ) throws -> PatchCore {
    try fit(
      configuration, backbone: backbone, pictures: fitting.pictures, ignored: fitting.ignored, load: fitting.load,
      validation: fitting.validation, loadValidation: fitting.loadValidation, progress: fitting.progress)
  }

  /// Trains on normal pictures: descriptors of all of them, the coreset, and the threshold from the normal pictures for
  /// validation, or by cross-fitting where there are none.
  ///
  /// - pictures: how many there are; `load` decodes one. So with `validation`.
  /// - ignored: set where pictures are not inspected (``InspectedRegion``)
  /// - progress: called with the stage, steps done and steps in all; may throw to stop the training.
  /// - Throws: ``DetectorError``, `DeviceError`, or what `load` and `progress` throw.
  public static func fit(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, pictures: Int, ignored: Mask? = nil,
    load: (Int) throws -> NetworkPicture, validation: Int = 0,
    loadValidation: (Int) throws -> NetworkPicture = { _ in throw DetectorError.noPictures },
    progress: (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> PatchCore {
    try configuration.validate()
    guard pictures > 0 else { throw DetectorError.noPictures }
    let source = try PatchSource(configuration, backbone: backbone, ignored: ignored)
    let training = try TrainingDescriptors(source, configuration, pictures: pictures, load: load) {
      try progress(.features, $0, pictures)
    }
    let bank = try MemoryBank(reducing: training.rows, configuration) { try progress(.coreset, $0, $1) }
    var model = PatchCore(configuration, source: source, bank: bank)
    if validation > 0 {
      model.heldOut = HeldOutScores(
        ofValidation: try (0..<validation).map {
          let score = try source.heldOutScore(source.descriptors(of: loadValidation($0)), bank)
          try progress(.threshold, $0 + 1, validation)
          return score
        })
    } else if pictures == 1 {
      let copies = try load(0).admissibleCopies()
      model.heldOut = HeldOutScores(
        ofCopies: try copies.enumerated().map {
          let score = try source.heldOutScore(source.descriptors(of: $1), bank)
          try progress(.threshold, $0 + 1, copies.count)
          return score
        })
    } else {
      model.heldOut = HeldOutScores(
        crossFitted: try training.crossFitted(configuration) { try progress(.threshold, $0, $1) },
        folds: configuration.folds(of: pictures))
    }
    model.threshold = try model.heldOut?.threshold(falseAlarmRate: configuration.falseAlarmRate)
    return model
  }
}

/// The descriptors of all training pictures, one picture's rows after another's.
struct TrainingDescriptors {
  /// [pictures · rowsPerPicture, width]
  let rows: Tensor
  let pictures: Int
  let source: PatchSource

  init(
    _ source: PatchSource, _ configuration: PatchCoreConfiguration, pictures: Int,
    load: (Int) throws -> NetworkPicture, progress: (Int) throws -> Void
  ) throws {
    let (perPicture, width) = (source.rowsPerPicture, source.width)
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
    self.pictures = pictures
    self.source = source
  }

  /// Each picture scored by a model without it: fold `f` holds out the pictures `f, f + folds, f + 2·folds, …`.
  ///
  /// - base: a bank that each fold's model extends, and how many rows it was made of; nil where there is none
  func crossFitted(
    _ configuration: PatchCoreConfiguration, extending base: (bank: MemoryBank, madeOf: Int)? = nil,
    progress: (Int, Int) throws -> Void
  ) throws -> [HeldOutScores.Score] {
    let folds = configuration.folds(of: pictures)
    var scores: [HeldOutScores.Score] = []
    for fold in 0..<folds {
      let heldOut = Array(stride(from: fold, to: pictures, by: folds))
      let rows = try rowsWithout(heldOut)
      func report(_ picks: Int, _ of: Int) throws { try progress(fold * of + picks, folds * of) }
      let bank =
        if let base {
          try MemoryBank(
            extending: base.bank, madeOf: base.madeOf, with: rows, configuration, progress: report)
        } else {
          try MemoryBank(reducing: rows, configuration, progress: report)
        }
      for picture in heldOut { scores.append(try source.heldOutScore(rowsOf(picture), bank)) }
      try progress(fold + 1, folds)
    }
    return scores
  }

  private func rowsOf(_ picture: Int) throws -> Tensor {
    try rows.sliced((picture * source.rowsPerPicture)..<((picture + 1) * source.rowsPerPicture))
  }

  private func rowsWithout(_ heldOut: [Int]) throws -> Tensor {
    let kept = Set(0..<pictures).subtracting(heldOut).sorted()
    let perPicture = Int32(source.rowsPerPicture)
    let indices = kept.flatMap { picture in (0..<perPicture).map { Int32(picture) * perPicture + $0 } }
    return try rows.gatheredRows(IndexStorage(indices, on: rows.device))
  }
}
