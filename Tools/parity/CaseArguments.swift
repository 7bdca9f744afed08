import ArgumentParser
import Foundation
import OpCatalogue

/// What each case goes through; shared with the child processes.
struct CaseArguments: ParsableArguments {
  @Option(help: "Seed of all random data; a case's own text is mixed in.")
  var seed: UInt64 = 42
  @Option(
    name: .customLong("guard"),
    help: ArgumentHelp("Elements before and behind every array that nothing may touch.", valueName: "COUNT"))
  var guardCount = 1024
  @Option(
    help: ArgumentHelp(
      "Elements that arrays are moved by, a run the next one; a device's alignment rounds them up.", valueName: "LIST"))
  var offset = "0,1,3,16"
  @Option(
    name: .customLong("repeat"),
    help: ArgumentHelp("Runs of each case, which must give the same bits.", valueName: "COUNT"))
  var repeats = 2
  @Option(help: ArgumentHelp("A factor for every bound.", valueName: "X"))
  var toleranceScale = 1.0

  func validate() throws {
    guard repeats >= 1 else { throw ValidationError("--repeat must be at least 1.") }
    guard guardCount >= 0 else { throw ValidationError("--guard must not be negative.") }
    guard toleranceScale > 0, toleranceScale.isFinite else {
      throw ValidationError("--tolerance-scale must be positive.")
    }
    guard let offsets, !offsets.isEmpty else {
      throw ValidationError("'\(offset)' is no list of offsets; write numbers such as 0,1,3,16.")
    }
  }

  private var offsets: [Int]? {
    let parts = offset.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }.filter { 0...65536 ~= $0 }
    return numbers.count == parts.count ? numbers : nil
  }

  var options: CaseOptions {
    var options = CaseOptions()
    options.seed = seed
    options.guardCount = guardCount
    options.offsets = offsets ?? []
    options.repeats = repeats
    options.toleranceScale = toleranceScale
    return options
  }

  /// The same as arguments of a child.
  var arguments: [String] {
    [
      "--seed=\(seed)", "--guard=\(guardCount)", "--offset=\(offset)", "--repeat=\(repeats)",
      "--tolerance-scale=\(toleranceScale)",
    ]
  }

  /// Those that differ from the defaults, without the seed.
  var replayOptions: String {
    var options = ""
    if guardCount != 1024 { options += " --guard \(guardCount)" }
    if offset != "0,1,3,16" { options += " --offset \(offset)" }
    if repeats != 2 { options += " --repeat \(repeats)" }
    if toleranceScale != 1 { options += " --tolerance-scale \(toleranceScale)" }
    return options
  }
}
