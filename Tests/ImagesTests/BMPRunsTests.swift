import Foundation
import Images
import Testing

/// What no writer makes, and what Pillow reads in another way; ends and jumps as writers make them are in images.json.
@Suite("BMP's runs")
struct BMPRunsTests {
  /// 5 x 3 pixels whose colour i is grey of i, from these runs.
  private func decoded(_ runs: [UInt8]) throws -> [[UInt8]] {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
    var bytes = Array("BM".utf8) + little(1078 + runs.count, 4) + little(0, 4) + little(1078, 4) + little(40, 4)
    bytes += little(5, 4) + little(3, 4) + little(1, 2) + little(8, 2) + little(1, 4) + little(runs.count, 4)
    bytes += little(0, 16) + (0..<256).flatMap { little($0 * 0x010101, 4) } + runs
    let image = try Image(Data(bytes), path: "memory")
    #expect(image.extent == [5, 3, 1])
    return (0..<3).map { Array(image.pixels[($0 * 5)..<($0 * 5 + 5)]) }
  }

  private let empty: [UInt8] = [0, 0, 0, 0, 0]

  @Test func anEndMayComeAnywhere() throws {
    #expect(try decoded([0, 1]) == [empty, empty, empty])
    #expect(try decoded([2, 7, 0, 1, 9, 9]) == [empty, empty, [7, 7, 0, 0, 0]])
  }

  @Test func emptyLinesAreRows() throws {
    #expect(try decoded([0, 0, 0, 0, 5, 8, 0, 0, 0, 1]) == [[8, 8, 8, 8, 8], empty, empty])
    #expect(
      try decoded([5, 1, 0, 0, 1, 2, 0, 0, 1, 3, 0, 1]) == [[3, 0, 0, 0, 0], [2, 0, 0, 0, 0], [1, 1, 1, 1, 1]])
  }

  @Test func jumpsGoRightAndUp() throws {
    #expect(try decoded([1, 4, 0, 2, 2, 1, 2, 5, 0, 1]) == [empty, [0, 0, 0, 5, 5], [4, 0, 0, 0, 0]])
    #expect(try decoded([0, 2, 0, 0, 1, 6, 0, 1]) == [empty, empty, [6, 0, 0, 0, 0]])
    // To a place beyond the picture, where nothing is put.
    #expect(try decoded([0, 2, 200, 200, 0, 1]) == [empty, empty, empty])
  }

  @Test func coloursAsTheyStandFillAnEvenNumberOfBytes() throws {
    #expect(try decoded([0, 3, 1, 2, 3, 99, 2, 4, 0, 1]) == [empty, empty, [1, 2, 3, 4, 4]])
    #expect(try decoded([0, 4, 1, 2, 3, 4, 1, 5, 0, 1]) == [empty, empty, [1, 2, 3, 4, 5]])
  }

  @Test(
    arguments: [
      ([6, 1, 0, 1], "beyond its row"), ([0, 6, 1, 2, 3, 4, 5, 6, 0, 1], "beyond its row"),
      ([0, 2, 5, 0, 1, 1, 0, 1], "beyond its row"), ([0, 2, 0, 3, 1, 1, 0, 1], "beyond its row"),
      ([0, 0, 0, 0, 0, 0, 1, 1, 0, 1], "beyond its row"), ([5, 1], "cut off"), ([5, 1, 0], "cut off"), ([], "cut off"),
      ([0, 2, 1], "cut off"), ([0, 4, 1, 2, 3], "cut off"),
    ] as [([UInt8], String)])
  func damageIsNamed(_ runs: [UInt8], _ part: String) {
    let error = #expect(throws: ImageError.self) { try decoded(runs) }
    #expect(error.map { isOneSentence($0, path: "memory") && $0.description.contains(part) } == true, "\(runs)")
  }
}
