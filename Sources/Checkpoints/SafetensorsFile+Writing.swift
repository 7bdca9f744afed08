public import Foundation

extension SafetensorsFile {
  /// Writes these tensors to a file, which appears whole or not at all; the same tensors give the same bytes.
  ///
  /// - Throws: ``CheckpointError`` when a tensor's values do not fill its shape, or the place is not writable.
  public static func write(
    _ tensors: [String: HostTensor], metadata: [String: String] = [:], to url: URL
  ) throws(CheckpointError) {
    try AtomicWriting.write(encoded(tensors, metadata: metadata), to: url)
  }

  /// The file's bytes for these tensors, as 32-bit floats in the order of their names.
  ///
  /// - Throws: ``CheckpointError`` when a tensor's values do not fill its shape.
  public static func encoded(
    _ tensors: [String: HostTensor], metadata: [String: String] = [:]
  ) throws(CheckpointError) -> Data {
    var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
    var offset = 0
    let ordered = tensors.sorted { $0.key < $1.key }
    for (name, tensor) in ordered {
      guard name != "__metadata__", isFilled(tensor) else {
        throw CheckpointError.malformed(
          path: name, offset: nil, reason: "\(tensor.values.count) values are no tensor of shape \(tensor.shape)")
      }
      let end = offset + 4 * tensor.values.count
      header[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end]] as [String: Any]
      offset = end
    }
    guard
      var json = try? JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    else { preconditionFailure("Text, numbers, and lists and objects of them are valid JSON.") }
    // Spaces bring the tensors to a multiple of 8 bytes.
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    var data = Data()
    data.reserveCapacity(8 + json.count + offset)
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(json)
    for (_, tensor) in ordered { tensor.values.withUnsafeBytes { data.append(contentsOf: $0) } }
    return data
  }

  private static func isFilled(_ tensor: HostTensor) -> Bool {
    var count = 1
    for extent in tensor.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return false }
      count = product
    }
    return count == tensor.values.count && tensor.shape.count <= StridedTensor.axisLimit
  }
}
