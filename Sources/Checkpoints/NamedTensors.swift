/// The named tensors of a pickled object: of a state dict, or of what holds one.
struct NamedTensors: Sendable {
  /// In the pickle's order.
  private(set) var names: [String] = []
  private(set) var tensors: [String: StridedTensor] = [:]
  private var visited = 0
  private var nameBytes = 0
  private var elements = 0
  private let bytes: FileBytes

  /// Where training scripts put the weights beside other things; the first that holds tensors is taken.
  private static let wrappers = ["state_dict", "model_state_dict", "model"]
  private static let depthLimit = 64
  private static let entryLimit = 1_000_000
  /// Of a name's length and of all values: honest names come from the pickle, honest values lie in the file. Tensors
  /// may share storages, hence the factors; they keep a small file from claiming much.
  private static let nameFactor = 16
  private static let elementFactor = 64

  /// Finds the tensors: `{name: tensor}` itself, that under one of ``wrappers``, or else all that dictionaries and
  /// attributes reach, with names joined by dots (`{"bn": {…}, "decoder": {…}}`).
  init(of root: PickleValue, in machine: PickleMachine, file: FileBytes) throws(CheckpointError) {
    bytes = file
    guard var (items, isObject) = Self.items(root, machine) else {
      throw file.malformed(nil, "it holds no dictionary of tensors")
    }
    for _ in 0..<Self.depthLimit {
      guard !items.contains(where: { if case .tensor = $0.value { true } else { false } }) else { break }
      guard let inner = try wrapped(items, machine) else { break }
      (items, isObject) = inner
    }
    try walk(items, machine, prefix: "", depth: 0, isObject: isObject)
    guard !names.isEmpty else { throw file.malformed(nil, "it holds no named tensors") }
  }

  private init(searching file: FileBytes) { bytes = file }

  /// A dictionary's items, or an opaque node's attributes.
  private static func items(
    _ value: PickleValue, _ machine: PickleMachine
  ) -> (items: [PickleItem], isObject: Bool)? {
    switch machine.container(value) {
    case .dictionary(let items)?: (items, false)
    case .object(let items)?: (items, true)
    default: nil
    }
  }

  /// The items of the first wrapper that has tensors anywhere below.
  private func wrapped(
    _ items: [PickleItem], _ machine: PickleMachine
  ) throws(CheckpointError) -> (items: [PickleItem], isObject: Bool)? {
    for name in Self.wrappers {
      guard let entry = items.first(where: { $0.key == .string(name) }),
        let inner = Self.items(entry.value, machine)
      else { continue }
      var search = NamedTensors(searching: bytes)
      try search.walk(inner.items, machine, prefix: "", depth: 0, isObject: inner.isObject)
      if !search.names.isEmpty { return inner }
    }
    return nil
  }

  private mutating func walk(
    _ items: [PickleItem], _ machine: PickleMachine, prefix: String, depth: Int, isObject: Bool
  ) throws(CheckpointError) {
    guard depth < Self.depthLimit else {
      throw bytes.malformed(nil, "its dictionaries nest deeper than \(Self.depthLimit)")
    }
    for (key, value) in items {
      // Nested and repeated containers multiply: what is walked is bounded, not what is stored.
      visited += 1
      guard visited <= Self.entryLimit else {
        throw bytes.malformed(nil, "its dictionaries unfold to more than \(Self.entryLimit) entries")
      }
      guard case .string(let part) = key else { continue }
      if case .tensor(let index) = value {
        try add(prefix + part, machine.tensors[index])
        continue
      }
      guard let inner = Self.items(value, machine) else { continue }
      // A pickled module keeps its parts in dictionaries whose names are not in a state dict.
      let isPart = isObject && ["_parameters", "_buffers", "_modules"].contains(part)
      let name = isPart ? prefix : prefix + part + "."
      try count(name)
      try walk(inner.items, machine, prefix: name, depth: depth + 1, isObject: inner.isObject)
    }
  }

  private mutating func add(_ name: String, _ tensor: StridedTensor) throws(CheckpointError) {
    try count(name)
    guard tensors.updateValue(tensor, forKey: name) == nil else {
      throw bytes.malformed(nil, "the tensor '\(name)' occurs twice")
    }
    names.append(name)
    // Each count fits its storage or the limit of expanded tensors, and there are few of them.
    elements += tensor.shape.reduce(1, *)
    guard
      elements <= Self.elementFactor * bytes.count + StridedTensor.expandedLimit || StridedTensor.expandsFreely
    else {
      throw bytes.malformed(nil, "its tensors would take \(Self.elementFactor) times as much as the file")
    }
  }

  private mutating func count(_ name: String) throws(CheckpointError) {
    nameBytes += name.utf8.count
    guard nameBytes <= Self.nameFactor * bytes.count + (1 << 16) else {
      throw bytes.malformed(nil, "its names are longer than they can be")
    }
  }
}
