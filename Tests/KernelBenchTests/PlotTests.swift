import Benchmarking
import Foundation
#if canImport(FoundationXML)
  import FoundationXML
#endif
import TestSupport
import Testing

@testable import kernel_bench

@Suite("kernel-bench plot")
struct PlotTests {
  @Test(arguments: [(0.01, 100.0), (0.1, 100), (1, 150), (10, 200), (1000, 300), (1e6, 300)])
  func placesAreLogarithmicAndStayWithin(value: Double, place: Double) {
    let scale = LogScale(values: 0.1...1000, start: 100, end: 300)
    #expect(abs(scale.place(value) - place) < 1e-9)
  }

  @Test func decadesLieWithin() {
    let decades = LogScale(values: 0.06...1000, start: 0, end: 1).decades
    #expect(decades.map { log10($0).rounded() } == [-1, 0, 1, 2, 3])
  }

  private func plot(_ earlier: Double?) -> RooflinePlot {
    let roofs = Roofs(
      multiplyAdd: 400, exponential: 5,
      copy: [.init(bytes: 1 << 20, gigabytesPerSecond: 90), .init(bytes: 1 << 28, gigabytesPerSecond: 40)], read: [],
      launch: 1, finish: 10)
    let dot = RooflinePlot.Dot(
      name: "multiply m<5 & n>6", operation: "multiply", intensity: 10, rate: 200, earlierRate: earlier, share: 1,
      percentOfRoof: 50)
    return RooflinePlot(title: "cpu: a device", roofs: roofs, dots: [dot], omitted: 2)
  }

  @Test func ceilingsAreLabelledWithTheirValues() throws {
    let svg = plot(nil).svg
    for words in ["multiply-add 400 GFLOP/s", "cache 90 GB/s", "DRAM 40 GB/s", "2 cases without arithmetic"] {
      #expect(svg.contains(words), "\(words)")
    }
    #expect(svg.contains("multiply m&lt;5 &amp; n&gt;6") && svg.contains("prefers-color-scheme: dark"))
    #expect(XMLParser(data: Data(svg.utf8)).parse())
  }

  @Test func anEarlierRunIsAHollowDot() {
    #expect(!plot(nil).svg.contains("fill=\"none\""))
    #expect(plot(100).svg.contains("fill=\"none\""))
  }

  @Test func runsAreDrawn() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try kernelBench(
      "run", "--device", "cpu", "--ops", "multiply,permute", "--shapes", "m=64 n=64 k=64 order=10 e0=5 e1=7",
      "--samples", "2", "--min-time", "0", "--block-ms", "1", "--json", path, "--quiet")
    #expect(run.status == 0, "\(run.errors)")
    let outcome = try kernelBench("plot", path, "--baseline", path, "--svg", "-")
    #expect(outcome.status == 0 && outcome.output.contains("multiply m=64 n=64 k=64"), "\(outcome.errors)")
    #expect(outcome.output.contains("1 cases without arithmetic"))
    #expect(try kernelBench("plot", path, "--svg", "-", "--variant", "gpu").status == 1)
    #expect(try kernelBench("plot", "/nonexistent.json", "--svg", "-").status == 1)
  }
}
