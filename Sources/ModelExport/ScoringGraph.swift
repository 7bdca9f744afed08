import Compute
import Detectors
import ONNX
import Tensors

/// PatchCore's scoring as ONNX nodes: descriptors, distances to the memory bank, score and map.
struct ScoringGraph {
  private let detector: PatchCore
  private var configuration: PatchCoreConfiguration { detector.configuration }
  private var width: Int { detector.descriptorWidth }
  private let grid: Int
  private let stretchFloats: Int
  private var patches: Int { grid * grid }

  /// Rows that the quick search proposes; their exact distances decide. Rounding may swap rows that are nearly as near.
  private static let candidates = 8

  /// - stretchFloats: see ``ONNXExport/stretchFloats``
  init(_ detector: PatchCore, stretchFloats: Int) {
    self.stretchFloats = stretchFloats
    self.detector = detector
    grid = (detector.configuration.size + detector.configuration.strides[0] - 1) / detector.configuration.strides[0]
  }

  /// Adds the outputs `score`, `map` and `patch_distances`.
  func add(to graph: inout ONNXGraph, features: [BackboneGraph.Map]) throws {
    let descriptors = descriptors(&graph, features)
    let distances = try distances(&graph, descriptors)
    let patchShape = graph.constant("patch_distances.shape", [1, 1, grid, grid])
    graph.add("Reshape", [distances, patchShape], as: "patch_distances")
    graph.add("ReduceMax", [distances], as: "score", ["axes": .integers([0]), "keepdims": .integer(1)])
    smoothedMap(&graph)
    let size = configuration.size
    graph.outputs = [
      .init(name: "score", shape: [1]), .init(name: "map", shape: [1, 1, size, size]),
      .init(name: "patch_distances", shape: [1, 1, grid, grid]),
    ]
  }

  /// [patches, width]: means over 3x3 neighbourhoods, zeros of the padding counted, on the first map's grid.
  private func descriptors(_ graph: inout ONNXGraph, _ features: [BackboneGraph.Map]) -> String {
    let maps = features.enumerated().map { index, map in
      let averaged = graph.add(
        "AveragePool", [map.name], as: "neighbourhood\(index)",
        [
          "kernel_shape": .integers([3, 3]), "pads": .integers([1, 1, 1, 1]), "strides": .integers([1, 1]),
          "count_include_pad": .integer(1),
        ])
      if map.shape[1] == grid && map.shape[2] == grid { return averaged }
      return resized(&graph, averaged, as: "resized\(index)", [1, map.shape[3], grid, grid])
    }
    let joined = maps.count == 1 ? maps[0] : graph.add("Concat", maps, as: "features", ["axis": .integer(1)])
    let flatShape = graph.constant("descriptors.shape", [width, patches])
    return graph.add(
      "Transpose", [graph.add("Reshape", [joined, flatShape], as: "columns")], as: "descriptors",
      ["perm": .integers([1, 0])])
  }

  /// Bilinear with half-pixel centres, edges held, no antialiasing.
  private func resized(_ graph: inout ONNXGraph, _ x: String, as name: String, _ shape: [Int]) -> String {
    let sizes = graph.constant("\(name).shape", shape)
    return graph.add(
      "Resize", [x, "", "", sizes], as: name,
      ["mode": .text("linear"), "coordinate_transformation_mode": .text("half_pixel")])
  }

  /// [patches]: Euclidean distances to the nearest rows.
  ///
  /// A matrix product ranks the rows by `‖b‖² − 2 q·b`, of the centred q and b so that little cancels; the exact squared
  /// differences to the best of them give the distance.
  private func distances(_ graph: inout ONNXGraph, _ descriptors: String) throws -> String {
    let (mean, bank, squares) = try centredBank()
    let rows = squares.count
    let meanName = graph.constant("bank.mean", mean, shape: [width])
    let bankName = graph.constant("bank", bank, shape: [rows, width])
    let squaresName = graph.constant("bank.squares", squares, shape: [rows])
    let centred = graph.add("Sub", [descriptors, meanName], as: "centred")
    let candidates = min(Self.candidates, rows)
    let count = graph.constant("candidates.count", [candidates])
    let stretch = min(max(stretchFloats / max(rows, candidates * width), 1), patches)
    let parts = stride(from: 0, to: patches, by: stretch).map { start in
      let end = min(start + stretch, patches)
      let name = "patches\(start)"
      let part =
        stretch == patches ? centred : sliced(&graph, centred, start..<end, as: "\(name).centred")
      let ranking = graph.add(
        "Gemm", [part, bankName, squaresName], as: "\(name).ranking",
        ["alpha": .float(-2), "beta": .float(1), "transB": .integer(1)])
      graph.add(
        "TopK", [ranking, count], as: ["\(name).best", "\(name).rows"],
        ["axis": .integer(1), "largest": .integer(0), "sorted": .integer(1)])
      let near = graph.add("Gather", [bankName, "\(name).rows"], as: "\(name).near", ["axis": .integer(0)])
      let queryShape = graph.constant("\(name).shape", [end - start, 1, width])
      let query = graph.add("Reshape", [part, queryShape], as: "\(name).query")
      let differences = graph.add("Sub", [near, query], as: "\(name).differences")
      let squared = graph.add(
        "ReduceSumSquare", [differences], as: "\(name).squared", ["axes": .integers([2]), "keepdims": .integer(0)])
      return graph.add(
        "ReduceMin", [squared], as: "\(name).least", ["axes": .integers([1]), "keepdims": .integer(0)])
    }
    let least = parts.count == 1 ? parts[0] : graph.add("Concat", parts, as: "least", ["axis": .integer(0)])
    return graph.add("Sqrt", [least], as: "distances")
  }

  private func sliced(_ graph: inout ONNXGraph, _ x: String, _ rows: Range<Int>, as name: String) -> String {
    let ends = [("start", rows.lowerBound), ("end", rows.upperBound), ("axis", 0)].map {
      graph.constant("\(name).\($0)", [$1])
    }
    return graph.add("Slice", [x] + ends, as: name)
  }

  /// The bank's columns' means, its rows without them, and the squares of those rows' lengths.
  private func centredBank() throws -> (mean: [Float], bank: [Float], squares: [Float]) {
    let values = try detector.bankValues()
    let rows = values.count / width
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<rows {
      for column in 0..<width { sums[column] += Double(values[row * width + column]) }
    }
    let mean = sums.map { Float($0 / Double(rows)) }
    var bank = values
    var squares = [Float](repeating: 0, count: rows)
    for row in 0..<rows {
      var square = 0.0
      for column in 0..<width {
        let centred = values[row * width + column] - mean[column]
        bank[row * width + column] = centred
        square += Double(centred) * Double(centred)
      }
      squares[row] = Float(square)
    }
    return (mean, bank, squares)
  }

  /// `map`: patch distances at the network's size, smoothed by a Gaussian with reflected edges.
  private func smoothedMap(_ graph: inout ONNXGraph) {
    let size = configuration.size
    var map = resized(&graph, "patch_distances", as: "resized_distances", [1, 1, size, size])
    let radius = Int(4 * configuration.smoothingSigma + 0.5)
    let taps = gaussianTaps(sigma: configuration.smoothingSigma, radius: radius)
    // ONNX' own reflection does not repeat the edge pixel, ours and SciPy's does (d c b a | a b c d | d c b a).
    let places = graph.constant("smoothing.places", (-radius..<(size + radius)).map { reflected($0, size) })
    for (axis, shape, name) in [(2, [1, 1, taps.count, 1], "smoothed_columns"), (3, [1, 1, 1, taps.count], "map")] {
      let extended = graph.add("Gather", [map, places], as: "\(name).extended", ["axis": .integer(axis)])
      let kernel = graph.constant("\(name).taps", taps, shape: shape)
      map = graph.add(
        "Conv", [extended, kernel], as: name,
        ["kernel_shape": .integers(Array(shape.suffix(2))), "pads": .integers([0, 0, 0, 0])])
    }
  }

  private func reflected(_ place: Int, _ extent: Int) -> Int {
    let period = 2 * extent
    let within = (place % period + period) % period
    return within < extent ? within : period - 1 - within
  }
}
