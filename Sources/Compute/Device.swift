/// Where tensors live and kernels run.
///
/// Calls may come from any thread; work is done in the order of the calls. Every operation family is complete on every
/// device: a missing one is a compile error. Device functions take validated problems, so beyond counts they cannot
/// fail on shapes.
public protocol Device: AnyObject, Sendable, CustomStringConvertible,
  ElementwiseKernels, ActivationKernels, MatrixKernels, ConvolutionKernels, PoolingKernels, ResamplingKernels,
  FilteringKernels, SoftmaxKernels, AttentionKernels, ReductionKernels, IndexingKernels, NeighbourKernels,
  ConvolutionGradientKernels, NormalizationKernels, RandomKernels, AttentionGradientKernels, OptimizerKernels
{
  /// What the device is and what it can hold.
  var traits: DeviceTraits { get }
  /// Bytes held by live tensors, their peak, and bytes kept for reuse.
  var memoryUse: MemoryUse { get }

  /// Memory with undefined contents; debug builds fill it with NaN.
  ///
  /// - Throws: ``DeviceError/outOfMemory(requested:inUse:limit:)`` after giving unused memory back and trying again.
  func allocate(byteCount: Int) throws -> DeviceMemory
  /// Gives memory back to the pool; queued work that uses it still completes first.
  func release(_ memory: DeviceMemory, byteCount: Int)
  /// Copies host bytes to the start of `target`; the host bytes may be reused when the call returns.
  func upload(_ bytes: UnsafeRawBufferPointer, to target: DeviceMemory) throws
  /// Copies the start of `source` to the host; waits for all earlier work.
  func download(_ source: DeviceMemory, into bytes: UnsafeMutableRawBufferPointer) throws
  /// Waits until all work is done, and throws what went wrong in it.
  func synchronize() throws
}

/// Memory that has parts with addresses of their own. Arrays of programs begin where their buffer begins; tests put them
/// between zones, and at addresses that are aligned as little as a device allows.
package protocol PartitionedMemory {
  /// Parts begin at multiples of this many bytes.
  var partAlignment: Int { get }
  /// The bytes from `offset` on, with the same contents as long as both live; `offset` 0 is the memory itself.
  func part(of memory: DeviceMemory, at offset: Int, byteCount: Int) throws -> DeviceMemory
  /// Ends a part at an offset above 0; before its memory is released.
  func releasePart(_ part: DeviceMemory)
}

/// What a device is and what it can hold.
public struct DeviceTraits: Hashable, Sendable {
  public enum Kind: String, Sendable { case blas = "CPU path", gpu = "GPU", cpu = "CPU", accelerator }

  public var name: String
  public var kind: Kind
  public var vendor: String
  public var driver: String
  public var computeUnits: Int
  /// Bytes of memory on the device, and of the largest single buffer.
  public var globalMemory: Int
  public var largestBuffer: Int
  /// Bytes of local memory of a work-group, and its largest number of work-items; 0 where there are no work-groups.
  public var localMemory: Int
  public var largestWorkGroup: Int
  /// Floats in the widest native vector.
  public var vectorWidth: Int

  public init(
    name: String, kind: Kind, vendor: String, driver: String, computeUnits: Int, globalMemory: Int, largestBuffer: Int,
    localMemory: Int = 0, largestWorkGroup: Int = 0, vectorWidth: Int
  ) {
    self.name = name
    self.kind = kind
    self.vendor = vendor
    self.driver = driver
    self.computeUnits = computeUnits
    self.globalMemory = globalMemory
    self.largestBuffer = largestBuffer
    self.localMemory = localMemory
    self.largestWorkGroup = largestWorkGroup
    self.vectorWidth = vectorWidth
  }
}
