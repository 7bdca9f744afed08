import Foundation

/// An interpreter of the pickle opcodes that `torch.save` writes (protocol 2). It makes values and calls nothing: what a
/// name means is in a fixed table (`PickleMachine+Globals.swift`), and what is refused is named, with its byte.
struct PickleMachine {
  let bytes: FileBytes
  let policy: PicklePolicy
  /// Where the next byte is read; one past the pickle when it has run.
  var position: Int
  private(set) var containers: [PickleContainer] = []
  var storages: [PickleStorage] = []
  var tensors: [StridedTensor] = []
  /// The whole storages that were named, in order.
  var wholeStorages: [String: PickleStorage] = [:]
  /// How often each unknown name occurred.
  var opaque: [String: Int] = [:]
  private(set) var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [UInt32: PickleValue] = [:]
  /// Elements written into containers: bounds time and memory together with the opcode limit.
  private var elements = 0

  static let largestPickle = 64 << 20
  private static let opcodeLimit = 10_000_000
  private static let elementLimit = 20_000_000

  init(_ bytes: FileBytes, at position: Int = 0, policy: PicklePolicy = .strict) {
    self.bytes = bytes
    self.position = position
    self.policy = policy
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
    case UInt8(ascii: "]"), 0x8F: try push(.list([]))
    case UInt8(ascii: ")"): try push(.tuple([]))
    case UInt8(ascii: "t"): try push(.tuple(popToMark()))
    case 0x85: try push(.tuple(pop(1)))
    case 0x86: try push(.tuple(pop(2)))
    case 0x87: try push(.tuple(pop(3)))
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "K"): push(.int(Int(try byte())))
    case UInt8(ascii: "M"): push(.int(Int(try integer(UInt16.self))))
    case UInt8(ascii: "J"): push(.int(Int(try integer(Int32.self))))
    case 0x8A: try pushLong()
    case UInt8(ascii: "G"): push(.double(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    case UInt8(ascii: "X"): try pushString(length: Int(try integer(UInt32.self)), utf8: true)
    case UInt8(ascii: "U"): try pushString(length: Int(try byte()), utf8: false)
    case UInt8(ascii: "T"): try pushString(length: Int(try integer(UInt32.self)), utf8: false)
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
    case 0x81: try newObject()
    case UInt8(ascii: "b"): try build()
    default:
      position -= 1
      throw refused("the pickle opcode \(PickleOpcode.name(opcode)) is not supported")
    }
    return false
  }

  func refused(_ reason: String) -> CheckpointError { bytes.malformed(position, reason) }

  // MARK: reading

  private mutating func byte() throws(CheckpointError) -> UInt8 { try integer(UInt8.self) }

  private mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws(CheckpointError) -> T {
    let value = try bytes.integer(position, as: type)
    position += MemoryLayout<T>.size
    return value
  }

  mutating func line() throws(CheckpointError) -> String {
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
    guard let text = String(data: data, encoding: .utf8) else {
      guard !utf8 else { throw refused("a string is not UTF-8") }
      position += length
      push(.bytes(Array(data)))
      return
    }
    position += length
    push(.string(text))
  }

  private mutating func pushLong() throws(CheckpointError) {
    let length = Int(try byte())
    let data = try bytes.slice(position, length)
    position += length
    guard length <= 8 else {
      push(.long(Array(data)))
      return
    }
    let unsigned = data.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let unused = 64 - 8 * length
    push(.int(length == 0 ? 0 : Int(Int64(bitPattern: unsigned << unused) >> unused)))
  }

  // MARK: the stack

  func top() throws(CheckpointError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else { throw refused("the pickle's stack is empty") }
    return value
  }

  mutating func pop() throws(CheckpointError) -> PickleValue {
    let value = try top()
    stack.removeLast()
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

  mutating func push(_ value: PickleValue) { stack.append(value) }

  mutating func push(_ container: PickleContainer) throws(CheckpointError) {
    switch container {
    case .tuple(let values), .list(let values): try count(values.count)
    case .dictionary(let items), .object(let items): try count(2 * items.count)
    }
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
    let target = try top()
    // What is appended to an opaque node is of no use.
    if case .object? = container(target) { return }
    guard case .container(let index) = target, case .list(var list) = containers[index] else {
      throw refused("the pickle appends to something that is no list")
    }
    try count(values.count)
    // Given up in the arena first, so that the array is extended in place.
    containers[index] = .list([])
    list.append(contentsOf: values)
    containers[index] = .list(list)
  }

  private mutating func setItems(_ values: [PickleValue]) throws(CheckpointError) {
    guard values.count.isMultiple(of: 2) else { throw refused("a dictionary's key has no value") }
    try add(stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }, to: top())
  }

  /// Adds items to a dictionary, or attributes to an opaque node.
  mutating func add(_ items: [PickleItem], to target: PickleValue) throws(CheckpointError) {
    try count(2 * items.count)
    guard case .container(let index) = target else {
      throw refused("the pickle sets items of something that is no dictionary")
    }
    // Given up in the arena first, as above; a switch would hold a second reference.
    if case .dictionary(var known) = containers[index] {
      containers[index] = .dictionary([])
      known.append(contentsOf: items)
      containers[index] = .dictionary(known)
    } else if case .object(var known) = containers[index] {
      containers[index] = .object([])
      known.append(contentsOf: items)
      containers[index] = .object(known)
    } else {
      throw refused("the pickle sets items of something that is no dictionary")
    }
  }
}
