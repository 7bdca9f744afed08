import Foundation

/// A value on the pickle machine's stack. Containers live in the machine's flat arena and are named by their index, so
/// neither cycles nor depth can hurt.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case int(Int)
  /// A long integer that does not fit 64 bits, as its little-endian bytes.
  case long([UInt8])
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case container(Int)
  case global(String)
  case storage(Int)
  case tensor(Int)
}

/// What a container holds.
enum PickleContainer {
  case tuple([PickleValue])
  case list([PickleValue])
  case dictionary([(key: PickleValue, value: PickleValue)])
}

/// A storage that a pickle refers to.
struct PickleStorage {
  let key: String
  let type: ElementType
  let count: Int
}

/// An interpreter of the pickle opcodes that `torch.save` writes (protocol 2), in strict mode: a fixed table of globals,
/// nothing is ever looked up or called. Anything else is refused, naming it and the byte.
struct PickleMachine {
  private let bytes: FileBytes
  /// Where the next byte is read; one past the pickle when it has run.
  private(set) var position: Int
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [UInt32: PickleValue] = [:]
  private(set) var containers: [PickleContainer] = []
  private(set) var storages: [PickleStorage] = []
  private(set) var tensors: [StridedTensor] = []
  private var storageIndices: [String: Int] = [:]
  /// Elements written into containers: bounds time and memory together with the opcode limit.
  private var elements = 0

  private static let largestPickle = 64 << 20
  private static let opcodeLimit = 10_000_000
  private static let elementLimit = 20_000_000

  init(_ bytes: FileBytes, at position: Int) {
    self.bytes = bytes
    self.position = position
  }

  /// Runs to STOP and returns the pickled value.
  mutating func run() throws(CheckpointError) -> PickleValue {
    let start = position
    for _ in 0..<Self.opcodeLimit {
      guard position - start <= Self.largestPickle else { throw refused("the pickle is larger than 64 MB") }
      if try step() { return try pop() }
    }
    throw refused("the pickle has more than \(Self.opcodeLimit) opcodes")
  }

  func container(_ value: PickleValue) -> PickleContainer? {
    if case .container(let index) = value { containers[index] } else { nil }
  }

  /// One opcode; true at STOP.
  private mutating func step() throws(CheckpointError) -> Bool {
    let opcode = try byte()
    switch opcode {
    case 0x80:
      let version = try byte()
      guard version == 2 else { throw refused("pickle protocol \(version) is not supported, only 2") }
    case UInt8(ascii: "."): return true
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "c"): try pushGlobal()
    case UInt8(ascii: "}"): try push(.dictionary([]))
    case UInt8(ascii: "]"): try push(.list([]))
    case UInt8(ascii: ")"): try push(.tuple([]))
    case UInt8(ascii: "t"): try push(.tuple(popToMark()))
    case 0x85: try push(.tuple(pop(1)))
    case 0x86: try push(.tuple(pop(2)))
    case 0x87: try push(.tuple(pop(3)))
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "K"): stack.append(.int(Int(try byte())))
    case UInt8(ascii: "M"): stack.append(.int(Int(try integer(UInt16.self))))
    case UInt8(ascii: "J"): stack.append(.int(Int(try integer(Int32.self))))
    case 0x8A: try pushLong()
    case UInt8(ascii: "G"): stack.append(.double(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    case UInt8(ascii: "X"): try pushString(length: Int(try integer(UInt32.self)), utf8: true)
    case UInt8(ascii: "U"): try pushString(length: Int(try byte()), utf8: false)
    case UInt8(ascii: "q"): memo[UInt32(try byte())] = try top()
    case UInt8(ascii: "r"): memo[try integer(UInt32.self)] = try top()
    case UInt8(ascii: "h"): try recall(UInt32(try byte()))
    case UInt8(ascii: "j"): try recall(try integer(UInt32.self))
    case UInt8(ascii: "a"): try append(pop(1))
    case UInt8(ascii: "e"): try append(popToMark())
    case UInt8(ascii: "s"): try setItems(pop(2))
    case UInt8(ascii: "u"): try setItems(popToMark())
    case UInt8(ascii: "Q"): try pushStorage()
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()
    default:
      position -= 1
      throw refused("the pickle opcode 0x\(String(opcode, radix: 16)) is not supported")
    }
    return false
  }

  private func refused(_ reason: String) -> CheckpointError { bytes.malformed(position, reason) }

  // MARK: reading

  private mutating func byte() throws(CheckpointError) -> UInt8 { try integer(UInt8.self) }

  private mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(CheckpointError) -> T {
    let value = try bytes.integer(position, as: type)
    position += MemoryLayout<T>.size
    return value
  }

  private mutating func line() throws(CheckpointError) -> String {
    var text: [UInt8] = []
    while text.count < 256 {
      let next = try byte()
      if next == UInt8(ascii: "\n") { return String(decoding: text, as: UTF8.self) }
      text.append(next)
    }
    throw refused("a name is longer than 256 bytes")
  }

  private mutating func pushString(length: Int, utf8: Bool) throws(CheckpointError) {
    let data = try bytes.slice(position, length)
    position += length
    guard let text = String(data: data, encoding: .utf8) else {
      guard !utf8 else { throw refused("a string is not UTF-8") }
      stack.append(.bytes(Array(data)))
      return
    }
    stack.append(.string(text))
  }

  private mutating func pushLong() throws(CheckpointError) {
    let length = Int(try byte())
    let data = try bytes.slice(position, length)
    position += length
    guard length <= 8 else {
      stack.append(.long(Array(data)))
      return
    }
    let unsigned = data.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let unused = 64 - 8 * length
    stack.append(.int(length == 0 ? 0 : Int(Int64(bitPattern: unsigned << unused) >> unused)))
  }

  // MARK: the stack

  private func top() throws(CheckpointError) -> PickleValue {
    guard let value = stack.last else { throw refused("the pickle's stack is empty") }
    return value
  }

  private mutating func pop() throws(CheckpointError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw refused("the pickle's stack is empty")
    }
    return value
  }

  private mutating func pop(_ count: Int) throws(CheckpointError) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw refused("the pickle's stack is empty") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw refused("the pickle closes a list that it did not open") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func push(_ container: PickleContainer) throws(CheckpointError) {
    if case .tuple(let values) = container { try count(values.count) }
    containers.append(container)
    stack.append(.container(containers.count - 1))
  }

  private mutating func count(_ added: Int) throws(CheckpointError) {
    elements += added
    guard elements <= Self.elementLimit else { throw refused("the pickle has too many elements") }
  }

  private mutating func recall(_ key: UInt32) throws(CheckpointError) {
    guard let value = memo[key] else { throw refused("the pickle recalls \(key), which it did not store") }
    stack.append(value)
  }

  // MARK: containers

  private mutating func append(_ values: [PickleValue]) throws(CheckpointError) {
    guard case .container(let index) = try top(), case .list(var list) = containers[index] else {
      throw refused("the pickle appends to something that is no list")
    }
    try count(values.count)
    // Given up in the arena first, so that the array is extended in place.
    containers[index] = .list([])
    list.append(contentsOf: values)
    containers[index] = .list(list)
  }

  private mutating func setItems(_ values: [PickleValue]) throws(CheckpointError) {
    guard case .container(let index) = try top(), case .dictionary(var pairs) = containers[index] else {
      throw refused("the pickle sets items of something that is no dictionary")
    }
    guard values.count.isMultiple(of: 2) else { throw refused("a dictionary's key has no value") }
    try count(values.count)
    containers[index] = .dictionary([])
    for pair in stride(from: 0, to: values.count, by: 2) { pairs.append((values[pair], values[pair + 1])) }
    containers[index] = .dictionary(pairs)
  }

  // MARK: globals and what is made of them

  private static let plainGlobals: Set<String> = [
    "collections OrderedDict", "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter", "torch Size",
  ]

  private mutating func pushGlobal() throws(CheckpointError) {
    let start = position - 1
    let name = "\(try line()) \(try line())"
    guard Self.plainGlobals.contains(name) || Self.storageType(name) != nil else {
      position = start
      throw refused("it refers to '\(name)', which weights have no need of; re-save it as a plain state dict")
    }
    stack.append(.global(name))
  }

  private static func storageType(_ name: String) -> ElementType? {
    for prefix in ["torch ", "torch.cuda "] where name.hasPrefix(prefix) && name.hasSuffix("Storage") {
      return ElementType.storageClasses[String(name.dropFirst(prefix.count).dropLast("Storage".count))]
    }
    return nil
  }

  /// ("storage", class, key, location, count) or, in legacy files, a sixth element that is None.
  private mutating func pushStorage() throws(CheckpointError) {
    guard case .tuple(let parts)? = container(try pop()), parts.count == 5 || parts.count == 6,
      parts[0] == .string("storage"), case .global(let name) = parts[1], let type = Self.storageType(name),
      case .string(let key) = parts[2], case .int(let count) = parts[4], count >= 0
    else { throw refused("a persistent identifier does not describe a storage") }
    guard parts.count == 5 || parts[5] == .none else { throw refused("views of storages are not supported") }
    // Tensors that share a storage must agree on it: their reach is checked against what is said here.
    if let known = storageIndices[key] {
      guard storages[known].type == type, storages[known].count == count else {
        throw refused("the storage '\(key)' is described in two ways")
      }
      stack.append(.storage(known))
      return
    }
    storageIndices[key] = storages.count
    stack.append(.storage(storages.count))
    storages.append(PickleStorage(key: key, type: type, count: count))
  }

  private mutating func reduce() throws(CheckpointError) {
    let arguments = try pop()
    guard case .global(let name) = try pop(), case .tuple(let values)? = container(arguments) else {
      throw refused("the pickle calls something that is no function")
    }
    switch name {
    case "collections OrderedDict": try push(.dictionary(pairs(values)))
    case "torch Size": stack.append(values.first ?? .none)
    case "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2": try pushTensor(values)
    case "torch._utils _rebuild_parameter":
      guard case .tensor? = values.first else { throw refused("a parameter holds no tensor") }
      stack.append(values[0])
    default: throw refused("'\(name)' cannot be called")
    }
  }

  /// The items of `OrderedDict()` or of `OrderedDict([[key, value], …])`.
  private func pairs(_ values: [PickleValue]) throws(CheckpointError) -> [(key: PickleValue, value: PickleValue)] {
    guard let first = values.first else { return [] }
    guard case .list(let items)? = container(first) else { throw refused("an ordered dictionary's items are no list") }
    var pairs: [(key: PickleValue, value: PickleValue)] = []
    for item in items {
      switch container(item) {
      case .list(let pair)? where pair.count == 2, .tuple(let pair)? where pair.count == 2:
        pairs.append((pair[0], pair[1]))
      default: throw refused("an ordered dictionary's item is no pair")
      }
    }
    return pairs
  }

  /// (storage, offset, size, strides, …)
  private mutating func pushTensor(_ values: [PickleValue]) throws(CheckpointError) {
    guard values.count >= 4, case .storage(let storage) = values[0], case .int(let offset) = values[1],
      let shape = integers(values[2]), let strides = integers(values[3])
    else { throw refused("a tensor's description is incomplete") }
    let tensor = StridedTensor(storage: storages[storage].key, offset: offset, shape: shape, strides: strides)
    guard tensor.elementCount(available: storages[storage].count) != nil else {
      throw refused("a tensor of shape \(shape) and strides \(strides) does not fit its storage")
    }
    tensors.append(tensor)
    stack.append(.tensor(tensors.count - 1))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let values)? = container(value) else { return nil }
    let integers = values.compactMap { if case .int(let integer) = $0 { integer } else { nil } }
    return integers.count == values.count ? integers : nil
  }

  /// Attributes set on a dictionary (`_metadata` of a state dict) are dropped; nothing else can be built.
  private mutating func build() throws(CheckpointError) {
    _ = try pop()
    guard case .dictionary? = container(try top()) else { throw refused("the pickle builds an object of a class") }
  }
}
