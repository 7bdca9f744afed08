public import Backbones
import Checkpoints
import Compute
import Images
import Networks
import Tensors

extension ReverseDistillation {
  /// Trains the student on all pictures, and finds the threshold from pictures for validation, or else by students that were
  /// trained without the pictures they score.
  public static func fit(
    _ configuration: ReverseDistillationConfiguration, backbone: any Backbone, _ fitting: Fitting
  ) throws -> ReverseDistillation {
    try configuration.validate()
    guard fitting.pictures > 0 else { throw DetectorError.noPictures }
    let teacher = try ReverseDistillationTeacher(configuration, backbone: backbone, ignored: fitting.ignored)
    if let learnt = fitting.learnt {
      return try ReverseDistillation(configuration, teacher, file: learnt).withThreshold(
        fitting, learntFrom: learnt.path)
    }
    let lessons = try ReverseDistillationLessons(teacher, configuration, fitting)
    var model = try lessons.student(of: Array(0..<fitting.pictures), named: TrainingWorkspace.modelName)
    model.heldOut = try model.heldOutScores(lessons, fitting)
    model.threshold = try model.heldOut?.threshold(falseAlarmRate: configuration.falseAlarmRate)
    return model
  }

  /// A student from elsewhere, which may have seen the pictures for training.
  private func withThreshold(_ fitting: Fitting, learntFrom path: String) throws -> ReverseDistillation {
    var model = self
    if fitting.validation > 0 {
      model.heldOut = try scores(ofValidation: fitting)
    } else {
      var scores: [HeldOutScores.Score] = []
      for index in 0..<fitting.pictures {
        scores.append(try score(teacher.levels(of: fitting.load(index))))
        try fitting.progress(.threshold, index + 1, fitting.pictures)
      }
      model.heldOut = HeldOutScores(
        scores, training: "\(fitting.pictures) normal pictures, which the student in \(path) may have seen",
        isWeak: true)
    }
    model.threshold = try model.heldOut?.threshold(falseAlarmRate: configuration.falseAlarmRate)
    return model
  }

  private func scores(ofValidation fitting: Fitting) throws -> HeldOutScores {
    try HeldOutScores(validation: fitting.validation) {
      try fitting.progress(.threshold, $0, fitting.validation)
    } score: {
      try score(teacher.levels(of: fitting.loadValidation($0)))
    }
  }

  private func heldOutScores(_ lessons: ReverseDistillationLessons, _ fitting: Fitting) throws -> HeldOutScores {
    if fitting.validation > 0 { return try scores(ofValidation: fitting) }
    if fitting.pictures == 1 {
      return try HeldOutScores(copiesOf: fitting.load(0)) {
        try fitting.progress(.threshold, $0, $1)
      } score: {
        try score(teacher.levels(of: $0))
      }
    }
    let folds = min(configuration.folds, fitting.pictures)
    var scores: [HeldOutScores.Score] = []
    for fold in 0..<folds {
      let seen = (0..<fitting.pictures).filter { $0 % folds != fold }
      let model = try lessons.student(of: seen, named: "fold-\(fold + 1)", fold: (fold + 1, folds))
      for picture in 0..<fitting.pictures where picture % folds == fold {
        scores.append(try model.score(lessons.levels(of: picture)))
      }
    }
    return HeldOutScores(crossFitted: scores, pictures: fitting.pictures, folds: folds)
  }

  private func score(_ levels: [Tensor]) throws -> HeldOutScores.Score {
    let largest = try map(levels).largest
    return HeldOutScores.Score(picture: largest, largestPixel: largest)
  }
}

/// The teacher's features of all training pictures, and students that learn from them.
private struct ReverseDistillationLessons {
  private let teacher: ReverseDistillationTeacher
  private let configuration: ReverseDistillationConfiguration
  private let fitting: Fitting
  /// Features of every picture, or the pictures where features take too much memory.
  private var features: [[Tensor]] = []
  private var pictures: [NetworkPicture] = []

  init(
    _ teacher: ReverseDistillationTeacher, _ configuration: ReverseDistillationConfiguration, _ fitting: Fitting
  ) throws {
    self.teacher = teacher
    self.configuration = configuration
    self.fitting = fitting
    let isKept =
      configuration.augmentation == nil
      && fitting.pictures * teacher.floatsPerPicture * 4 <= configuration.featureBudget
    for index in 0..<fitting.pictures {
      let picture = try fitting.load(index)
      if isKept { features.append(try teacher.levels(of: picture)) } else { pictures.append(picture) }
      try fitting.progress(.features, index + 1, fitting.pictures)
    }
  }

  /// Each picture's by itself: what it gives must not depend on the others of a batch.
  func levels(of picture: Int) throws -> [Tensor] {
    try features.isEmpty ? teacher.levels(of: pictures[picture]) : features[picture]
  }

  /// A model whose student has learnt from these pictures.
  ///
  /// - name: of its files in the workspace
  func student(
    of pictures: [Int], named name: String, fold: (number: Int, of: Int)? = nil
  ) throws -> ReverseDistillation {
    let builder = NetworkBuilder(on: teacher.backbone.device, seed: fitting.seed)
    let network = try ReverseDistillationNetwork(teacher.plan, builder)
    let trainer = try Trainer(
      configuration.plan(pictures: pictures.count, seed: fitting.seed), builder, examples: pictures.count)
    let source = try configuration.augmentation.map { augmentation -> BatchSource in
      let pictures = try pictures.map { try FloatImage(self.pictures[$0]) }
      return try BatchSource(trainer.plan, examples: pictures.count, augmentation: augmentation) { pictures[$0] }
    }
    let workspace = fitting.workspace
    let loop = try TrainingLoop(trainer, workspace?.settings(named: name) ?? LoopSettings())
    try loop.run(resuming: workspace?.resumes ?? false) { step in
      let levels =
        try source?.pictures(step).map { try teacher.levels(of: NetworkPicture($0)) }
        ?? step.examples.map { try self.levels(of: pictures[$0]) }
      let teachers = try teacher.plan.strides.indices.map { level in
        try Tensor.concatenated(levels.map { $0[level] }, axis: 0)
      }
      let students = try teacher.inspected(network(teachers, step.pass))
      return [("loss", try ReverseDistillationDistance.loss(students, teachers))]
    } progress: {
      try fitting.progress(.training(loss: $0.report.losses[0].value, fold: fold), $0.report.step, $0.report.steps)
    }
    return try ReverseDistillation(configuration, teacher, file: builder.hostTensors(from: "the training"))
  }
}
