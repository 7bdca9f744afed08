import COpenCL
import Compute

/// Launches that wait to become the steps of one launch, `sequence_run` of `Kernels/sequence.cl`.
///
/// The order of what is asked of the device stays: whatever is no step, and whoever reads or writes an array, has those that
/// wait enqueued first. A buffer may return to the pool while its step waits, as it may while a launch is queued.
struct LaunchSequence {
  /// The one launch that waits, to be enqueued as itself; nil where there are several.
  private(set) var single: Step?
  private(set) var stepCount = 0
  /// Distinct buffers of the steps, in the order of their first use.
  private(set) var buffers: [DeviceMemory] = []
  /// The steps as the kernel reads them, ``wordsPerStep`` each.
  private(set) var words: [Int32] = []
  /// Floats of local memory: of the step that takes most of it, and of the step that is being added.
  private(set) var localCount = 0
  private var stepLocalCount = 0
  /// Buffers that were given back meanwhile: they live as long as these steps wait.
  var released: [DeviceMemory] = []

  struct Step {
    let kernel: String
    let size: [Int]
    let parameters: [any KernelParameter]
  }

  /// The number of a kernel among those that can be steps; nil for the others.
  static func kind(of kernel: String) -> Int32? { kinds[kernel] }

  /// Whether a launch with so many arguments has a place among those that wait.
  func hasRoom(for argumentCount: Int) -> Bool {
    stepCount < Self.stepLimit && buffers.count + argumentCount <= Self.bufferLimit
  }

  /// Adds a launch with work-groups of one item in up to three dimensions.
  mutating func add(_ kernel: String, _ kind: Int32, size: [Int], _ parameters: [any KernelParameter]) {
    let end = words.count + Self.wordsPerStep
    words.append(kind)
    for dimension in 0..<3 { words.append(dimension < size.count ? Int32(size[dimension]) : 1) }
    stepLocalCount = 0
    for parameter in parameters { parameter.add(to: &self) }
    precondition(words.count <= end, "\(kernel) has more arguments than a step holds.")
    while words.count < end { words.append(0) }
    localCount = max(localCount, stepLocalCount)
    stepCount += 1
    // Held here, arrays would not return to the pool, and no later step could write where an earlier one has read.
    single = stepCount == 1 ? Step(kernel: kernel, size: size, parameters: parameters.map(\.memoryAlone)) : nil
  }

  mutating func add(number: Int32) { words.append(number) }

  mutating func add(_ memory: DeviceMemory) {
    // Searched from the end: the array that a step reads is often the last one written.
    let known = buffers.lastIndex(of: memory)
    words.append(Int32(known ?? buffers.count))
    if known == nil { buffers.append(memory) }
  }

  /// Arrays in local memory begin at lines of the cache; nothing is added behind the last, which may end where the device's
  /// local memory does.
  mutating func add(localCount count: Int) {
    let begin = (stepLocalCount + 15) / 16 * 16
    words.append(Int32(begin))
    stepLocalCount = begin + count
  }

  /// Sizes that `sequence.cl` has, too: STEP_WORDS, the number of BUFFERS, and SPACING.
  static let wordsPerStep = 40
  static let bufferLimit = 110
  static let countSpacing = 16
  static let stepLimit = 64
  /// Numbers of `run_item`.
  private static let kinds: [String: Int32] = [
    "convolution_tiles": 0, "depthwise_rows": 1, "winograd4_tiles": 2, "winograd2_tiles": 3, "winograd4_taps": 4,
    "winograd2_taps": 5, "pooling_forward": 6,
  ]
}

/// What launches of `sequence_run` need besides their steps' buffers, kept from one to the next.
struct SequenceTables {
  /// The words of sequences that were enqueued: a network's are the same at each pass.
  private var steps: [[Int32]: DeviceMemory] = [:]
  /// Two arrays of counts, which launches use in turn: each clears what the one before has left.
  private var counts: [DeviceMemory] = []
  private var stepCountBefore = 0
  private let groups: Int

  init(groups: Int) { self.groups = groups }

  /// The arguments of the next launch.
  mutating func parameters(
    of sequence: LaunchSequence, _ connection: OpenCLConnection
  ) throws(DeviceError) -> [any KernelParameter] {
    while counts.count < 2 {
      let zeros = [Int32](
        repeating: 0, count: LaunchSequence.stepLimit * (groups + 1) * LaunchSequence.countSpacing)
      counts.append(try connection.makeBuffer(holding: zeros))
    }
    let unused = LaunchSequence.bufferLimit - sequence.buffers.count
    return [
      try table(of: sequence, connection), sequence.stepCount, counts[0], counts[1], stepCountBefore,
      LocalFloats(count: max(sequence.localCount, 1)),
    ] + sequence.buffers + [any KernelParameter](repeating: NoArray(), count: unused)
  }

  private mutating func table(
    of sequence: LaunchSequence, _ connection: OpenCLConnection
  ) throws(DeviceError) -> DeviceMemory {
    if let known = steps[sequence.words] { return known }
    if steps.count == Self.stepsLimit { releaseSteps(connection) }
    let made = try connection.makeBuffer(holding: sequence.words)
    steps[sequence.words] = made
    return made
  }

  /// To be called when the launch is queued.
  mutating func advance(_ stepCount: Int) {
    counts.swapAt(0, 1)
    stepCountBefore = stepCount
  }

  mutating func release(_ connection: OpenCLConnection) {
    releaseSteps(connection)
    for memory in counts { connection.releaseBuffer(memory) }
    counts = []
  }

  private mutating func releaseSteps(_ connection: OpenCLConnection) {
    for memory in steps.values { connection.releaseBuffer(memory) }
    steps = [:]
  }

  private static let stepsLimit = 32
}
