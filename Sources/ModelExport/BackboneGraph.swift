import Backbones
import Compute
import ONNX

/// A backbone's layers as ONNX nodes, from the same list that runs on devices; channels come before places here.
struct BackboneGraph {
  /// A feature map in the graph.
  struct Map {
    let name: String
    /// [1, height, width, channels], as on devices.
    let shape: Shape
  }

  private let backbone: any Backbone
  private let size: Int

  init(_ backbone: any Backbone, size: Int) {
    self.backbone = backbone
    self.size = size
  }

  /// - picture: the name of [1, 3, size, size], RGB of 0…1
  /// - result: the maps at the strides, in that order
  func add(to graph: inout ONNXGraph, picture: String, strides: [Int]) throws -> [Map] {
    let taps = try backbone.taps(at: strides)
    let input = Map(name: normalised(&graph, picture), shape: [1, size, size, 3])
    let needed = layersRead(by: taps.map(\.layer))
    var maps: [Int: Map] = [:]
    func map(_ index: Int?) -> Map {
      guard let index else { return input }
      guard let map = maps[index] else { preconditionFailure("layer \(index) is read before it is written") }
      return map
    }
    for index in backbone.layers.indices where needed.contains(index) {
      let layer = backbone.layers[index]
      maps[index] = try add(
        &graph, layer, as: layer.name ?? "layer\(index)", to: map(layer.input), residual: layer.residual.map(map))
    }
    return taps.map { map($0.layer) }
  }

  /// The layers without which these cannot be had.
  private func layersRead(by wanted: [Int]) -> Set<Int> {
    var needed = Set(wanted)
    for index in backbone.layers.indices.reversed() where needed.contains(index) {
      needed.formUnion([backbone.layers[index].input, backbone.layers[index].residual].compactMap { $0 })
    }
    return needed
  }

  /// `(255 · picture − offset) / scale` as one product and one sum.
  private func normalised(_ graph: inout ONNXGraph, _ picture: String) -> String {
    let (offset, scale) = (backbone.normalization.offset, backbone.normalization.scale)
    let factor = graph.constant("normalisation.scale", scale.map { Float(255 / Double($0)) }, shape: [1, 3, 1, 1])
    let shift = graph.constant(
      "normalisation.shift", zip(offset, scale).map { Float(-Double($0) / Double($1)) }, shape: [1, 3, 1, 1])
    return graph.add("Add", [graph.add("Mul", [picture, factor], as: "scaled"), shift], as: "normalised")
  }

  private func add(
    _ graph: inout ONNXGraph, _ layer: NetworkLayer<FoldedConvolution>, as name: String, to x: Map, residual: Map?
  ) throws -> Map {
    switch layer.operation {
    case .convolution(let convolution): return try add(&graph, convolution, as: name, to: x, residual: residual)
    case .maximumPool(let kernel, let stride, let padding):
      let problem = try PoolingProblem(
        .maximum, input: x.shape, kernel: Extent2D(kernel, kernel), stride: Extent2D(stride, stride),
        padding: Padding(integerLiteral: padding))
      graph.add(
        "MaxPool", [x.name], as: name,
        [
          "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
          "pads": .integers([Int](repeating: padding, count: 4)),
        ])
      return Map(name: name, shape: problem.output)
    case .globalAveragePool:
      graph.add("GlobalAveragePool", [x.name], as: name)
      return Map(name: name, shape: [1, 1, 1, x.shape[3]])
    }
  }

  private func add(
    _ graph: inout ONNXGraph, _ convolution: FoldedConvolution, as name: String, to x: Map, residual: Map?
  ) throws -> Map {
    let kernel = Extent2D(convolution.weightShape[0], convolution.weightShape[1])
    let padding = convolution.padding(
      height: x.shape[1], width: x.shape[2], kernel: kernel, stride: convolution.stride)
    let problem = try ConvolutionProblem(
      input: x.shape, weight: convolution.weightShape, stride: convolution.stride, padding: padding,
      groups: convolution.groups)
    let weight = graph.constant(
      "\(name).weight", try channelsFirst(convolution),
      shape: [convolution.weightShape[3], convolution.weightShape[2], kernel.height, kernel.width])
    let bias = graph.constant("\(name).bias", try convolution.bias.values(), shape: [convolution.bias.count])
    let isLast = residual == nil && convolution.activation == .none
    var last = graph.add(
      "Conv", [x.name, weight, bias], as: isLast ? name : "\(name).sum",
      [
        "kernel_shape": .integers([kernel.height, kernel.width]), "group": .integer(convolution.groups),
        "strides": .integers([convolution.stride.height, convolution.stride.width]),
        "pads": .integers([padding.top, padding.left, padding.bottom, padding.right]),
      ])
    if let residual {
      last = graph.add(
        "Add", [last, residual.name], as: convolution.activation == .none ? name : "\(name).with_shortcut")
    }
    try activate(&graph, convolution.activation, last, as: name)
    return Map(name: name, shape: problem.output)
  }

  private static let activations: [Activation: String] = [.relu: "Relu", .sigmoid: "Sigmoid", .tanh: "Tanh"]

  private func activate(_ graph: inout ONNXGraph, _ activation: Activation, _ x: String, as name: String) throws {
    if activation == .none { return }
    if activation == .relu6 {
      let ends = [("low", Float(0)), ("high", 6)].map { graph.constant("\(name).\($0)", [$1], shape: []) }
      graph.add("Clip", [x] + ends, as: name)
    } else if let operation = Self.activations[activation] {
      graph.add(operation, [x], as: name)
    } else {
      throw ModelExportError.activation("\(activation)")
    }
  }

  /// [kernelHeight, kernelWidth, depth, outputs] to [outputs, depth, kernelHeight, kernelWidth].
  private func channelsFirst(_ convolution: FoldedConvolution) throws -> [Float] {
    let source = try convolution.weight.values()
    let shape = convolution.weightShape
    let (area, depth, outputs) = (shape[0] * shape[1], shape[2], shape[3])
    var result = [Float](repeating: 0, count: source.count)
    for position in 0..<area {
      for input in 0..<depth {
        for output in 0..<outputs {
          result[(output * depth + input) * area + position] = source[(position * depth + input) * outputs + output]
        }
      }
    }
    return result
  }
}
