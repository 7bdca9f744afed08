public import Compute
public import Images
public import Tensors

/// The pictures of a training's steps, loaded and augmented ahead of them on threads of their own.
///
/// A picture depends on the plan's seed, the step, its example and its place in the batch alone: the same bits for any number of
/// threads, and after a restart.
public final class BatchSource {
  private let plan: TrainingPlan
  private let order: BatchOrder
  private let threads, ahead: Int
  private let make: @Sendable (_ step: Int, _ examples: [Int]) throws -> [FloatImage]
  private var prefetch: Prefetch<[FloatImage]>?
  /// The step that the prefetch gives next.
  private var next = 0
  /// What the prefetch gave last: adversaries ask for the same step one after the other.
  private var latest: (step: Int, pictures: [FloatImage])?

  /// - examples: how many there are, as the trainer was told
  /// - threads: how many steps' pictures may be in the making at once
  /// - ahead: how many steps' pictures may be held or in the making
  /// - load: an example's picture, called on any thread
  /// - Throws: ``TrainingError/setting(name:reason:)``, `ImageError`.
  public init(
    _ plan: TrainingPlan, examples: Int, augmentation: Augmentation = Augmentation(),
    threads: Int = Prefetch<[FloatImage]>.defaultThreads, ahead: Int? = nil,
    load: @escaping @Sendable (_ example: Int) throws -> FloatImage
  ) throws {
    try plan.validate()
    try augmentation.validate()
    guard examples > 0 else { throw TrainingError.setting(name: "data", reason: "is empty") }
    self.plan = plan
    self.threads = threads
    self.ahead = ahead ?? threads + 1
    order = BatchOrder(examples: examples, batch: plan.batch, seed: plan.seed)
    let seed = plan.seed ^ Self.seedMark
    make = { step, examples in
      try examples.enumerated().map { place, example in
        var random = PhiloxStream(
          RandomKey(seed: seed, stream: UInt32(place), step: UInt32(truncatingIfNeeded: step)))
        return try augmentation.applied(to: load(example), using: &random)
      }
    }
  }

  /// Keeps these streams apart from those that a step's pass draws from.
  private static let seedMark: UInt64 = 0x4155_474D_454E_5400

  /// A step's pictures, in the order of its examples. Steps that follow each other come from the threads; after a jump they start
  /// anew; for other examples than the plan's the pictures are made at once.
  public func pictures(_ step: TrainingStep) throws -> [FloatImage] {
    guard step.examples == order[step.number] else { return try make(step.number, step.examples) }
    if let latest, latest.step == step.number { return latest.pictures }
    if prefetch == nil || next != step.number {
      let (start, order, make) = (step.number, order, make)
      prefetch = Prefetch(count: max(plan.steps - start, 1), threads: threads, ahead: ahead) {
        try make(start + $0, order[start + $0])
      }
      next = start
    }
    next += 1
    latest = nil
    let found = try prefetch?.next()?.get() ?? make(step.number, step.examples)
    latest = (step.number, found)
    return found
  }

  /// A step's pictures as one tensor of grey levels 0 … 255: [batch, height, width, channels].
  ///
  /// - Throws: ``TrainingError/setting(name:reason:)`` when they differ in size; what loading throws.
  public func batch(_ step: TrainingStep, on device: any Device) throws -> Tensor {
    let pictures = try pictures(step)
    guard let first = pictures.first,
      pictures.allSatisfy({
        $0.width == first.width && $0.height == first.height && $0.channels == first.channels
      })
    else { throw TrainingError.setting(name: "data", reason: "has pictures of different sizes") }
    return try Tensor(
      pictures.flatMap(\.samples), shape: [pictures.count, first.height, first.width, first.channels], on: device)
  }
}
