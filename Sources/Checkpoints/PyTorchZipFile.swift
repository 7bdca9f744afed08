import Foundation
import Locking

/// A weights file as `torch.save` writes it since version 1.6: a zip archive with a pickle and one member a storage. In
/// inert mode also a TorchScript archive (`torch.jit.save`), of which only the values are read.
public struct PyTorchZipFile: TensorFile {
  /// The first bytes of a zip archive.
  static let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

  public let names: [String]
  /// How often each name occurs that the pickle refers to and the reader does not know; empty in strict mode.
  public let opaque: [String: Int]
  private let archive: ZipArchive
  private let tensors: [String: StridedTensor]
  /// The folder in the archive, with its slash.
  private let root: String
  private let isBigEndian: Bool
  private let policy: PicklePolicy
  /// Storages whose checksum was compared.
  private let checked = Locked<Set<String>>([])

  /// - Throws: ``CheckpointError`` naming the file and the byte.
  public init(path: String, policy: PicklePolicy = .strict) throws(CheckpointError) {
    try self.init(FileBytes(path), policy)
  }

  init(_ bytes: FileBytes, _ policy: PicklePolicy) throws(CheckpointError) {
    archive = try ZipArchive(bytes)
    self.policy = policy
    let roots = archive.names.filter { $0.hasSuffix("/data.pkl") }.map { String($0.dropLast("data.pkl".count)) }
    guard let root = roots.first, roots.count == 1 else {
      throw bytes.malformed(
        nil, roots.isEmpty ? "the archive has no data.pkl, so it holds no weights" : "the archive has two data.pkl")
    }
    self.root = root
    if policy == .strict, archive.contains("\(root)constants.pkl") {
      throw bytes.unsupported(nil, "it is a TorchScript archive; \(PicklePolicy.advice)")
    }
    isBigEndian = try Self.isBigEndian(archive, root)
    var machine = PickleMachine(try Self.pickle(archive, "\(root)data.pkl"), policy: policy)
    let value = try machine.run()
    let named = try NamedTensors(of: value, in: machine, file: bytes)
    (names, tensors, opaque) = (named.names, named.tensors, machine.opaque)
    for storage in machine.wholeStorages.values { try Self.check(storage, archive, root) }
  }

  public var path: String { archive.bytes.path }

  public func shape(of name: String) throws(CheckpointError) -> [Int] { try found(name).shape }

  public func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    let tensor = try found(name)
    let member = "\(root)data/\(tensor.storage)"
    guard let range = try archive.stored(member) else {
      let unpacked = FileBytes(try archive.contents(of: member), path: "\(path):\(member)")
      return try tensor.read(name, from: unpacked, storageAt: 0, isBigEndian: isBigEndian)
    }
    // PyTorch can be told to write no checksums; without them the inert mode still reads.
    if policy == .strict, !checked.withLock({ $0.contains(member) }) {
      try archive.check(member)
      checked.withLock { _ = $0.insert(member) }
    }
    return try tensor.read(name, from: archive.bytes, storageAt: range.lowerBound, isBigEndian: isBigEndian)
  }

  private func found(_ name: String) throws(CheckpointError) -> StridedTensor {
    guard let tensor = tensors[name] else { throw .missing(path: path, name: name) }
    return tensor
  }

  private static func isBigEndian(_ archive: ZipArchive, _ root: String) throws(CheckpointError) -> Bool {
    let member = "\(root)byteorder"
    guard archive.contains(member) else { return false }
    switch try archive.contents(of: member) {
    case Data("little".utf8): return false
    case Data("big".utf8): return true
    default: throw archive.bytes.malformed(try archive.stored(member)?.lowerBound, "its byte order is not known")
    }
  }

  /// A copy of the pickle; places in it are places in the file where it is not compressed.
  private static func pickle(_ archive: ZipArchive, _ member: String) throws(CheckpointError) -> FileBytes {
    guard try archive.size(of: member) <= PickleMachine.largestPickle else {
      throw archive.bytes.malformed(nil, "the pickle is larger than 64 MB")
    }
    let contents = try archive.contents(of: member)
    let start = try archive.stored(member)?.lowerBound
    let path = archive.bytes.path
    return FileBytes(contents, path: start == nil ? "\(path):\(member)" : path, origin: start ?? 0)
  }

  /// The storage's member is there and large enough.
  private static func check(
    _ storage: PickleStorage, _ archive: ZipArchive, _ root: String
  ) throws(CheckpointError) {
    let member = "\(root)data/\(storage.key)"
    guard archive.contains(member) else {
      throw archive.bytes.malformed(nil, "the storage '\(storage.key)' is not in the file")
    }
    let size = try archive.size(of: member)
    guard storage.count <= size / storage.type.byteCount else {
      throw archive.bytes.malformed(
        nil, "the storage '\(storage.key)' has \(size) bytes, too few for \(storage.count) elements")
    }
  }
}
