import Foundation

/// How a file stores a number.
enum ElementType: String, Sendable, CaseIterable {
  case float64, float32, float16, bfloat16
  case float8e4m3fn, float8e5m2, float8e4m3fnuz, float8e5m2fnuz, float8e8m0
  case int64, int32, int16, int8, uint64, uint32, uint16, uint8, bool
  case complex128, complex64, complex32

  var byteCount: Int {
    switch self {
    case .complex128: 16
    case .float64, .int64, .uint64, .complex64: 8
    case .float32, .int32, .uint32, .complex32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float8e4m3fn, .float8e5m2, .float8e4m3fnuz, .float8e5m2fnuz, .float8e8m0, .int8, .uint8, .bool: 1
    }
  }

  /// Files with complex tensors are opened, for the others in them; the complex ones have no floats.
  var isComplex: Bool { self == .complex128 || self == .complex64 || self == .complex32 }

  /// PyTorch's storage class of this type, without "Storage".
  static let storageClasses: [String: ElementType] = [
    "Float": .float32, "Double": .float64, "Half": .float16, "BFloat16": .bfloat16, "Long": .int64, "Int": .int32,
    "Short": .int16, "Char": .int8, "Byte": .uint8, "Bool": .bool, "ComplexFloat": .complex64,
    "ComplexDouble": .complex128,
  ]

  /// PyTorch's names of types, without "torch.".
  static let torchNames: [String: ElementType] = [
    "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
    "int32": .int32, "int16": .int16, "int8": .int8, "uint64": .uint64, "uint32": .uint32, "uint16": .uint16,
    "uint8": .uint8, "bool": .bool, "complex128": .complex128, "complex64": .complex64, "complex32": .complex32,
    "float8_e4m3fn": .float8e4m3fn, "float8_e5m2": .float8e5m2, "float8_e4m3fnuz": .float8e4m3fnuz,
    "float8_e5m2fnuz": .float8e5m2fnuz, "float8_e8m0fnu": .float8e8m0,
  ]

  /// The names in a safetensors header.
  static let safetensorsNames: [String: ElementType] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32, "I16": .int16,
    "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool, "C64": .complex64,
    "F8_E4M3": .float8e4m3fn, "F8_E5M2": .float8e5m2, "F8_E4M3FNUZ": .float8e4m3fnuz,
    "F8_E5M2FNUZ": .float8e5m2fnuz, "F8_E8M0": .float8e8m0,
  ]

  /// Elements as floats, the nearest ones; `bytes` holds whole elements. Complex types have none.
  func floats(_ bytes: UnsafeRawBufferPointer, isBigEndian: Bool = false) -> [Float] {
    func each<T: FixedWidthInteger>(_: T.Type, _ convert: (T) -> Float) -> [Float] {
      (0..<(bytes.count / MemoryLayout<T>.size)).map {
        let stored = bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
        return convert(isBigEndian ? T(bigEndian: stored) : T(littleEndian: stored))
      }
    }
    switch self {
    case .float32 where !isBigEndian:
      // By far the most; copied as they are, for every platform of Swift's is little-endian.
      return [Float](unsafeUninitializedCapacity: bytes.count / 4) { floats, count in
        count = bytes.count / 4
        UnsafeMutableRawBufferPointer(floats).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * 4)]))
      }
    case .float32: return each(UInt32.self) { Float(bitPattern: $0) }
    case .float64: return each(UInt64.self) { Float(Double(bitPattern: $0)) }
    case .float16: return each(UInt16.self, floatFromHalf)
    case .bfloat16: return each(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .int64: return each(Int64.self) { Float($0) }
    case .int32: return each(Int32.self) { Float($0) }
    case .int16: return each(Int16.self) { Float($0) }
    case .int8: return each(Int8.self) { Float($0) }
    case .uint64: return each(UInt64.self) { Float($0) }
    case .uint32: return each(UInt32.self) { Float($0) }
    case .uint16: return each(UInt16.self) { Float($0) }
    case .uint8: return each(UInt8.self) { Float($0) }
    // Any byte but 0 is true, as in C.
    case .bool: return each(UInt8.self) { $0 == 0 ? 0 : 1 }
    case .float8e4m3fn, .float8e5m2, .float8e4m3fnuz, .float8e5m2fnuz, .float8e8m0:
      let table = (0...255).map { floatFromEightBits(UInt8($0)) }
      return each(UInt8.self) { table[Int($0)] }
    case .complex128, .complex64, .complex32: preconditionFailure("Complex numbers have no floats.")
    }
  }

  /// The eight-bit formats of Micikevicius et al. 2022 (arXiv:2209.05433), their variants without negative zero
  /// (arXiv:2206.02915: one NaN, in its place, and a bias more by one), and bare exponents (OCP MX).
  private func floatFromEightBits(_ bits: UInt8) -> Float {
    if self == .float8e8m0 { return bits == 255 ? .nan : Float(sign: .plus, exponent: Int(bits) - 127, significand: 1) }
    if self == .float8e5m2 { return floatFromHalf(UInt16(bits) << 8) }
    let hasOneNaN = self != .float8e4m3fn
    let fractionBits = self == .float8e5m2fnuz ? 2 : 3
    let bias = self == .float8e4m3fn ? 7 : self == .float8e4m3fnuz ? 8 : 16
    if hasOneNaN ? bits == 0x80 : bits & 0x7F == 0x7F { return .nan }
    let exponent = Int(bits & 0x7F) >> fractionBits
    let fraction = Int(bits) & ((1 << fractionBits) - 1)
    let sign: FloatingPointSign = bits & 0x80 == 0 ? .plus : .minus
    let significand = exponent == 0 ? fraction : fraction + (1 << fractionBits)
    return Float(sign: sign, exponent: max(exponent, 1) - bias - fractionBits, significand: Float(significand))
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
