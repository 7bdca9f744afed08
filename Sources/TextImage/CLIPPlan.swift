import Backbones
import Checkpoints
import Compute

/// CLIP's sizes, as the shapes in a file tell them, and the tensors that it then must have; names are OpenAI's.
struct CLIPPlan {
  /// One of both transformers.
  struct Tower {
    /// What its blocks' names begin with.
    let prefix: String
    let width, layers, inner: Int
    /// 64 components each, in every CLIP that OpenAI published.
    var heads: Int { width / 64 }
  }

  let pictures, texts: Tower
  /// Pixels of a patch's side, patches of a picture's side.
  let patch, grid: Int
  let vocabulary, context, width: Int

  static let epsilon: Float = 1e-5
  /// Wider towers of open_clip have heads of other widths, which no shape tells.
  private static let widest = 1024

  var pictureSize: Int { patch * grid }

  var name: String {
    let kind = pictures.width == 768 && pictures.layers == 12 ? "B" : "\(pictures.width)x\(pictures.layers)"
    return "CLIP ViT-\(kind)/\(patch)"
  }

  /// - Throws: `NetworkMismatch` when sizes cannot be told.
  init(_ file: CLIPFile) throws {
    let present = Set(file.names)
    var mismatch = NetworkMismatch(path: file.path, network: "CLIP")
    let ranks = [
      "visual.conv1.weight": 4, "visual.positional_embedding": 2, "visual.proj": 2, "token_embedding.weight": 2,
      "positional_embedding": 2, "visual.transformer.resblocks.0.mlp.c_fc.weight": 2,
      "transformer.resblocks.0.mlp.c_fc.weight": 2,
    ]
    var shapes: [String: [Int]] = [:]
    for (name, rank) in ranks.sorted(by: { $0.key < $1.key }) {
      guard present.contains(name) else {
        mismatch.missing.append(name)
        continue
      }
      let shape = try file.shape(of: name)
      guard shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
        mismatch.wrongShapes.append(.init(name: name, expected: [Int](repeating: 1, count: rank), found: shape))
        continue
      }
      shapes[name] = shape
    }
    guard mismatch.isEmpty, let convolution = shapes["visual.conv1.weight"],
      let places = shapes["visual.positional_embedding"], let projection = shapes["visual.proj"],
      let table = shapes["token_embedding.weight"], let positions = shapes["positional_embedding"],
      let pictureInner = shapes["visual.transformer.resblocks.0.mlp.c_fc.weight"],
      let textInner = shapes["transformer.resblocks.0.mlp.c_fc.weight"]
    else { throw mismatch }
    func tower(_ prefix: String, _ width: Int, _ inner: Int) -> Tower {
      let layers = (0...).first { !present.contains("\(prefix)\($0).mlp.c_fc.weight") } ?? 0
      return Tower(prefix: prefix, width: width, layers: layers, inner: inner)
    }
    pictures = tower("visual.transformer.resblocks.", convolution[0], pictureInner[0])
    texts = tower("transformer.resblocks.", table[1], textInner[0])
    patch = convolution[3]
    grid = Int(Double(places[0] - 1).squareRoot().rounded())
    (vocabulary, context, width) = (table[0], positions[0], projection[1])
    for (name, width) in [("visual.conv1.weight", pictures.width), ("token_embedding.weight", texts.width)]
    where width % 64 != 0 || width > Self.widest {
      let supported = min((width + 63) / 64 * 64, Self.widest)
      mismatch.wrongShapes.append(
        .init(
          name: name, expected: name.hasPrefix("v") ? [supported, 3, patch, patch] : [vocabulary, supported],
          found: shapes[name] ?? []))
    }
    guard mismatch.isEmpty else { throw mismatch }
  }

  private var tensors: [(name: String, shape: [Int])] {
    func norm(_ name: String, _ width: Int) -> [(String, [Int])] {
      [("\(name).weight", [width]), ("\(name).bias", [width])]
    }
    var all: [(String, [Int])] = [
      ("positional_embedding", [context, texts.width]), ("text_projection", [texts.width, width]), ("logit_scale", []),
      ("token_embedding.weight", [vocabulary, texts.width]), ("visual.class_embedding", [pictures.width]),
      ("visual.positional_embedding", [grid * grid + 1, pictures.width]), ("visual.proj", [pictures.width, width]),
      ("visual.conv1.weight", [pictures.width, 3, patch, patch]),
    ]
    all += norm("visual.ln_pre", pictures.width) + norm("visual.ln_post", pictures.width)
    all += norm("ln_final", texts.width)
    for tower in [pictures, texts] {
      for layer in 0..<tower.layers {
        let name = "\(tower.prefix)\(layer)"
        all += norm("\(name).ln_1", tower.width) + norm("\(name).ln_2", tower.width)
        all += [
          ("\(name).attn.in_proj_weight", [3 * tower.width, tower.width]),
          ("\(name).attn.in_proj_bias", [3 * tower.width]),
          ("\(name).attn.out_proj.weight", [tower.width, tower.width]),
          ("\(name).attn.out_proj.bias", [tower.width]),
          ("\(name).mlp.c_fc.weight", [tower.inner, tower.width]), ("\(name).mlp.c_fc.bias", [tower.inner]),
          ("\(name).mlp.c_proj.weight", [tower.width, tower.inner]), ("\(name).mlp.c_proj.bias", [tower.width]),
        ]
      }
    }
    return all
  }

  /// - Throws: `NetworkMismatch` naming every tensor that is missing, of another shape or not the network's.
  func check(_ file: CLIPFile) throws {
    let mismatch = try NetworkMismatch(comparing: file, with: tensors, network: "CLIP") { name in
      // Settings of OpenAI's archive, masks and counters, which follow from the shapes.
      ["input_resolution", "context_length", "vocab_size", "logit_bias"].contains(name) || name.hasSuffix("attn_mask")
        || name.hasSuffix("position_ids")
    }
    guard mismatch.isEmpty else { throw mismatch }
  }

  func blocks(
    _ tower: Tower, _ file: CLIPFile, activation: Activation, on device: any Device
  ) throws -> [TransformerBlock] {
    try (0..<tower.layers).map { try block($0, tower, file, activation, device) }
  }

  private func block(
    _ layer: Int, _ tower: Tower, _ file: CLIPFile, _ activation: Activation, _ device: any Device
  ) throws -> TransformerBlock {
    let (name, width, inner) = ("\(tower.prefix)\(layer)", tower.width, tower.inner)
    let joined = try file.tensor(named: "\(name).attn.in_proj_weight", shape: [3 * width, width]).values
    let biases = try file.tensor(named: "\(name).attn.in_proj_bias", shape: [3 * width]).values
    // Rows of queries, keys and values, in this order.
    let projections = try (0..<3).map { part in
      let rows = Array(joined[(part * width * width)..<((part + 1) * width * width)])
      return try FoldedConvolution(
        weight: HostTensor(shape: [width, width], values: rows),
        bias: Array(biases[(part * width)..<((part + 1) * width)]), on: device)
    }
    func norm(_ part: String) throws -> FixedNormalization {
      try FixedNormalization(file, "\(name).\(part)", width: width, epsilon: Self.epsilon, on: device)
    }
    return TransformerBlock(
      heads: tower.heads, query: projections[0], key: projections[1], value: projections[2],
      output: try FoldedConvolution(file, "\(name).attn.out_proj", inputs: width, outputs: width, on: device),
      inner: try FoldedConvolution(
        file, "\(name).mlp.c_fc", inputs: width, outputs: inner, activation: activation, on: device),
      outer: try FoldedConvolution(file, "\(name).mlp.c_proj", inputs: inner, outputs: width, on: device),
      attentionNorm: try norm("ln_1"), outputNorm: try norm("ln_2"))
  }
}
