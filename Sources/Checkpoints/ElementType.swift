import Foundation

/// How a file stores a number.
enum ElementType: String, Sendable, CaseIterable {
  case float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool

  var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// PyTorch's storage class of this type, without "Storage".
  static let storageClasses: [String: ElementType] = [
    "Float": .float32, "Double": .float64, "Half": .float16, "BFloat16": .bfloat16, "Long": .int64, "Int": .int32,
    "Short": .int16, "Char": .int8, "Byte": .uint8, "Bool": .bool,
  ]

  /// The names in a safetensors header.
  static let safetensorsNames: [String: ElementType] = [
    "F32": .float32, "F64": .float64, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32, "I16": .int16,
    "I8": .int8, "U8": .uint8, "BOOL": .bool,
  ]

  /// Little-endian elements as floats; `bytes` holds whole elements.
  func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    func each<T>(_: T.Type, _ convert: (T) -> Float) -> [Float] {
      (0..<(bytes.count / MemoryLayout<T>.size)).map {
        convert(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self))
      }
    }
    #if _endian(little)
      // The usual case is one copy; element by element it takes seconds in a debug build.
      if self == .float32 {
        let count = bytes.count / MemoryLayout<Float>.size
        return [Float](unsafeUninitializedCapacity: count) { target, initialized in
          UnsafeMutableRawBufferPointer(target).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count * 4)))
          initialized = count
        }
      }
    #endif
    switch self {
    case .float32:
      // By far the most; copied as they are, for every platform of Swift's is little-endian.
      return [Float](unsafeUninitializedCapacity: bytes.count / 4) { floats, count in
        count = bytes.count / 4
        UnsafeMutableRawBufferPointer(floats).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * 4)]))
      }
    case .float64: return each(UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
    case .float16: return each(UInt16.self) { floatFromHalf(UInt16(littleEndian: $0)) }
    case .bfloat16: return each(UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
    case .int64: return each(Int64.self) { Float(Int64(littleEndian: $0)) }
    case .int32: return each(Int32.self) { Float(Int32(littleEndian: $0)) }
    case .int16: return each(Int16.self) { Float(Int16(littleEndian: $0)) }
    case .int8: return each(Int8.self) { Float($0) }
    case .uint8, .bool: return each(UInt8.self) { Float($0) }
    }
  }
}

/// IEEE 754 binary16 to binary32, exact for every value.
func floatFromHalf(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let (exponent, fraction) = (UInt32(bits >> 10) & 0x1F, UInt32(bits) & 0x3FF)
  switch exponent {
  case 0: return Float(sign: sign == 0 ? .plus : .minus, exponent: -24, significand: Float(fraction))
  case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
