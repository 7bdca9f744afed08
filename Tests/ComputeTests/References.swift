import Compute

/// Operations in plain loops over Double: what devices are compared with. Written from the definitions in the protocols'
/// documentation, without a look at either device.
enum Reference {
  static func multiply(_ p: MatrixProblem, _ a: [Float], _ b: [Float]) -> [Double] {
    var c: [Double] = []
    for batch in 0..<p.batch {
      for row in 0..<p.rows {
        for column in 0..<p.columns {
          var sum = 0.0
          for k in 0..<p.depth {
            let left = a[batch * p.rows * p.depth + (p.transposeA ? k * p.rows + row : row * p.depth + k)]
            let right = b[batch * p.depth * p.columns + (p.transposeB ? column * p.depth + k : k * p.columns + column)]
            sum += Double(left) * Double(right)
          }
          c.append(sum)
        }
      }
    }
    return c
  }

  static func convolve(_ p: ConvolutionProblem, _ x: [Float], _ w: [Float]) -> [Double] {
    let depth = p.inputChannels / p.groups
    var y: [Double] = []
    for picture in 0..<p.batch {
      for row in 0..<p.outputHeight {
        for column in 0..<p.outputWidth {
          for output in 0..<p.outputChannels {
            let base = output / (p.outputChannels / p.groups) * depth
            var sum = 0.0
            forEachTap(p, row, column) { r, s, sourceRow, sourceColumn in
              for c in 0..<depth {
                let pixel = x[
                  ((picture * p.height + sourceRow) * p.width + sourceColumn) * p.inputChannels + base + c]
                sum += Double(pixel) * Double(w[((r * p.kernel.width + s) * depth + c) * p.outputChannels + output])
              }
            }
            y.append(sum)
          }
        }
      }
    }
    return y
  }

  private static func forEachTap(
    _ p: ConvolutionProblem, _ row: Int, _ column: Int, _ body: (Int, Int, Int, Int) -> Void
  ) {
    for r in 0..<p.kernel.height {
      let sourceRow = row * p.stride.height + r * p.dilation.height - p.padding.top
      guard (0..<p.height).contains(sourceRow) else { continue }
      for s in 0..<p.kernel.width {
        let sourceColumn = column * p.stride.width + s * p.dilation.width - p.padding.left
        if (0..<p.width).contains(sourceColumn) { body(r, s, sourceRow, sourceColumn) }
      }
    }
  }

  static func pool(_ p: PoolingProblem, _ x: [Float]) -> [Double] {
    var y: [Double] = []
    for picture in 0..<p.batch {
      for row in 0..<p.outputHeight {
        for column in 0..<p.outputWidth {
          for channel in 0..<p.channels {
            var inside: [Double] = []
            for r in 0..<p.kernel.height {
              for s in 0..<p.kernel.width {
                let (v, u) = (row * p.stride.height + r - p.padding.top, column * p.stride.width + s - p.padding.left)
                guard (0..<p.height).contains(v), (0..<p.width).contains(u) else { continue }
                inside.append(Double(x[((picture * p.height + v) * p.width + u) * p.channels + channel]))
              }
            }
            switch p.kind {
            case .maximum: y.append(inside.max() ?? -.infinity)
            case .average(let paddingCounts):
              let divisor = paddingCounts ? p.kernel.height * p.kernel.width : inside.count
              y.append(inside.reduce(0, +) / Double(divisor))
            }
          }
        }
      }
    }
    return y
  }

  /// Squared distances of a query to every row.
  static func squaredDistances(_ query: ArraySlice<Float>, _ x: [Float], width: Int) -> [Double] {
    (0..<(x.count / width)).map { row in
      zip(query, x[(row * width)..<((row + 1) * width)]).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
      }
    }
  }
}

/// Float32 sums of n products of size 1 err by about 0.3 · 2⁻²⁴ · √n of their scale, rarely by 6 times that; a wrong index
/// errs by 0.1 and more.
func sumTolerance(terms: Int) -> Double { 2e-7 * (Double(terms).squareRoot() + 4) }

/// Element-wise functions of both devices stay within some units in the last place of values up to 1.
let functionTolerance = 1e-6
