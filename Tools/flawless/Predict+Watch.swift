import Datasets
import Detectors
import Foundation
import Images
import ToolSupport

extension Predict {
  /// Inspects pictures as they appear, until a signal comes.
  func watchFolders(_ inspector: Inspector, _ files: VerdictFiles, _ progress: ProgressReporter) throws {
    try progress.note("watching \(pictures.joined(separator: ", ")); Ctrl-C ends it")
    var watch = FolderWatch(pictures, outside: output)
    var latencies = LatencyHistogram()
    do {
      while true {
        let ready = watch.settled().filter { settled in
          guard resume, inspector.isDone(settled.picture) else { return true }
          watch.finish(settled.picture)
          return false
        }
        let paths = ready.map(\.picture.path)
        // The next pictures of this look are decoded while the device computes.
        for (settled, image) in zip(ready, Prefetch(count: paths.count) { try Image(path: paths[$0]) }) {
          let picture = settled.picture
          switch image {
          case .success(let image):
            let verdict = try inspector.inspect(picture, image)
            watch.finish(picture)
            try files.add(verdict)
            if isTextWanted { try Output.line(verdict.line) }
            try count(settled, &latencies, progress)
          case .failure(let error):
            guard error is ImageError else { throw error }
            // Perhaps it is still being written, by a program that pauses: it gets some time.
            guard watch.giveUp(on: picture) else { break }
            try files.add(failure: picture.path, "\(error)")
            try progress.note("\(error)", always: true)
          }
          try Interruption.check()
        }
        try Interruption.wait(milliseconds: Int(watch.pause / .milliseconds(1)))
      }
    } catch is Interruption.Interrupted {
      let pictures = "\(files.done) picture\(files.done == 1 ? "" : "s")"
      if latencies.count > 0 { try report(latencies, progress) }
      throw Interruption.Interrupted("Watching ended after \(pictures).")
    }
  }

  /// Counts the time from the picture's being complete to its verdict's being written.
  private func count(
    _ settled: FolderWatch.Settled, _ latencies: inout LatencyHistogram, _ progress: ProgressReporter
  ) throws {
    guard let completed = settled.completed else { return }
    latencies.add(seconds: completed.duration(to: .now) / .seconds(1))
    if latencies.count.isMultiple(of: reportEvery) { try report(latencies, progress) }
  }

  private func report(_ latencies: LatencyHistogram, _ progress: ProgressReporter) throws {
    guard let median = latencies.quantile(0.5), let high = latencies.quantile(0.99) else { return }
    let milliseconds = [median, high, latencies.largest].map { String(format: "%.0f ms", $0 * 1000) }
    try progress.figures(
      "latency",
      "latency of \(latencies.count) new pictures: p50 \(milliseconds[0]), p99 \(milliseconds[1]), "
        + "largest \(milliseconds[2])",
      [
        "count": latencies.count, "p50_seconds": median, "p99_seconds": high, "largest_seconds": latencies.largest,
        "peak_memory_bytes": peakMemoryBytes(),
      ])
  }
}
