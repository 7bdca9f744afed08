import Backbones
import Checkpoints
import Compute
import Networks
import OpCatalogue
import Tensors
import TextImage
import ToolSupport

/// Something loaded that another program asks for by name: launched many times, and read once.
struct ServedWork {
  let name: String
  /// May return while the work is still under way.
  let launch: () throws -> Void
  /// What the latest launch computed; waits for it.
  let outputs: () throws -> [String: HostTensor]

  /// A case of the catalogue with inputs from a file.
  ///
  /// - text: as reports print it, `op=multiply m=512 n=512 k=512`
  /// - inputs: a file of tensors by the arrays' names
  init(case text: String, inputs: String, on device: any Device) throws {
    let made = try OpCatalogue.makeCase(parsing: text).case
    let file = try openTensorFile(inputs)
    var values: [String: [Float]] = [:]
    for name in file.names { values[name] = try file.tensor(named: name).values }
    let loaded = try LoadedCase(made, made.hostInputs(values), on: device)
    name = "op=\(made.operation) \(made.parameters)"
    launch = loaded.launch
    outputs = {
      let arrays = made.outputs.map { made.arrays[$0] }
      return Dictionary(
        uniqueKeysWithValues: try zip(arrays, loaded.outputs()).map { array, values in
          (array.name, HostTensor(shape: array.shape.extents, values: values.floats))
        })
    }
  }

  /// A network's features of the tensor `x`, [batch, height, width, 3], by their strides.
  ///
  /// - strides: all that the network has unless given
  init(
    network kind: BackboneKind, weights: String?, strides: [Int]?, inputs: String, on device: any Device
  ) throws {
    let backbone = try LoadedBackbone(kind, weights: weights, on: device).backbone
    let strides = strides ?? backbone.taps.map(\.stride)
    let pictures = try openTensorFile(inputs).tensor(named: "x")
    guard pictures.shape.count == 4, pictures.shape[3] == 3 else {
      throw Failure("The tensor 'x' of '\(inputs)' must be [batch, height, width, 3], not \(pictures.shape).")
    }
    let x = try Tensor(pictures.values, shape: Shape(pictures.shape), on: device)
    let latest = Latest()
    name = kind.rawValue
    launch = { latest.features = try backbone.features(x, strides: strides) }
    outputs = {
      Dictionary(
        uniqueKeysWithValues: try zip(strides, latest.features).map { stride, feature in
          ("stride\(stride)", HostTensor(shape: feature.shape.extents, values: try feature.values()))
        })
    }
  }

  /// Steps of a training on the pictures `x`, [batch, height, width, 3].
  ///
  /// - weights: a file of first values by name; those of a seed unless given
  /// - outputs: the losses of the first three steps
  init(training kind: TrainingWorkload.Kind, weights: String?, inputs: String, on device: any Device) throws {
    let file = try weights.map { try openTensorFile($0) }
    let pictures = try openTensorFile(inputs).tensor(named: "x")
    guard pictures.shape.count == 4, pictures.shape[3] == 3 else {
      throw Failure("The tensor 'x' of '\(inputs)' must be [batch, height, width, 3], not \(pictures.shape).")
    }
    let x = try Tensor(pictures.values, shape: Shape(pictures.shape), on: device)
    let workload = try TrainingWorkload(
      kind, pictures: x, weights: file.map { file in { try file.tensor(named: $0, shape: $1).values } })
    let losses = Losses()
    let step = { losses.values.append(try workload.step().values()[0]) }
    name = "training \(kind.rawValue)"
    launch = step
    outputs = {
      while losses.values.count < 3 { try step() }
      return ["losses": HostTensor(shape: [3], values: Array(losses.values.prefix(3)))]
    }
  }

  /// MiniLM's vectors of texts: `identifiers`, [texts, tokens], of which the zeros at each row's end do not count.
  ///
  /// - weights: of all-MiniLM-L6-v2
  init(sentences weights: String, inputs: String, on device: any Device) throws {
    let file = try openTensorFile(weights)
    let rows = try openTensorFile(inputs).tensor(named: "identifiers")
    let words = try file.shape(of: "embeddings.word_embeddings.weight").first ?? 0
    guard rows.shape.count == 2, rows.values.allSatisfy({ $0 >= 0 && $0 < Float(words) }) else {
      throw Failure("The tensor 'identifiers' of '\(inputs)' must be [texts, tokens], each below \(words).")
    }
    let sequences = (0..<rows.shape[0]).map { row in
      var tokens = rows.values[(row * rows.shape[1])..<((row + 1) * rows.shape[1])]
      while tokens.last == 0 { tokens.removeLast() }
      return tokens.map { Int32($0) }
    }
    guard sequences.allSatisfy({ !$0.isEmpty }) else {
      throw Failure("A row of 'identifiers' in '\(inputs)' is empty.")
    }
    let encoder = try MiniLM(file, on: device)
    let latest = Vectors()
    name = encoder.name
    launch = { latest.values = try encoder.vectors(ofTokens: sequences) }
    outputs = {
      ["vectors": HostTensor(shape: [sequences.count, encoder.width], values: latest.values.flatMap(\.self))]
    }
  }

  private final class Losses { var values: [Float] = [] }

  private final class Vectors { var values: [[Float]] = [] }

  /// The features of the latest launch, kept so that they can be read.
  private final class Latest { var features: [Tensor] = [] }
}

extension HostArray {
  /// Indices as floats, which hold them exactly up to 2²⁴.
  fileprivate var floats: [Float] {
    switch self {
    case .floats(let values): values
    case .integers(let values): values.map { Float($0) }
    }
  }
}
