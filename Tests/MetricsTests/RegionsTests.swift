import Metrics
import TestSupport
import Testing

@Suite("8-connected regions")
struct RegionsTests {
  private func label(_ rows: [String]) -> (labels: [Int32], areas: [Int]) {
    Regions.label(rows.joined().map { $0 == "#" ? 255 : 0 }, width: rows[0].count, height: rows.count)
  }

  @Test(arguments: MetricsReference.all)
  func areAsManyAsSciPyFinds(_ reference: MetricsReference.Case) {
    // A region of which every pixel is ignored is none.
    let counts = reference.pictures.map { picture in
      let (labels, ignore) = (label(picture.mask).labels, picture.ignore.map(drawn))
      return Set(labels.indices.filter { labels[$0] != 0 && (ignore?[$0] ?? 0) == 0 }.map { labels[$0] }).count
    }
    #expect(counts.reduce(0, +) == reference.regions)
  }

  @Test func diagonalsJoinAndNumbersFollowTheOrderOfBeginnings() {
    let (labels, areas) = label(["#..#", ".#..", "...#", "#..#"])
    #expect(labels == [1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 3, 4, 0, 0, 3])
    #expect(areas == [2, 1, 2, 1])
  }

  @Test func partsThatMeetLateBecomeOne() {
    // A U, a W and a spiral: provisional labels that join only in later rows.
    #expect(label(["#.#", "#.#", "###"]).areas == [7])
    #expect(label(["#.#.#", "#.#.#", ".#.#."]).areas == [8])
    #expect(label(["#####", "....#", "###.#", "#...#", "#####"]).areas == [17])
    #expect(label(["..#", ".#.", "#.."]).areas == [3])
    #expect(label(["#.#.#.#.#", "#########"]).areas == [14])
  }

  @Test func aRegionTouchesEveryBorder() {
    let (labels, areas) = label(["###", "#.#", "###"])
    #expect(areas == [8])
    #expect(labels[4] == 0)
  }

  @Test func rowsDoNotRunIntoEachOther() {
    // The last pixel of a row and the first of the next are neighbours in memory only.
    #expect(label(["...#", "#...", "...."]).areas == [1, 1])
    #expect(label(["....", "...#", "....", "#..."]).areas == [1, 1])
  }

  @Test func singleRowsColumnsAndPixels() {
    #expect(label(["##.#.##"]).areas == [2, 1, 2])
    #expect(label(["#", "#", ".", "#"]).areas == [2, 1])
    #expect(label(["#"]).areas == [1])
    #expect(label(["."]).areas.isEmpty)
    #expect(Regions.label([], width: 0, height: 0).areas.isEmpty)
  }

  @Test func randomMasksAgreeWithFloodFill() {
    var values = Reproducible(3)
    for (width, height) in [(1, 31), (31, 1), (7, 13), (24, 17)] {
      for share in [Float(-0.6), 0, 0.4] {
        let mask = values.floats(width * height).map { UInt8($0 < share ? 1 : 0) }
        let (labels, areas) = Regions.label(mask, width: width, height: height)
        let (expectedLabels, expectedAreas) = floodFilled(mask, width, height)
        #expect(labels == expectedLabels)
        #expect(areas == expectedAreas)
      }
    }
  }

  private func floodFilled(_ mask: [UInt8], _ width: Int, _ height: Int) -> ([Int32], [Int]) {
    var labels = [Int32](repeating: 0, count: mask.count)
    var areas: [Int] = []
    for start in mask.indices where mask[start] != 0 && labels[start] == 0 {
      areas.append(0)
      var waiting = [start]
      labels[start] = Int32(areas.count)
      while let index = waiting.popLast() {
        areas[areas.count - 1] += 1
        let (row, column) = (index / width, index % width)
        for nextRow in max(row - 1, 0)...min(row + 1, height - 1) {
          for nextColumn in max(column - 1, 0)...min(column + 1, width - 1) {
            let next = nextRow * width + nextColumn
            if mask[next] != 0 && labels[next] == 0 {
              labels[next] = Int32(areas.count)
              waiting.append(next)
            }
          }
        }
      }
    }
    return (labels, areas)
  }
}
