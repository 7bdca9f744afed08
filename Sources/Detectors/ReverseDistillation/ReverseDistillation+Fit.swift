public import Backbones
import Checkpoints
import Compute
import Images
import Networks
import Tensors

extension ReverseDistillation {
  /// Trains the student on all pictures, real and generated, and finds the threshold from pictures for validation, or else by
  /// students that were trained without the real pictures they score and what was generated of these (``TrainingUnion``).
  public static func fit(
    _ configuration: ReverseDistillationConfiguration, backbone: any Backbone, _ fitting: Fitting
  ) throws -> ReverseDistillation {
    try configuration.validate()
    guard fitting.pictures > 0 else { throw DetectorError.noPictures }
    let teacher = try ReverseDistillationTeacher(configuration, backbone: backbone, ignored: fitting.ignored)
    if let learnt = fitting.learnt {
      guard fitting.parents.isEmpty else {
        throw DetectorError.setting(name: "student", reason: "is not trained here, so generated pictures have no use")
      }
      return try ReverseDistillation(configuration, teacher, file: learnt)
        .measured(in: fitting.pictures) { try teacher.levels(of: fitting.load($0)) }
        .judged(fitting, learntFrom: learnt.path)
    }
    let lessons = try ReverseDistillationLessons(teacher, configuration, fitting)
    let model = try lessons.student(named: TrainingWorkspace.modelName)
    if fitting.validation > 0 { return try model.judgedByValidation(fitting) }
    return fitting.pictures == 1
      ? try model.judgedByCopies(fitting) : try model.judgedByOthers(lessons, fitting)
  }

  /// A student from elsewhere, which may have seen the pictures for training.
  private func judged(_ fitting: Fitting, learntFrom path: String) throws -> ReverseDistillation {
    if fitting.validation > 0 { return try judgedByValidation(fitting) }
    let scores = try scores(fitting.pictures, fitting.load, fitting)
    return try judged(
      by: HeldOutScores(
        scores, training: "\(scores.count) normal pictures, which the student in \(path) may have seen",
        isWeak: true))
  }

  private func judgedByValidation(_ fitting: Fitting) throws -> ReverseDistillation {
    try judged(by: HeldOutScores(ofValidation: scores(fitting.validation, fitting.loadValidation, fitting)))
  }

  private func judgedByCopies(_ fitting: Fitting) throws -> ReverseDistillation {
    let copies = try fitting.load(0).admissibleCopies()
    return try judged(by: HeldOutScores(ofCopies: scores(copies.count, { copies[$0] }, fitting), fitting.union))
  }

  /// By students that were trained without the pictures they score.
  private func judgedByOthers(
    _ lessons: ReverseDistillationLessons, _ fitting: Fitting
  ) throws -> ReverseDistillation {
    let folds = fitting.union.folds(configuration.folds)
    var scores: [HeldOutScores.Score] = []
    for (index, fold) in folds.enumerated() {
      let model = try lessons.student(
        without: fold.heldOut, named: "fold-\(index + 1)", fold: (index + 1, folds.count))
      for picture in fold.heldOut { scores.append(try model.score(lessons.levels(of: picture, variant: 0))) }
    }
    return try judged(by: HeldOutScores(crossFitted: scores, fitting.union, folds: configuration.folds))
  }

  private func scores(
    _ pictures: Int, _ load: (Int) throws -> NetworkPicture, _ fitting: Fitting
  ) throws -> [HeldOutScores.Score] {
    try (0..<pictures).map {
      let score = try score(teacher.levels(of: load($0)))
      try fitting.progress(.threshold, $0 + 1, pictures)
      return score
    }
  }
}

/// The teacher's features of all training pictures, real and generated, and students that learn from them.
private struct ReverseDistillationLessons {
  private let teacher: ReverseDistillationTeacher
  private let configuration: ReverseDistillationConfiguration
  private let fitting: Fitting
  /// Variants of a picture.
  private let variants: Int
  /// Features of every picture's variants, or the pictures where features take too much memory or change in every step.
  private var features: [[[Tensor]]] = []
  private var pictures: [NetworkPicture] = []

  init(
    _ teacher: ReverseDistillationTeacher, _ configuration: ReverseDistillationConfiguration, _ fitting: Fitting
  ) throws {
    self.teacher = teacher
    self.configuration = configuration
    self.fitting = fitting
    variants = configuration.keptVariants
    let isKept =
      !configuration.variesInEveryStep
      && fitting.union.count * variants * teacher.floatsPerPicture * 4 <= configuration.featureBudget
    for index in 0..<fitting.union.count {
      let picture = try fitting.picture(index)
      if isKept {
        features.append(
          try (0..<variants).map { try teacher.levels(of: varied(picture, index: index, variant: $0)) })
      } else {
        pictures.append(picture)
      }
      try fitting.progress(.features, index + 1, fitting.union.count)
    }
  }

  private func varied(_ picture: NetworkPicture, index: Int, variant: Int) throws -> NetworkPicture {
    try configuration.variant(variant, of: picture, index: index, seed: fitting.seed)
  }

  /// Each picture's by itself: what it gives must not depend on the others of a batch.
  func levels(of picture: Int, variant: Int) throws -> [Tensor] {
    features.isEmpty
      ? try teacher.levels(of: varied(pictures[picture], index: picture, variant: variant))
      : features[picture][variant]
  }

  /// A model whose student has learnt from all members of the union that may be trained on while real ones are held out, and
  /// while a part of the other real ones is watched.
  ///
  /// - name: of its files in the workspace
  func student(
    without heldOut: [Int] = [], named name: String, fold: (number: Int, of: Int)? = nil
  ) throws -> ReverseDistillation {
    let builder = NetworkBuilder(on: teacher.backbone.device, seed: fitting.seed)
    let network = try ReverseDistillationNetwork(teacher.plan, builder)
    let real = Set(0..<fitting.pictures).subtracting(heldOut).sorted()
    let split = ExampleSplit(examples: real.count, fraction: configuration.validationPart, seed: fitting.seed)
    let watched = split.validation.map { real[$0] }
    let trained = fitting.union.trained(without: heldOut + watched)
    let trainer = try Trainer(
      configuration.plan(pictures: trained.count, seed: fitting.seed), builder, examples: trained.count * variants)
    let source = try (configuration.variesInEveryStep ? configuration.augmentation : nil).map {
      augmentation -> BatchSource in
      let pictures = try trained.map { try FloatImage(self.pictures[$0]) }
      return try BatchSource(trainer.plan, examples: pictures.count, augmentation: augmentation) { pictures[$0] }
    }
    let workspace = fitting.workspace
    var settings = workspace?.settings(named: name) ?? LoopSettings()
    if !watched.isEmpty {
      (settings.validationSteps, settings.patience) = (configuration.validationSteps, configuration.patience)
    }
    try TrainingLoop(trainer, settings).run(
      resuming: workspace?.resumes ?? false,
      losses: { step in
        let levels =
          try source?.pictures(step).map { try teacher.levels(of: NetworkPicture($0)) }
          ?? step.examples.map { try self.levels(of: trained[$0 / variants], variant: $0 % variants) }
        return [("loss", try loss(network, levels, step.pass))]
      },
      validation: watched.isEmpty
        ? nil
        : {
          let losses = try watched.map {
            try loss(network, [levels(of: $0, variant: 0)], .inference).values()[0]
          }
          return [("loss", losses.reduce(0) { $0 + Double($1) } / Double(losses.count))]
        },
      progress: {
        try fitting.progress(.training(loss: $0.report.losses[0].value, fold: fold), $0.report.step, $0.report.steps)
      })
    // What levels are measured by decides scores, as thresholds do: generated pictures have no say in it.
    let seen = trained.filter { $0 < fitting.pictures }
    return try ReverseDistillation(configuration, teacher, file: builder.hostTensors(from: "the training"))
      .measured(in: seen.count) { try levels(of: seen[$0], variant: 0) }
  }

  /// - levels: of every picture of a batch
  private func loss(
    _ network: ReverseDistillationNetwork<TrainedConvolution>, _ levels: [[Tensor]], _ pass: Pass
  ) throws -> Tensor {
    let teachers = try teacher.plan.strides.indices.map { level in
      try Tensor.concatenated(levels.map { $0[level] }, axis: 0)
    }
    return try ReverseDistillationDistance.loss(teacher.inspected(network(teachers, pass)), teachers)
  }
}
