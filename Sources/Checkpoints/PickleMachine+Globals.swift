/// Names in a pickle and what is made of them.
extension PickleMachine {
  /// What PyTorch's `weights_only` knows, but for classes of storages and types of elements.
  private static let known: Set<String> = [
    "collections OrderedDict", "collections Counter", "builtins set", "builtins bytearray", "builtins complex",
    "_codecs encode", "torch Size", "torch device", "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_tensor_v3", "torch._utils _rebuild_parameter",
    "torch._utils _rebuild_parameter_with_state",
  ]

  /// Known to PyTorch, but no plain tensors.
  private static let kinds: [String: String] = [
    "torch._utils _rebuild_qtensor": "quantised tensors", "torch._utils _rebuild_sparse_tensor": "sparse tensors",
    "torch._utils _rebuild_sparse_csr_tensor": "sparse tensors", "torch.serialization _get_layout": "sparse tensors",
    "torch._utils _rebuild_nested_tensor": "nested tensors",
    "torch._utils _rebuild_meta_tensor_no_storage": "tensors without values",
    "torch._utils _rebuild_wrapper_subclass": "tensors of a subclass",
    "torch._tensor _rebuild_from_type_v2": "tensors of a subclass",
    "torch.nn.parameter Parameter": "tensors saved before PyTorch 0.4",
    "torch Tensor": "tensors saved before PyTorch 0.4",
  ]

  mutating func pushGlobal() throws(CheckpointError) {
    let start = position - 1
    var name = "\(try line()) \(try line())"
    // Python 2's name of the module.
    if name.hasPrefix("__builtin__ ") { name = "builtins " + name.dropFirst("__builtin__ ".count) }
    if !Self.known.contains(name) && Self.storageType(name) == nil && Self.elementType(name) == nil {
      guard policy == .inert else {
        position = start
        if let kind = Self.kinds[name] { throw bytes.unsupported(start, "\(kind) ('\(name)')") }
        if name.hasPrefix("torch Q") { throw bytes.unsupported(start, "quantised tensors ('\(name)')") }
        throw bytes.unsupported(
          start, "it refers to '\(name)', which weights have no need of; \(PicklePolicy.advice)")
      }
      opaque[name, default: 0] += 1
    }
    push(.global(name))
  }

  private static func storageType(_ name: String) -> ElementType? {
    if name == "torch.storage UntypedStorage" || name == "torch UntypedStorage" { return .uint8 }
    for prefix in ["torch ", "torch.cuda "] where name.hasPrefix(prefix) && name.hasSuffix("Storage") {
      return ElementType.storageClasses[String(name.dropFirst(prefix.count).dropLast("Storage".count))]
    }
    return nil
  }

  private static func elementType(_ name: String) -> ElementType? {
    name.hasPrefix("torch ") ? ElementType.torchNames[String(name.dropFirst("torch ".count))] : nil
  }

  // MARK: storages

  /// ("storage", class, key, location, count), in legacy files with a sixth element: None, or (key, offset, count) of
  /// a part.
  mutating func pushStorage() throws(CheckpointError) {
    guard case .tuple(let parts)? = container(try pop()), parts.count == 5 || parts.count == 6,
      parts[0] == .string("storage"), case .global(let name) = parts[1], case .string(let key) = parts[2],
      case .int(let count) = parts[4], count >= 0
    else { throw refused("a persistent identifier does not describe a storage") }
    guard let type = Self.storageType(name) else {
      guard policy == .inert else { throw refused("'\(name)' is no class of a storage") }
      return push(.global(name))
    }
    let part = try parts.count == 5 ? 0..<count : viewed(parts[5], count)
    let storage = PickleStorage(key: key, type: type, count: count, part: part)
    // Tensors that share a storage must agree on it: their reach is checked against what is said here.
    if let known = wholeStorages.updateValue(storage, forKey: key) {
      guard known.type == type, known.count == count else {
        throw refused("the storage '\(key)' is described in two ways")
      }
    }
    storages.append(storage)
    push(.storage(storages.count - 1))
  }

  private func viewed(_ view: PickleValue, _ count: Int) throws(CheckpointError) -> Range<Int> {
    if view == .none { return 0..<count }
    guard case .tuple(let parts)? = container(view), parts.count == 3, case .int(let offset) = parts[1],
      case .int(let length) = parts[2], offset >= 0, length >= 0, offset <= count, length <= count - offset
    else { throw refused("a part of a storage does not fit it") }
    return offset..<(offset + length)
  }

  // MARK: calls

  mutating func reduce() throws(CheckpointError) {
    let arguments = try pop()
    let callee = try pop()
    guard case .tuple(let values)? = container(arguments) else {
      throw refused("the pickle calls something that is no function")
    }
    guard case .global(let name) = callee else {
      // An opaque node may be called, for all that is known: the result is another.
      guard policy == .inert, case .object? = container(callee) else {
        throw refused("the pickle calls something that is no function")
      }
      return try push(.object([]))
    }
    switch name {
    case "collections OrderedDict", "collections Counter": try push(.dictionary(items(values)))
    case "builtins set": try push(.list(elements(values)))
    case "builtins bytearray", "_codecs encode", "torch Size", "torch device": push(values.first ?? .none)
    // Of no use in weights.
    case "builtins complex": push(.none)
    case "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2": try pushTensor(values, type: nil)
    case "torch._utils _rebuild_tensor_v3":
      guard values.count >= 7, case .global(let name) = values[6], let type = Self.elementType(name) else {
        throw refused("a tensor's description has no type")
      }
      try pushTensor(values, type: type)
    case "torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state":
      switch values.first {
      case .tensor?: push(values[0])
      case .some(let value) where policy == .inert: push(value)
      default: throw refused("a parameter holds no tensor")
      }
    default:
      guard policy == .inert else { throw refused("'\(name)' cannot be called") }
      try push(.object([]))
    }
  }

  /// `cls.__new__(cls, *arguments)`: the start of an object of a class, which only inert mode steps over.
  mutating func newObject() throws(CheckpointError) {
    let arguments = try pop()
    guard case .global(let name) = try pop(), case .tuple? = container(arguments) else {
      throw refused("the pickle makes an object of something that is no class")
    }
    guard policy == .inert else { throw refused("the pickle makes an object of the class '\(name)'") }
    try push(.object([]))
  }

  /// The items of `OrderedDict()`, of `OrderedDict([[key, value], …])`, or of `Counter({key: value, …})`.
  private func items(_ values: [PickleValue]) throws(CheckpointError) -> [PickleItem] {
    guard let first = values.first else { return [] }
    if case .dictionary(let items)? = container(first) { return items }
    return try elements(values).map { item throws(CheckpointError) in
      switch container(item) {
      case .list(let pair)? where pair.count == 2, .tuple(let pair)? where pair.count == 2: (pair[0], pair[1])
      default: throw refused("an ordered dictionary's item is no pair")
      }
    }
  }

  private func elements(_ values: [PickleValue]) throws(CheckpointError) -> [PickleValue] {
    guard let first = values.first else { return [] }
    switch container(first) {
    case .list(let elements)?, .tuple(let elements)?: return elements
    default: throw refused("a container's elements are no list")
    }
  }

  // MARK: tensors and state

  /// (storage, offset, size, strides, …); the storage says the type where no other is given.
  private mutating func pushTensor(_ values: [PickleValue], type given: ElementType?) throws(CheckpointError) {
    // What lies in a storage of an unknown class is as unknown.
    if policy == .inert, case .global? = values.first { return push(values[0]) }
    guard values.count >= 4, case .storage(let index) = values[0], case .int(let offset) = values[1],
      let shape = integers(values[2]), let strides = integers(values[3])
    else { throw refused("a tensor's description is incomplete") }
    let storage = storages[index]
    let type = given ?? storage.type
    guard type == storage.type || storage.type == .uint8 else {
      throw refused("a tensor has another type than its storage")
    }
    // Parts count in the storage's elements; they are single bytes where the tensor has another type.
    let size = type.byteCount / storage.type.byteCount
    let tensor = StridedTensor(
      storage: storage.key, type: type, offset: storage.part.lowerBound / size &+ max(offset, -1), shape: shape,
      strides: strides)
    guard offset >= 0, storage.part.lowerBound.isMultiple(of: size),
      tensor.elementCount(available: storage.part.upperBound / size) != nil
    else { throw refused("a tensor of shape \(shape) and strides \(strides) does not fit its storage") }
    tensors.append(tensor)
    push(.tensor(tensors.count - 1))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let values)? = container(value), values.count <= StridedTensor.axisLimit else { return nil }
    let integers = values.compactMap { if case .int(let integer) = $0 { integer } else { nil } }
    return integers.count == values.count ? integers : nil
  }

  /// Attributes: of opaque nodes they are kept; those of a dictionary (`_metadata` of a state dict) are dropped.
  mutating func build() throws(CheckpointError) {
    let state = try pop()
    let target = try top()
    switch container(target) {
    case .dictionary?: return
    case .object?:
      // A dictionary, or a tuple of two for classes with slots.
      var states = [state]
      if case .tuple(let parts)? = container(state), parts.count == 2 { states = parts }
      for case .dictionary(let items)? in states.map(container) { try add(items, to: target) }
    default: throw refused("the pickle builds an object of a class")
    }
  }
}
