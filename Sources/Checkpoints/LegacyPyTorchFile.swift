import Foundation

/// A weights file as `torch.save` wrote it before version 1.6: five pickles, then the storages' raw bytes.
public struct LegacyPyTorchFile: TensorFile {
  /// The first pickle: protocol 2 and the magic number 0x1950A86A20F9469CFC6C.
  static let signature: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  public let names: [String]
  /// How often each name occurs that the pickle refers to and the reader does not know; empty in strict mode.
  public let opaque: [String: Int]
  private let bytes: FileBytes
  private let tensors: [String: StridedTensor]
  /// Where each storage begins in the file.
  private let storages: [String: Int]

  /// - Throws: ``CheckpointError`` naming the file and the byte.
  public init(path: String, policy: PicklePolicy = .strict) throws(CheckpointError) {
    try self.init(FileBytes(path), policy)
  }

  init(_ bytes: FileBytes, _ policy: PicklePolicy) throws(CheckpointError) {
    guard bytes.starts(with: Self.signature) else {
      throw bytes.malformed(0, "it does not begin like a PyTorch weights file")
    }
    self.bytes = bytes
    let pickles = try Self.pickles(bytes, policy)
    let named = try NamedTensors(of: pickles.root, in: pickles.object, file: bytes)
    (names, tensors, opaque) = (named.names, named.tensors, pickles.object.opaque)
    storages = try Self.placements(pickles, bytes)
    for (name, tensor) in tensors where storages[tensor.storage] == nil {
      throw bytes.malformed(nil, "the storage of '\(name)' is not in the file")
    }
  }

  public var path: String { bytes.path }

  public func shape(of name: String) throws(CheckpointError) -> [Int] { try found(name).shape }

  public func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    let tensor = try found(name)
    guard let start = storages[tensor.storage] else { throw .missing(path: path, name: name) }
    return try tensor.read(name, from: bytes, storageAt: start, isBigEndian: false)
  }

  private func found(_ name: String) throws(CheckpointError) -> StridedTensor {
    guard let tensor = tensors[name] else { throw .missing(path: path, name: name) }
    return tensor
  }

  /// What the five pickles hold.
  private struct Pickles {
    let object: PickleMachine
    let root: PickleValue
    let keys: [PickleValue]
    /// Where they end.
    let end: Int
  }

  /// The pickles are seldom large, but nothing says how long they are: tried in a short copy first.
  private static func pickles(_ bytes: FileBytes, _ policy: PicklePolicy) throws(CheckpointError) -> Pickles {
    let short = 1 << 20
    if bytes.count > short, let pickles = try? pickles(in: bytes.snapshot(0, short), policy) { return pickles }
    return try pickles(in: bytes.snapshot(0, min(bytes.count, 2 * PickleMachine.largestPickle)), policy)
  }

  private static func pickles(in bytes: FileBytes, _ policy: PicklePolicy) throws(CheckpointError) -> Pickles {
    var position = signature.count
    func pickle(_ policy: PicklePolicy) throws(CheckpointError) -> (PickleMachine, PickleValue) {
      var machine = PickleMachine(bytes, at: position, policy: policy)
      let value = try machine.run()
      position = machine.position
      return (machine, value)
    }
    guard try pickle(.strict).1 == .int(1001) else { throw bytes.malformed(position, "its protocol is not 1001") }
    let (system, properties) = try pickle(.strict)
    guard case .dictionary(let items)? = system.container(properties),
      items.contains(where: { $0.key == .string("little_endian") && $0.value == .bool(true) })
    else { throw bytes.malformed(position, "it was not written on a little-endian machine") }
    let (object, root) = try pickle(policy)
    let (keyList, keys) = try pickle(.strict)
    guard case .list(let keys)? = keyList.container(keys) else {
      throw bytes.malformed(position, "it has no storage list")
    }
    return Pickles(object: object, root: root, keys: keys, end: position)
  }

  /// Storages follow in the order of the key list, each after its element count; nothing may follow them.
  private static func placements(_ pickles: Pickles, _ bytes: FileBytes) throws(CheckpointError) -> [String: Int] {
    var position = pickles.end
    var placements: [String: Int] = [:]
    for key in pickles.keys {
      guard case .string(let key) = key, let storage = pickles.object.wholeStorages[key] else {
        throw bytes.malformed(position, "it lists a storage that no tensor uses")
      }
      let count = try bytes.snapshot(position, 8).integer(0, as: Int64.self)
      guard count == storage.count else {
        throw bytes.malformed(position, "a storage has \(count) elements instead of \(storage.count)")
      }
      let (length, overflow) = storage.count.multipliedReportingOverflow(by: storage.type.byteCount)
      guard !overflow, length <= bytes.count - position - 8 else {
        throw bytes.malformed(position, "it is cut off in the storage '\(key)'")
      }
      guard placements.updateValue(position + 8, forKey: key) == nil else {
        throw bytes.malformed(position, "it lists the storage '\(key)' twice")
      }
      position += 8 + length
    }
    guard position == bytes.count else { throw bytes.malformed(position, "bytes follow the last storage") }
    return placements
  }
}
