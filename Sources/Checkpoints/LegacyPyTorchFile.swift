import Foundation

/// A weights file as `torch.save` wrote it before version 1.6: five pickles, then the storages' raw bytes.
public struct LegacyPyTorchFile: TensorFile {
  /// The first pickle: protocol 2 and the magic number 0x1950A86A20F9469CFC6C.
  static let signature: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  /// Where a storage lies in the file.
  private struct Placement {
    let offset: Int
    let count: Int
    let type: ElementType
  }

  public let names: [String]
  private let bytes: FileBytes
  private let tensors: [String: StridedTensor]
  private let storages: [String: Placement]

  /// - Throws: ``CheckpointError`` naming the file and the byte.
  public init(path: String) throws(CheckpointError) { try self.init(FileBytes(path)) }

  init(_ bytes: FileBytes) throws(CheckpointError) {
    guard bytes.starts(with: Self.signature) else {
      throw bytes.malformed(0, "it does not begin like a PyTorch weights file")
    }
    self.bytes = bytes
    var position = Self.signature.count
    func pickle() throws(CheckpointError) -> (PickleMachine, PickleValue) {
      var machine = PickleMachine(bytes, at: position)
      let value = try machine.run()
      position = machine.position
      return (machine, value)
    }
    guard try pickle().1 == .int(1001) else { throw bytes.malformed(position, "its protocol is not 1001") }
    let (system, properties) = try pickle()
    guard case .dictionary(let pairs)? = system.container(properties),
      pairs.contains(where: { $0.key == .string("little_endian") && $0.value == .bool(true) })
    else { throw bytes.malformed(position, "it was not written on a little-endian machine") }
    let (object, root) = try pickle()
    let (keyList, keys) = try pickle()
    (names, tensors) = try Self.stateDictionary(object, root, bytes)
    storages = try Self.placements(object, keyList, keys, at: position, bytes)
    for (name, tensor) in tensors where storages[tensor.storage] == nil {
      throw bytes.malformed(nil, "the storage of '\(name)' is not in the file")
    }
  }

  public var path: String { bytes.path }

  public func shape(of name: String) throws(CheckpointError) -> [Int] { try found(name).shape }

  public func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    let tensor = try found(name)
    guard let storage = storages[tensor.storage] else { throw .missing(path: path, name: name) }
    // Only what the tensor reaches: many may share one large storage.
    let (reach, size) = (tensor.reach, storage.type.byteCount)
    let data = try bytes.slice(storage.offset + reach.lowerBound * size, reach.count * size)
    let values = data.withUnsafeBytes { storage.type.floats($0) }
    return HostTensor(shape: tensor.shape, values: tensor.rowMajor(values))
  }

  private func found(_ name: String) throws(CheckpointError) -> StridedTensor {
    guard let tensor = tensors[name] else { throw .missing(path: path, name: name) }
    return tensor
  }

  /// The named tensors of the root dictionary, or of its `state_dict`.
  private static func stateDictionary(
    _ machine: PickleMachine, _ root: PickleValue, _ bytes: FileBytes
  ) throws(CheckpointError) -> ([String], [String: StridedTensor]) {
    guard case .dictionary(var pairs)? = machine.container(root) else {
      throw bytes.malformed(nil, "it holds no dictionary of tensors")
    }
    if let nested = pairs.first(where: { $0.key == .string("state_dict") }),
      case .dictionary(let inner)? = machine.container(nested.value)
    {
      pairs = inner
    }
    var names: [String] = []
    var tensors: [String: StridedTensor] = [:]
    for (key, value) in pairs {
      guard case .string(let name) = key, case .tensor(let index) = value else { continue }
      guard tensors.updateValue(machine.tensors[index], forKey: name) == nil else {
        throw bytes.malformed(nil, "the tensor '\(name)' occurs twice")
      }
      names.append(name)
    }
    guard !names.isEmpty else { throw bytes.malformed(nil, "it holds no named tensors") }
    return (names, tensors)
  }

  /// Storages follow in the order of the key list, each after its element count; nothing may follow them.
  private static func placements(
    _ object: PickleMachine, _ keyList: PickleMachine, _ keys: PickleValue, at start: Int, _ bytes: FileBytes
  ) throws(CheckpointError) -> [String: Placement] {
    guard case .list(let keys)? = keyList.container(keys) else {
      throw bytes.malformed(start, "it has no storage list")
    }
    let known = Dictionary(object.storages.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    var position = start
    var placements: [String: Placement] = [:]
    for key in keys {
      guard case .string(let key) = key, let storage = known[key] else {
        throw bytes.malformed(position, "it lists a storage that no tensor uses")
      }
      let count = try bytes.integer(position, as: Int64.self)
      guard count == storage.count else {
        throw bytes.malformed(position, "a storage has \(count) elements instead of \(storage.count)")
      }
      let (length, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.byteCount)
      guard !overflow, length <= bytes.count - position - 8 else {
        throw bytes.malformed(position, "it is cut off in the storage '\(key)'")
      }
      placements[key] = Placement(offset: position + 8, count: storage.count, type: storage.type)
      position += 8 + length
    }
    guard position == bytes.count else { throw bytes.malformed(position, "bytes follow the last storage") }
    return placements
  }
}
