extension MalformedFile {
  static let safetensors: [MalformedFile] =
    headers.map { MalformedFile($0.0, "safetensors", file($0.1)) }
    + [
      ("no length", []), ("half a length", [1, 0, 0, 0]), ("a length and no header", little(UInt64(10))),
      ("a length beyond the file", file(good, length: 10_000)),
      ("a length beyond 100 MB", file(good, length: 100_000_001)),
      ("a length of 2 to the 63", file(good, length: 1 << 63)), ("a length of all ones", file(good, length: .max)),
      ("a length one short", file(good, length: UInt64(good.utf8.count) - 1)),
      ("a length that takes in values", file(good, length: UInt64(good.utf8.count) + 1)),
      ("a header in UTF-16", wide), ("a header that is no UTF-8", broken),
      ("bytes after the last tensor", file(good) + [0]),
      ("values cut off", file(good).dropLast()), ("a NUL after the header", file(good + "\u{0}")),
      ("a hundred thousand nested lists", file(nested(100_000))), ("65 nested lists", file(nested(65))),
    ].map { MalformedFile($0.0, "safetensors", $0.1) }
    + cut("a good file", "safetensors", file(good), at: [100, 300, 500, 700, 900])

  private static let good = header()

  private static func header(
    name: String = #""a""#, dtype: String = #""F32""#, shape: String = "[1]", offsets: String = "[0,4]",
    more: String = "", before: String = "", after: String = ""
  ) -> String {
    #"\#(before){\#(name):{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}\#(more)}\#(after)"#
  }

  private static func file(_ header: String, length: UInt64? = nil) -> [UInt8] {
    little(UInt64(length ?? UInt64(header.utf8.count))) + Array(header.utf8) + [0, 0, 0, 0]
  }

  private static func nested(_ depth: Int) -> String {
    header(more: #","b":{"x":\#(String(repeating: "[", count: depth))\#(String(repeating: "]", count: depth))}"#)
  }

  private static let wide: [UInt8] = {
    let text = good.utf16.flatMap { little($0) }
    return little(UInt64(text.count)) + text + [0, 0, 0, 0]
  }()

  private static let broken: [UInt8] = {
    var bytes = file(good)
    bytes[10] = 0xFF
    return bytes
  }()

  private static let headers: [(String, String)] = [
    ("an empty header", ""), ("an open brace", "{"), ("a list as header", "[]"), ("null as header", "null"),
    ("text after the header", header(after: "x")), ("space before the header", header(before: " ")),
    ("two headers", good + good), ("a comma too many", header(more: ",")), ("no comma", header(more: #""b":1"#)),
    ("an object for a comma", header(more: #"{"b":{}}"#)),
    ("a comment", header(after: "// x")), ("a name without quotes", header(name: "a")),
    ("a name in single quotes", header(name: "'a'")), ("a name that does not end", #"{"a"#),
    ("a name with a line break", header(name: "\"a\n\"")), ("a name with a wrong escape", header(name: #""\x""#)),
    ("half a surrogate pair", header(name: #""\ud800""#)), ("an escape cut off", #"{"a\"#),
    ("an unknown type", header(dtype: #""X9""#)), ("a type in lower case", header(dtype: #""f32""#)),
    ("a type of four bits", header(dtype: #""F4""#)), ("a type that is a number", header(dtype: "7")),
    ("no type", #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#),
    ("no shape", #"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#),
    ("no offsets", #"{"a":{"dtype":"F32","shape":[1]}}"#),
    ("a type twice", header(more: #","b":{"dtype":"F32","dtype":"F32"}"#)),
    ("an entry that is a number", #"{"a":7}"#), ("an entry that is null", #"{"a":null}"#),
    ("an entry that is a list", #"{"a":[]}"#), ("an empty entry", #"{"a":{}}"#),
    ("a negative extent", header(shape: "[-1]")), ("a fractional extent", header(shape: "[1.5]")),
    ("an extent with a decimal point", header(shape: "[1.0]")), ("an extent with an exponent", header(shape: "[1e0]")),
    ("an extent with a leading zero", header(shape: "[01]")), ("an extent of true", header(shape: "[true]")),
    ("an extent in quotes", header(shape: #"["1"]"#)), ("a shape that is a number", header(shape: "1")),
    ("a shape that is text", header(shape: #""1""#)), ("a shape of shapes", header(shape: "[[1]]")),
    ("an extent beyond 64 bits", header(shape: "[99999999999999999999]")),
    ("a product beyond 64 bits", header(shape: "[9223372036854775807,9]")),
    ("a product of 0 by overflow", header(shape: "[4294967296,4294967296]")),
    ("65 axes", header(shape: "[\(Array(repeating: "1", count: 65).joined(separator: ","))]")),
    ("offsets too far apart", header(offsets: "[0,8]")), ("offsets too near", header(shape: "[2]")),
    ("a hole before the first tensor", header(offsets: "[4,8]")), ("offsets backwards", header(offsets: "[4,0]")),
    ("a negative offset", header(offsets: "[-4,0]")), ("one offset", header(offsets: "[0]")),
    ("three offsets", header(offsets: "[0,4,4]")), ("offsets that are null", header(offsets: "null")),
    ("an offset beyond 64 bits", header(offsets: "[0,18446744073709551616]")),
    ("a name twice", header(more: #","a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#)),
    ("a name twice, once escaped", header(more: #","\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#)),
    ("tensors that overlap", header(more: #","b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}"#)),
    ("tensors that share bytes", header(more: #","b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#)),
    (
      "a hole between tensors",
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#
    ),
    ("a byte without a tensor", header(dtype: #""U8""#, shape: "[3]", offsets: "[0,3]")),
    ("metadata that is a number", header(more: #","__metadata__":1"#)),
    ("metadata with a number", header(more: #","__metadata__":{"a":1}"#)),
    ("metadata with an object", header(more: #","__metadata__":{"a":{}}"#)),
    ("metadata that is a list", header(more: #","__metadata__":["a"]"#)),
    ("metadata twice", header(more: #","__metadata__":{},"__metadata__":{}"#)),
    ("a name in the metadata twice", header(more: #","__metadata__":{"a":"1","a":"2"}"#)),
    ("an unknown field with a broken value", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":nul}}"#),
    ("an unknown field without a value", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":}}"#),
  ]
}
