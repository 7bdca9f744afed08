import Compute
import Foundation

/// What kernels compute with.
extension OpenCLProbe {
  func functions() throws -> (Finding.Verdict, String) {
    let x = (0..<257).map { Float($0 - 128) * 0.061 + 0.013 }
    let y = try output(7 * x.count)
    try device.launch("probe_functions", elements: x.count, Storage(x, on: device), y, x.count)
    let found = try y.values()
    let definitions: [(String, (Double) -> Double)] = [
      ("exp", { exp($0) }), ("log", { log(abs($0)) }), ("tanh", { tanh($0) }), ("erf", { erf($0) }),
      ("sqrt", { abs($0).squareRoot() }), ("rsqrt", { 1 / abs($0).squareRoot() }), ("1/x", { 1 / $0 }),
    ]
    var (worst, name) = (0.0, "none")
    for (index, (function, definition)) in definitions.enumerated() {
      for (place, value) in x.enumerated() {
        let expected = definition(Double(value))
        let error = abs(Double(found[index * x.count + place]) - expected) / Double(Float(abs(expected)).ulp)
        if !(error <= worst) { (worst, name) = (error, function) }
      }
    }
    // OpenCL 1.2, table 7.4, allows erf 16 and the others less.
    return (worst <= 16 ? .right : .wrong, String(format: "\(name) is off by %.1f ulp at most", worst))
  }

  func rules() throws -> (Finding.Verdict, String) {
    let names = ["NaN = NaN", "∞ − ∞", "0 · ∞", "1 / 0", "fmax(NaN, NaN)", "comparisons of NaN", "small numbers"]
    let y = try output(names.count)
    let x: [Float] = [.nan, .infinity, 0, 1, .leastNormalMagnitude]
    try device.launch("probe_rules", size: [1], group: [1], Storage(x, on: device), y)
    let broken = try zip(names, y.values()).filter { $1 != 1 }.map(\.0)
    if broken.isEmpty { return (.right, "as IEEE 754 has them") }
    return broken == ["small numbers"]
      ? (.quirk, "numbers below the smallest normal one become 0") : (.wrong, broken.joined(separator: ", "))
  }

  func tree() throws -> (Finding.Verdict, String) {
    let largest = min(device.traits.largestWorkGroup, try device.kernels.groupSizes(of: "probe_tree").largest, 256)
    let sizes = [1, 64, 256].filter { $0 <= largest }
    for size in sizes {
      let x = (0..<size).map { Float($0 * $0 % 61) }
      let y = try output(1)
      try device.launch("probe_tree", size: [size], group: [size], Storage(x, on: device), y)
      let (found, expected) = (try y.values()[0], x.reduce(0, +))
      guard found == expected else { return (.wrong, "\(size) items give \(found) instead of \(expected)") }
    }
    let list = sizes.map(String.init).joined(separator: ", ")
    return largest < 64
      ? (.quirk, "groups of \(largest) items at most: only the CPU shape runs") : (.right, "groups of \(list)")
  }

  func integers() throws -> (Finding.Verdict, String) {
    let x = (0..<61).map { Int32(bitPattern: UInt32($0) &* 2_654_435_769) }
    let y = try IndexStorage([Int32](repeating: 0, count: 3 * x.count), on: device)
    try device.launch("probe_integers", elements: x.count, IndexStorage(x, on: device), y, x.count)
    let found = try y.values()
    for (place, value) in x.map({ UInt32(bitPattern: $0) }).enumerated() {
      let wide = UInt64(value) * 0xCD9E_8D57
      let turned = (wide << 13 | wide >> 51) >> 7
      let expected = [
        UInt32((UInt64(value) * 0xD251_1F53) >> 32), UInt32(truncatingIfNeeded: wide >> 32),
        UInt32(truncatingIfNeeded: turned),
      ]
      for (index, (name, want)) in zip(["mul_hi", "64-bit products", "rotate"], expected).enumerated()
      where UInt32(bitPattern: found[index * x.count + place]) != want {
        return (.wrong, "\(name) of \(value)")
      }
    }
    return (.right, "mul_hi and 64 bits")
  }

  func vectors() throws -> (Finding.Verdict, String) {
    let count = 33
    let x = (0..<(5 * count + 1)).map { Float($0 % 97) }
    let y = try Storage([Float](repeating: -1, count: x.count), on: device)
    try device.launch("probe_vectors", elements: count, Storage(x, on: device), y, count)
    let found = try y.values()
    let wrong = x.indices.first { place in
      let lane = (place + 4) % 5
      return found[place] != (place == 0 || lane == 4 ? -1 : x[place] * Float(1 << lane))
    }
    return wrong.map { (.wrong, "float \($0) of vload4 or vstore4") } ?? (.right, "vload4 and vstore4 at any float")
  }

  func halves() throws -> (Finding.Verdict, String) {
    // 2049 lies between two halves, and the even one is 2048.
    let x: [Float] = [0, 1, -2.5, 2049, 65504, 0x1p-14, 1.0009765625]
    let expected: [Float] = [0, 1, -2.5, 2048, 65504, 0x1p-14, 1.0009765625]
    let y = try output(x.count)
    try device.launch("probe_halves", elements: x.count, Storage(x, on: device), output(x.count), y, x.count)
    return try y.values() == expected ? (.right, "rounded to even") : (.quirk, "rounds otherwise: \(try y.values())")
  }
}
