import Compute

extension OpCatalogue {
  static let gatherRows = Op(
    name: "gatherRows", functions: ["gatherRows"], bound: "the same bits",
    suite: [(1, 1, 1), (5, 7, 3), (16, 17, 40), (33, 1, 9), (3, 257, 2), (1021, 31, 100), (400, 152, 65)].map {
      ["rows": $0, "width": $1, "count": $2]
    }, tinyCount: 5,
    random: { ["rows": extentBelow(130, &$0), "width": extentBelow(130, &$0), "count": extentBelow(130, &$0)] }
  ) { parameters in
    let (rows, width, count) = (try parameters.int("rows"), try parameters.int("width"), try parameters.int("count"))
    var made = OpCase(
      operation: "gatherRows", parameters: parameters,
      arrays: [
        .input("x", [rows, width]),
        // One in eight lies outside, which must give NaN.
        .input("indices", [count]) { random, _ in
          .integers(
            (0..<count).map { _ in
              Int32(random.int(0...7) == 0 ? random.pick([-1, rows, .init(Int32.max)]) : random.int(0...(rows - 1)))
            })
        },
        .output("y", [count, width]),
      ],
      fills: [.index, .normal, .poison], bytesMoved: 8 * count * width,
      run: { device, a in try device.gatherRows(a[0], width: width, indices: a.indices(1), into: a[2]) },
      reference: { h, _ in
        [
          .exact(
            h.indices(1).flatMap { index -> [Double] in
              guard (0..<rows).contains(Int(index)) else { return [Double](repeating: .nan, count: width) }
              return (0..<width).map { Double(h[0][Int(index) * width + $0]) }
            })
        ]
      })
    made.isUniformByNature = true
    return made
  }

  static let accumulateRows = Op(
    name: "accumulateRows", functions: ["accumulateRows"], bound: "4 u √n Σ|x| + 2 ulp",
    suite: gatherRows.suite, tinyCount: gatherRows.tinyCount, random: gatherRows.random
  ) { parameters in
    let (rows, width, count) = (try parameters.int("rows"), try parameters.int("width"), try parameters.int("count"))
    var made = OpCase(
      operation: "accumulateRows", parameters: parameters,
      arrays: [
        .input("x", [count, width]),
        // One in eight lies outside, which must count for nothing.
        .input("indices", [count]) { random, _ in
          .integers(
            (0..<count).map { _ in
              Int32(random.int(0...7) == 0 ? random.pick([-1, rows, .init(Int32.max)]) : random.int(0...(rows - 1)))
            })
        },
        .output("y", [rows, width]),
      ],
      fills: [.normal, .positive, .integer, .poison], bytesMoved: 4 * (count + rows) * width,
      run: { device, a in try device.accumulateRows(a[0], width: width, indices: a.indices(1), into: a[2]) },
      reference: { h, fill in
        var sums = Sums(
          values: [Double](repeating: 0, count: rows * width), magnitudes: [Double](repeating: 0, count: rows * width))
        for (index, row) in h.indices(1).enumerated() where (0..<rows).contains(Int(row)) {
          for c in 0..<width { sums.add(Double(h[0][index * width + c]), at: Int(row) * width + c) }
        }
        return [sums.expected(length: count, exact: fill.isExact)]
      })
    made.adjoint = { h, y in
      h.indices(1).flatMap { row in
        (0..<width).map { (0..<rows).contains(Int(row)) ? y[Int(row) * width + $0] : 0 }
      }
    }
    made.isUniformByNature = true
    return made
  }

  static let copy = Op(
    name: "copy", functions: ["copy"], bound: "the same bits",
    suite: [
      "rows=1 columns=1", "rows=5 columns=7 so=2 ss=9 to=1 ts=8", "rows=3 columns=17 ts=33 to=16",
      "rows=16 columns=16 ss=31",
      "rows=1 columns=257 so=3", "rows=129 columns=33 ss=65 so=31 ts=34", "rows=784 columns=40 ts=152 to=112",
      "rows=65 columns=1 ss=7 ts=3 to=2",
    ].map(listed), tinyCount: 5,
    random: {
      let columns = extentBelow(130, &$0)
      return [
        "rows": extentBelow(66, &$0), "columns": columns, "so": $0.int(0...20), "ss": columns + $0.int(0...20),
        "to": $0.int(0...20), "ts": columns + $0.int(0...20),
      ]
    }
  ) { parameters in
    let columns = try parameters.int("columns")
    let p = try BlockCopy(
      rows: parameters.int("rows"), columns: columns, sourceOffset: parameters.int("so", 0),
      sourceStride: parameters.int("ss", columns), targetOffset: parameters.int("to", 0),
      targetStride: parameters.int("ts", columns))
    var made = OpCase(
      operation: "copy", parameters: parameters,
      arrays: [.input("x", [p.sourceEnd + 3]), .updated("y", [p.targetEnd + 5])],
      fills: [.index, .normal, .poison], bytesMoved: 8 * p.rows * p.columns,
      run: { device, a in try device.copy(p, from: a[0], into: a[1]) },
      reference: { h, _ in
        var y = h[1].map(Double.init)
        for row in 0..<p.rows {
          for column in 0..<p.columns {
            y[p.targetOffset + row * p.targetStride + column] = Double(
              h[0][p.sourceOffset + row * p.sourceStride + column])
          }
        }
        return [.exact(y)]
      })
    made.isUniformByNature = true
    return made
  }

  /// Orders are written as digits: `order=0312`.
  static let permute = Op(
    name: "permute", functions: ["permute"], bound: "the same bits",
    suite: [("1 1", "10"), ("7 5", "10"), ("3 17 2", "021"), ("2 3 5 7", "0312"), ("2 3 5 7", "3210"), ("4 4", "01")]
      .map(permutation)
      + [
        ("33 65", "10"), ("16 31 17", "210"), ("3 8 9 16", "0231"), ("5 7 11 2", "2013"), ("1 257 3", "102"),
        ("64 64", "10"),
        ("2 14 14 40", "0312"), ("129", "0"),
      ].map(permutation),
    tinyCount: 6,
    random: { random in
      let rank = random.int(1...4)
      let extents = (0..<rank).map { _ in "\(extentBelow(rank > 2 ? 18 : 130, &random))" }.joined(separator: " ")
      return permutation(extents, (0..<rank).shuffled(using: &random).map { "\($0)" }.joined())
    }
  ) { parameters in
    let order = (parameters["order"] ?? "").compactMap(\.wholeNumberValue)
    let shape = try parameters.allInts(order.indices.map { "e\($0)" })
    let p = try PermutationProblem(input: shape, order: order)
    var made = OpCase(
      operation: "permute", parameters: parameters, arrays: [.input("x", shape), .output("y", p.output)],
      fills: [.index, .normal, .poison], bytesMoved: 8 * shape.count,
      run: { device, a in try device.permute(p, a[0], into: a[1]) },
      reference: { h, _ in [.exact(permuted(h[0].map(Double.init), shape, order))] })
    made.adjoint = { _, y in
      let back = order.indices.map { axis in order.firstIndex(of: axis) ?? 0 }
      return permuted(y, p.output, back)
    }
    made.isUniformByNature = true
    return made
  }

  private static func permutation(_ extents: String, _ order: String) -> Parameters {
    var p = Parameters()
    for (axis, extent) in extents.split(separator: " ").enumerated() { p["e\(axis)"] = String(extent) }
    return p.with("order", order)
  }

  private static func permuted(_ x: [Double], _ shape: Shape, _ order: [Int]) -> [Double] {
    let extents = order.map { shape[$0] }
    return (0..<x.count).map { flat in
      var (rest, source) = (flat, [Int](repeating: 0, count: order.count))
      for axis in order.indices.reversed() {
        source[order[axis]] = rest % extents[axis]
        rest /= extents[axis]
      }
      return x[zip(source, shape.extents).reduce(0) { $0 * $1.1 + $1.0 }]
    }
  }
}
