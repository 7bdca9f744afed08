import Compute
import Images
import Foundation
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite("Pictures of a training's steps", .timeLimit(.minutes(1)))
struct BatchSourceTests {
  private static let plan = TrainingPlan(steps: 12, batch: 4, rate: .constant(0), rule: .adam(), seed: 3)
  private static let augmentation: Augmentation = {
    var all = Augmentation()
    (all.brightness, all.contrast, all.saturation) = (0.2, 0.2, 0.2)
    (all.degrees, all.translation, all.scale, all.crop) = (20, 0.2, 0.1, 5)
    (all.horizontalFlip, all.verticalFlip) = (0.5, 0.5)
    return all
  }()

  private func step(_ number: Int, prefix: Int = 4) -> TrainingStep {
    let order = BatchOrder(examples: 3, batch: Self.plan.batch, seed: Self.plan.seed)
    return TrainingStep(number: number, examples: Array(order[number].prefix(prefix)), pass: .inference)
  }

  private func source(threads: Int, ahead: Int? = nil, made: Made? = nil) throws -> BatchSource {
    try BatchSource(Self.plan, examples: 3, augmentation: Self.augmentation, threads: threads, ahead: ahead) {
      made?.count.add(1, ordering: .relaxed)
      var random = Reproducible($0 + 1)
      return try FloatImage(width: 7, height: 6, channels: 3, samples: random.floats(126).map { $0 * 100 + 120 })
    }
  }

  final class Made: Sendable { let count = Atomic(0) }

  /// For any threads, from the start or from the middle, in any order.
  @Test func picturesDependOnTheStepAlone() throws {
    let first = try source(threads: 1)
    let all = try (0..<12).map { try first.pictures(step($0)) }
    for threads in [0, 2, 5] {
      let other = try source(threads: threads, ahead: 3)
      #expect(try (0..<12).map { try other.pictures(step($0)) } == all)
      #expect(try (7..<12).map { try other.pictures(step($0)) } == Array(all[7...]))
      #expect(try [3, 3, 11, 0].map { try other.pictures(step($0)) } == [all[3], all[3], all[11], all[0]])
      #expect(try other.pictures(step(5, prefix: 2)) == Array(all[5].prefix(2)))
    }
    // An example that comes twice in a batch is varied twice.
    #expect(Set(all.joined()).count == 48)
  }

  @Test func noMoreIsMadeThanTheBound() throws {
    let made = Made()
    let source = try source(threads: 3, ahead: 2, made: made)
    _ = try source.pictures(step(0))
    for _ in 0..<100 where made.count.load(ordering: .relaxed) < 12 { usleep(2000) }
    usleep(20_000)
    #expect(made.count.load(ordering: .relaxed) == 12)
  }

  @Test(arguments: TestDevice.all)
  func aBatchIsOneTensor(_ tested: TestDevice) throws {
    let source = try source(threads: 1)
    let batch = try source.batch(step(2), on: tested.device)
    #expect(batch.shape == [4, 5, 5, 3])
    #expect(try batch.values() == source.pictures(step(2)).flatMap(\.samples))
  }

  @Test func picturesOfDifferentSizesAreRefused() throws {
    let source = try BatchSource(Self.plan, examples: 3) {
      try FloatImage(width: 4 + $0, height: 1, samples: [Float](repeating: 0, count: 4 + $0))
    }
    #expect(throws: TrainingError.self) { try source.batch(step(0), on: TestDevice.all[0].device) }
  }
}
