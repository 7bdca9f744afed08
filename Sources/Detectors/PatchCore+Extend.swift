import Backbones
import Tensors

extension PatchCore {
  /// The model with more normal pictures in its bank (``MemoryBank``); the pictures of before are not needed.
  ///
  /// Below the coreset's minimum, and wherever the bank still holds every patch, the bank equals that of a training on
  /// all pictures at once. A coreset of before goes on: it then covers the pictures as well as one of that size can that
  /// holds the old one.
  ///
  /// The held-out scores of before stay. The new pictures' are added, each scored by a model that was extended without
  /// it, in up to ``PatchCoreConfiguration/folds`` folds; a single one is scored by the model of before. The threshold
  /// follows at the configuration's false-alarm rate, and keeps its minimum area. Scores of before were given by smaller
  /// banks, so they tend to be larger than the extended model's: the false-alarm rate errs to the low side.
  ///
  /// No generated picture that the bank was made of may descend from an added one, which its model would have seen.
  ///
  /// - trained: pictures that the bank was made of, real and generated
  /// - pictures: how many are added; `load` decodes one.
  /// - progress: as in ``fit(_:backbone:pictures:ignored:load:progress:)``
  public func extended(
    trainedOn trained: Int, by pictures: Int, load: (Int) throws -> NetworkPicture,
    progress: (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> PatchCore {
    guard pictures > 0 else { throw DetectorError.noPictures }
    let added = try TrainingDescriptors(source, configuration, TrainingUnion(real: pictures), load: load) {
      try progress(.features, $0, pictures)
    }
    let base = (bank: bank, madeOf: trained * source.rowsPerPicture)
    let larger = try MemoryBank(
      extending: base.bank, madeOf: base.madeOf, with: added.rows, configuration
    ) { try progress(.coreset, $0, $1) }
    var model = PatchCore(configuration, source: source, bank: larger)
    let scores =
      pictures == 1
      ? [try source.heldOutScore(added.rows, bank)]
      : try added.crossFitted(configuration, extending: base) { try progress(.threshold, $0, $1) }
    // Copies of one picture have done their duty once real pictures were held out.
    var all = heldOut.flatMap { $0.isWeak ? nil : $0 } ?? HeldOutScores([], training: "")
    all.scores += scores
    all.added += pictures
    model.heldOut = all
    model.threshold = try all.threshold(
      falseAlarmRate: configuration.falseAlarmRate, minimumArea: threshold?.minimumArea)
    return model
  }
}
