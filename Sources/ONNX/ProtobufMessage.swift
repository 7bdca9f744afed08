public import Foundation

/// A message in Protocol Buffers' wire format, field by field: varints, 32-bit values and length-delimited bytes.
///
/// Pieces are kept apart until the end, so that tensors inside of messages inside of messages are not copied each time.
public struct ProtobufMessage: Sendable {
  private enum WireType: UInt64 {
    case varint = 0
    case lengthDelimited = 2
    case fixed32 = 5
  }

  private var pieces: [Data] = []
  /// Bytes so far.
  public private(set) var byteCount = 0

  public init() {}

  /// A 64-bit integer, negative ones as their two's complement.
  public mutating func add(_ field: Int, _ value: Int64) {
    append(Self.key(field, .varint) + Self.varint(UInt64(bitPattern: value)))
  }

  public mutating func add(_ field: Int, _ value: Float) {
    append(Self.key(field, .fixed32) + Self.littleEndian(value.bitPattern))
  }

  public mutating func add(_ field: Int, _ value: String) { add(field, Data(value.utf8)) }

  public mutating func add(_ field: Int, _ value: Data) {
    append(Self.key(field, .lengthDelimited) + Self.varint(UInt64(value.count)))
    append(value)
  }

  public mutating func add(_ field: Int, _ value: ProtobufMessage) {
    append(Self.key(field, .lengthDelimited) + Self.varint(UInt64(value.byteCount)))
    pieces += value.pieces
    byteCount += value.byteCount
  }

  /// The message in one piece.
  public func encoded() -> Data {
    var data = Data(capacity: byteCount)
    for piece in pieces { data += piece }
    return data
  }

  private mutating func append(_ piece: Data) {
    pieces.append(piece)
    byteCount += piece.count
  }

  private static func key(_ field: Int, _ type: WireType) -> Data { varint(UInt64(field) << 3 | type.rawValue) }

  /// Seven bits a byte, the lowest first; all but the last byte have the highest bit set.
  private static func varint(_ value: UInt64) -> Data {
    var (rest, bytes) = (value, Data())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    return bytes
  }

  private static func littleEndian(_ value: UInt32) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
}
