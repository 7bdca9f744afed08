import Checkpoints
import Foundation
import HostileFiles
import TestSupport
import Testing

@Suite("safetensors")
struct SafetensorsFileTests {
  private func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let header = Array(header.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian, Array.init) + header
      + [UInt8](repeating: 0, count: data)
  }

  private func open(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("file")
      try Data(bytes).write(to: url)
      return try SafetensorsFile(path: url.path)
    }
  }

  @Test func everyTensorEqualsTheReferenceLibrary() throws {
    let path = CheckpointReference.path("reference.safetensors")
    try CheckpointReference.expect(openTensorFile(path), hasTensorsOf: "reference.safetensors")
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["written by": "safetensors"])
    #expect(try file.integers(named: "i64") == [-5, 1 << 40])
    #expect(try file.integers(named: "i32") == [7, -9])
    #expect(throws: CheckpointError.self) { try file.integers(named: "f32") }
  }

  @Test func whatIsWrittenComesBack() throws {
    let tensors = [
      "a": HostTensor(shape: [2, 3], values: [1, -0.0, .infinity, .leastNonzeroMagnitude, 3.4e38, 0.1]),
      "b.ü \"quoted\"": HostTensor(shape: [], values: [7]), "c": HostTensor(shape: [0, 5], values: []),
    ]
    let data = try SafetensorsFile.encoded(tensors, metadata: ["detector": "x \u{1F600}"])
    let file = try open([UInt8](data))
    #expect(Set(file.names) == Set(tensors.keys))
    #expect(file.metadata == ["detector": "x \u{1F600}"])
    for (name, tensor) in tensors { #expect(try file.tensor(named: name) == tensor) }
    // Tensors begin on a multiple of 8.
    let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length.isMultiple(of: 8))
    #expect(try SafetensorsFile.encoded(tensors, metadata: ["detector": "x \u{1F600}"]) == data)
  }

  @Test func filesAppearWholeOrNotAtAll() throws {
    let tensors = ["b": HostTensor(shape: [2], values: [1, 2]), "a": HostTensor(shape: [1], values: [.nan])]
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("new/w.safetensors")
      try SafetensorsFile.write(tensors, metadata: ["k": "v"], to: url)
      #expect(try Data(contentsOf: url) == SafetensorsFile.encoded(tensors, metadata: ["k": "v"]))
      #expect(try SafetensorsFile(path: url.path).names == ["a", "b"])
      let bad = ["a": HostTensor(shape: [3], values: [1])]
      #expect(throws: CheckpointError.self) { try SafetensorsFile.write(bad, to: url) }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path) == ["w.safetensors"])
      #expect(try SafetensorsFile(path: url.path).names == ["a", "b"])
    }
  }

  @Test func everyTypeOfTheFormatIsReadOrNamed() throws {
    let types = [
      ("U16", 2), ("U32", 4), ("U64", 8), ("F8_E4M3", 1), ("F8_E5M2", 1), ("F8_E4M3FNUZ", 1), ("F8_E5M2FNUZ", 1),
      ("F8_E8M0", 1),
    ]
    for (type, size) in types {
      let file = try open(file(#"{"a":{"dtype":"\#(type)","shape":[1],"data_offsets":[0,\#(size)]}}"#, data: size))
      #expect(try file.tensor(named: "a").values == [type == "F8_E8M0" ? 0x1p-127 : 0], "\(type)")
    }
    let complex = try open(file(#"{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}"#, data: 8))
    let error = #expect(throws: CheckpointError.self) { try complex.tensor(named: "a") }
    #expect(error?.description.contains("complex numbers") == true)
  }

  @Test func valuesThatDoNotFillTheShapeAreNotWritten() {
    for tensor in [
      HostTensor(shape: [2, 2], values: [1]), HostTensor(shape: [0], values: [1]),
      HostTensor(shape: [-1, -1], values: [1]), HostTensor(shape: [.max, .max], values: [1]),
    ] {
      #expect(throws: CheckpointError.self) { try SafetensorsFile.encoded(["a": tensor]) }
    }
    #expect(throws: CheckpointError.self) {
      try SafetensorsFile.encoded(["__metadata__": HostTensor(shape: [], values: [1])])
    }
  }

  @Test(arguments: [
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    // Padding, unknown fields, order, an odd header length.
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":[{"x:":":{\"]"}]}}    "#,
    #"{"b":{"dtype":"I16","shape":[1],"data_offsets":[2,4]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
    #"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}"#,
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}\n",
  ])
  func goodHeadersAreRead(_ header: String) throws {
    let file = try open(self.file(header, data: 4))
    for name in file.names { #expect(try file.tensor(named: name).values.allSatisfy { $0 == 0 }) }
  }

  @Test(arguments: [
    "", "{", "[]", "null", "{}x", #" {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[0.5],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}"#,
    #"{"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}"#, #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":7}"#,
    #"{"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
    #"{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"{"__metadata__":["a"],"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
  ])
  func brokenHeadersAreRefused(_ header: String) throws {
    let error = #expect(throws: CheckpointError.self) { try open(file(header, data: 4)) }
    switch error {
    case .malformed?, .unsupported?: break
    default: Issue.record("another error: \(String(describing: error))")
    }
  }

  @Test func brokenLengthsAreRefused() throws {
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    for length in [0, 1, 53, 10_000, 100_000_001, UInt64(Int.max), .max] {
      #expect(throws: CheckpointError.self, "\(length)") { try open(file(header, data: 4, length: length)) }
    }
    for count in 0..<8 { #expect(throws: CheckpointError.self) { try open([UInt8](repeating: 0, count: count)) } }
  }

  @Test func otherEncodingsThanUTF8AreRefused() throws {
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let wide = header.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    #expect(throws: CheckpointError.self) {
      try open(withUnsafeBytes(of: UInt64(wide.count), Array.init) + wide + [0, 0, 0, 0])
    }
    var broken = file(header, data: 4)
    broken[10] = 0xFF
    #expect(throws: CheckpointError.self) { try open(broken) }
  }

  @Test func typesThatAreNotReadAreNamed() throws {
    let error = #expect(throws: CheckpointError.self) {
      try open(file(#"{"a":{"dtype":"F4","shape":[8],"data_offsets":[0,4]}}"#, data: 4))
    }
    #expect(error?.description.contains("the tensor 'a' has the type 'F4', which is not supported") == true)
  }

  @Test func nestedHeadersDoNotExhaustTheStack() throws {
    let deep = #"{"a":"# + String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000) + "}"
    #expect(throws: CheckpointError.self) { try open(file(deep)) }
  }

  @Test(arguments: [1, 2])
  func mutatedFilesGiveTensorsOrTypedErrors(seed: Int) throws {
    let bytes = try CheckpointReference.bytes("reference.safetensors")
    try withTemporaryFolder { folder throws in
      var mutations = Mutator(seed: seed)
      var refused = 0
      for _ in 0..<1000 where try !readsEverything(mutations.mutated(bytes), in: folder) { refused += 1 }
      #expect(refused > 300)
    }
  }
}
