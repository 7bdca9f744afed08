extension MalformedFile {
  private static let members = [
    ZipParts.Member("p/a.txt", Array("weights, weights, weights".utf8)), ZipParts.Member("p/b", [1, 2, 3, 4]),
  ]
  private static let good = ZipParts(members).encoded()
  private static let wide = ZipParts(members).encoded(isWide: true)

  /// The n-th place of a signature.
  private static func place(_ last: [UInt8], _ number: Int, in bytes: [UInt8]) -> Int {
    bytes.indices.dropLast(3).filter { Array(bytes[$0..<($0 + 4)]) == [0x50, 0x4B] + last }[number]
  }

  /// Bytes behind the n-th of a kind of records become others.
  private static func changed(
    _ bytes: [UInt8], _ last: [UInt8], _ number: Int, _ offset: Int, _ values: [UInt8]
  ) -> [UInt8] {
    var bytes = bytes
    let start = place(last, number, in: bytes) + offset
    bytes.replaceSubrange(start..<(start + values.count), with: values)
    return bytes
  }

  private static let (local, entry, end): ([UInt8], [UInt8], [UInt8]) = ([3, 4], [1, 2], [5, 6])

  static let zips: [MalformedFile] =
    [
      ("no end record", Array(good.prefix(place(end, 0, in: good)))),
      (
        "an end record alone that counts one",
        [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0] + [UInt8](repeating: 0, count: 10)
      ),
      ("more entries than there are", changed(good, end, 0, 8, [3, 0, 3, 0])),
      ("fewer entries than there are", changed(good, end, 0, 8, [1, 0, 1, 0])),
      ("two counts that differ", changed(good, end, 0, 8, [1, 0, 2, 0])),
      ("a part of a series", changed(good, end, 0, 4, [1, 0])),
      ("a directory of another length", changed(good, end, 0, 12, [60, 0, 0, 0])),
      ("a directory beyond the file", changed(good, end, 0, 16, [0, 0, 0, 0x7F])),
      ("a directory a byte late", changed(good, end, 0, 16, [good[place(end, 0, in: good) + 16] + 1])),
      ("Zip64 without its record", changed(good, end, 0, 16, [0xFF, 0xFF, 0xFF, 0xFF])),
      ("an entry without its signature", changed(good, entry, 1, 0, [0x51])),
      ("an entry whose name leaves the directory", changed(good, entry, 1, 28, [0xFF, 0xFF])),
      ("an entry whose comment leaves the directory", changed(good, entry, 1, 32, [0xFF, 0x7F])),
      ("an entry with an empty name", changed(good, entry, 1, 28, [0, 0])),
      ("a name that is no UTF-8", changed(good, entry, 0, 46, [0xFF])),
      ("a name twice", ZipParts([members[0], members[0]]).encoded()),
      ("a wrong checksum", changed(good, entry, 0, 16, [0])),
      ("an encrypted member", changed(good, entry, 0, 8, [1])),
      ("a method that is not known", changed(good, entry, 0, 10, [12])),
      ("stored bytes that are said to be deflated", changed(good, entry, 0, 10, [8])),
      ("a size too large", changed(good, entry, 0, 24, [0, 0, 0, 0x7F])),
      ("a packed size too large", changed(good, entry, 0, 20, [0xFF])),
      ("a packed size beyond the file", changed(good, entry, 0, 20, [0, 0, 0, 0x7F])),
      ("two sizes of a stored member", changed(good, entry, 0, 24, [24])),
      ("a header in another place", changed(good, entry, 1, 42, [7])),
      ("a header beyond the file", changed(good, entry, 1, 42, [0, 0, 0, 0x7F])),
      ("a header in the directory", changed(good, entry, 1, 42, little(UInt32(place(entry, 0, in: good))))),
      ("two members at one place", changed(good, entry, 1, 42, [0])),
      ("a local header without its signature", changed(good, local, 1, 0, [0x51])),
      ("a local header with another length of its name", changed(good, local, 1, 26, [4])),
      ("a local header with a long extra field", changed(good, local, 1, 28, [0xFF, 0xFF])),
      ("Zip64 with a locator that leads nowhere", changed(wide, [6, 7], 0, 8, little(UInt64.max))),
      ("Zip64 with a locator to a wrong place", changed(wide, [6, 7], 0, 8, [3])),
      ("Zip64 with a broken locator", changed(wide, [6, 7], 0, 0, [0x51])),
      ("Zip64 with too many entries", changed(wide, [6, 6], 0, 32, little(UInt64.max))),
      ("Zip64 with a directory beyond the file", changed(wide, [6, 6], 0, 48, little(UInt64(1) << 40))),
      ("Zip64 with a long directory", changed(wide, [6, 6], 0, 40, little(UInt64(1) << 62))),
      ("Zip64 with another extra field", changed(wide, entry, 0, 46 + 7, [2, 0])),
      ("Zip64 with a short extra field", changed(wide, entry, 0, 46 + 7 + 2, [16, 0])),
      ("Zip64 with an extra field beyond the entry", changed(wide, entry, 0, 46 + 7 + 2, [0xFF, 0])),
      ("Zip64 with a huge size", changed(wide, entry, 0, 46 + 7 + 4, little(UInt64.max))),
      ("Zip64 with a huge packed size", changed(wide, entry, 0, 46 + 7 + 12, little(UInt64.max))),
      ("Zip64 with a huge place", changed(wide, entry, 0, 46 + 7 + 20, little(UInt64(1) << 63))),
    ].map { MalformedFile($0.0, "zip", $0.1) } + cut("an archive", "zip", good, at: [0, 100, 500, 700, 900, 990])
    + cut("an archive of Zip64", "zip", wide, at: [500, 900])
}
