import Checkpoints
import Foundation

/// A file of CLIP, whoever wrote it, under the names of OpenAI's archive.
///
/// open_clip has the same names, its models with a text tower of their own put `text.` before that tower's; transformers has
/// other names, attention's three projections by themselves, and both last projections transposed. Any prefix (`module.`) is
/// dropped.
struct CLIPFile: TensorFile {
  private enum Source {
    case same(String)
    /// One after another along the first axis.
    case joined([String])
    case transposed(String)
  }

  let names: [String]
  private let file: any TensorFile
  private let sources: [String: Source]

  var path: String { file.path }

  /// Nil when it has no picture tower of CLIP.
  init?(_ file: any TensorFile) {
    self.file = file
    let all = file.names
    func prefix(_ first: String) -> String? {
      all.first { $0.hasSuffix(first) && ($0 == first || $0.hasSuffix("." + first)) }.map {
        String($0.dropLast(first.count))
      }
    }
    if let prefix = prefix("visual.conv1.weight") {
      (names, sources) = Self.openAI(all, prefix)
    } else if let prefix = prefix("vision_model.embeddings.patch_embedding.weight") {
      (names, sources) = Self.transformers(all, prefix)
    } else {
      return nil
    }
  }

  private static func openAI(_ all: [String], _ prefix: String) -> ([String], [String: Source]) {
    var (names, sources) = ([String](), [String: Source]())
    for name in all where name.hasPrefix(prefix) {
      let own = name.dropFirst(prefix.count)
      let canonical = String(own.hasPrefix("text.") ? own.dropFirst(5) : own)
      names.append(canonical)
      sources[canonical] = .same(name)
    }
    return (names, sources)
  }

  private static func transformers(_ all: [String], _ prefix: String) -> ([String], [String: Source]) {
    let present = Set(all)
    var (names, sources) = ([String](), [String: Source]())
    for name in all where name.hasPrefix(prefix) {
      let own = String(name.dropFirst(prefix.count))
      var (canonical, source) = (canonicalName(own), Source.same(name))
      if canonical == "visual.proj" || canonical == "text_projection" { source = .transposed(name) }
      if let range = canonical.range(of: ".attn.q_proj.") {
        let parts = ["q", "k", "v"].map { name.replacingOccurrences(of: ".q_proj.", with: ".\($0)_proj.") }
        if parts.allSatisfy(present.contains) {
          canonical.replaceSubrange(range, with: ".attn.in_proj_")
          source = .joined(parts)
        }
      } else if [".attn.k_proj.", ".attn.v_proj."].contains(where: canonical.contains) {
        let whole = ["k", "v"].reduce(name) { $0.replacingOccurrences(of: ".\($1)_proj.", with: ".q_proj.") }
        if present.contains(whole) { continue }
      }
      names.append(canonical)
      sources[canonical] = source
    }
    return (names, sources)
  }

  private static let whole = [
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "visual_projection.weight": "visual.proj",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_projection.weight": "text_projection",
  ]

  private static let beginnings = [
    ("vision_model.pre_layrnorm.", "visual.ln_pre."), ("vision_model.post_layernorm.", "visual.ln_post."),
    ("text_model.final_layer_norm.", "ln_final."),
    ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
    ("text_model.encoder.layers.", "transformer.resblocks."),
  ]

  private static let parts = [
    (".self_attn.", ".attn."), (".layer_norm1.", ".ln_1."), (".layer_norm2.", ".ln_2."), (".mlp.fc1.", ".mlp.c_fc."),
    (".mlp.fc2.", ".mlp.c_proj."),
  ]

  private static func canonicalName(_ name: String) -> String {
    if let whole = whole[name] { return whole }
    guard let (before, after) = beginnings.first(where: { name.hasPrefix($0.0) }) else { return name }
    return parts.reduce(after + name.dropFirst(before.count)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }

  func shape(of name: String) throws(CheckpointError) -> [Int] {
    switch sources[name] {
    case nil: throw .missing(path: path, name: name)
    case .same(let own): return try file.shape(of: own)
    case .transposed(let own): return try file.shape(of: own).reversed()
    case .joined(let parts):
      var shape = try file.shape(of: parts[0])
      for part in parts.dropFirst() {
        let other = try file.shape(of: part)
        guard other == shape || (other.dropFirst() == shape.dropFirst() && !shape.isEmpty) else {
          throw .shape(path: path, name: part, expected: shape, found: other)
        }
      }
      guard !shape.isEmpty else { throw .shape(path: path, name: parts[0], expected: [0], found: []) }
      for part in parts.dropFirst() { shape[0] += try file.shape(of: part)[0] }
      return shape
    }
  }

  func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    let shape = try shape(of: name)
    switch sources[name] {
    case nil: throw .missing(path: path, name: name)
    case .same(let own): return try file.tensor(named: own)
    case .joined(let parts):
      var values: [Float] = []
      for part in parts { values += try file.tensor(named: part).values }
      return HostTensor(shape: shape, values: values)
    case .transposed(let own):
      let values = try file.tensor(named: own).values
      guard shape.count == 2 else { throw .shape(path: path, name: own, expected: [0, 0], found: shape) }
      let (rows, columns) = (shape[0], shape[1])
      let own = (0..<(rows * columns)).map { values[$0 % columns * rows + $0 / columns] }
      return HostTensor(shape: shape, values: own)
    }
  }
}
