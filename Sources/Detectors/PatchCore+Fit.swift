public import Backbones
import Compute
import Images
import Tensors

/// Where a training is.
public enum TrainingStage: String, Sendable {
  case features = "features"
  case coreset = "memory bank"
  case threshold = "threshold"
}

extension PatchCore {
  /// Trains on normal pictures: descriptors of all of them, the coreset, and the threshold from the normal pictures for
  /// validation, or by cross-fitting where there are none.
  ///
  /// - pictures: how many there are; `load` decodes one. So with `validation`.
  /// - progress: called with the stage, steps done and steps in all; may throw to stop the training.
  /// - Throws: ``DetectorError``, `DeviceError`, or what `load` and `progress` throw.
  public static func fit(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, pictures: Int,
    load: (Int) throws -> NetworkPicture, validation: Int = 0,
    loadValidation: (Int) throws -> NetworkPicture = { _ in throw DetectorError.noPictures },
    progress: (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> PatchCore {
    try configuration.validate()
    guard pictures > 0 else { throw DetectorError.noPictures }
    let extractor = DescriptorExtractor(backbone, size: configuration.size, strides: configuration.strides)
    let training = try TrainingDescriptors(extractor, configuration, pictures: pictures, load: load) {
      try progress(.features, $0, pictures)
    }
    let bank = try MemoryBank(reducing: training.rows, configuration) { try progress(.coreset, $0, $1) }
    var model = PatchCore(configuration, extractor: extractor, bank: bank)
    if validation > 0 {
      model.threshold = try model.threshold(fromValidation: validation, load: loadValidation) {
        try progress(.threshold, $0, validation)
      }
      return model
    }
    model.threshold =
      pictures == 1
      ? try model.thresholdFromCopies(of: load(0), progress: { try progress(.threshold, $0, $1) })
      : try training.crossFittedThreshold(configuration) { try progress(.threshold, $0, $1) }
    return model
  }

  /// The finished model has not seen the pictures for validation.
  private func threshold(
    fromValidation count: Int, load: (Int) throws -> NetworkPicture, progress: (Int) throws -> Void
  ) throws -> Threshold {
    var scores: [HeldOutScore] = []
    for index in 0..<count {
      scores.append(
        try Self.heldOutScore(
          extractor.descriptors(of: load(index)), bank: bank, grid: extractor.grid, configuration: configuration))
      try progress(index + 1)
    }
    return Threshold(
      heldOut: scores, falseAlarmRate: configuration.falseAlarmRate,
      origin: "\(count) normal validation picture\(count == 1 ? "" : "s")", fromCopies: false)
  }

  /// With one picture nothing can be held out: its admissible copies are scored instead.
  private func thresholdFromCopies(
    of picture: NetworkPicture, progress: (Int, Int) throws -> Void
  ) throws -> Threshold {
    let copies = picture.admissibleCopies()
    var scores: [HeldOutScore] = []
    for copy in copies {
      scores.append(
        try Self.heldOutScore(
          extractor.descriptors(of: copy), bank: bank, grid: extractor.grid, configuration: configuration))
      try progress(scores.count, copies.count)
    }
    return Threshold(
      heldOut: scores, falseAlarmRate: configuration.falseAlarmRate,
      origin: "\(copies.count) relit and moved copies of the one training picture", fromCopies: true)
  }
}

/// The descriptors of all training pictures, one picture's rows after another's.
struct TrainingDescriptors {
  /// [pictures · rowsPerPicture, width]
  let rows: Tensor
  let pictures: Int
  let extractor: DescriptorExtractor

  init(
    _ extractor: DescriptorExtractor, _ configuration: PatchCoreConfiguration, pictures: Int,
    load: (Int) throws -> NetworkPicture, progress: (Int) throws -> Void
  ) throws {
    let (perPicture, width) = (extractor.rowsPerPicture, extractor.width)
    let bytes = pictures * perPicture * width * 4
    let device = extractor.backbone.device
    let budget = min(configuration.descriptorBudget, device.traits.largestBuffer)
    guard bytes <= budget else {
      throw DetectorError.overBudget(pictures: pictures, rows: pictures * perPicture, bytes: bytes, budget: budget)
    }
    let shape: Shape = [pictures * perPicture, width]
    try Shape.checkedCount(shape.extents, operation: "descriptors")
    let storage = try Storage(count: shape.count, on: device)
    for picture in 0..<pictures {
      let descriptors = try extractor.descriptors(of: load(picture))
      let block = try BlockCopy(rows: 1, columns: perPicture * width, targetOffset: picture * perPicture * width)
      try device.copy(block, from: descriptors.storage, into: storage)
      try progress(picture + 1)
    }
    rows = try Tensor(storage, shape: shape)
    self.pictures = pictures
    self.extractor = extractor
  }

  /// Each picture scored by a model without it: fold `f` holds out the pictures `f, f + folds, f + 2·folds, …`.
  func crossFittedThreshold(
    _ configuration: PatchCoreConfiguration, progress: (Int, Int) throws -> Void
  ) throws -> Threshold {
    let folds = min(configuration.folds, pictures)
    var scores: [HeldOutScore] = []
    for fold in 0..<folds {
      let heldOut = Array(stride(from: fold, to: pictures, by: folds))
      let bank = try MemoryBank(reducing: rowsWithout(heldOut), configuration) { picks, of in
        try progress(fold * of + picks, folds * of)
      }
      for picture in heldOut {
        scores.append(
          try PatchCore.heldOutScore(
            rowsOf(picture), bank: bank, grid: extractor.grid, configuration: configuration))
      }
      try progress(fold + 1, folds)
    }
    return Threshold(
      heldOut: scores, falseAlarmRate: configuration.falseAlarmRate,
      origin: "\(pictures) normal training pictures, cross-fitted in \(folds) folds", fromCopies: false)
  }

  private func rowsOf(_ picture: Int) throws -> Tensor {
    try rows.sliced((picture * extractor.rowsPerPicture)..<((picture + 1) * extractor.rowsPerPicture))
  }

  private func rowsWithout(_ heldOut: [Int]) throws -> Tensor {
    let kept = Set(0..<pictures).subtracting(heldOut).sorted()
    let perPicture = Int32(extractor.rowsPerPicture)
    let indices = kept.flatMap { picture in (0..<perPicture).map { Int32(picture) * perPicture + $0 } }
    return try rows.gatheredRows(IndexStorage(indices, on: rows.device))
  }
}
