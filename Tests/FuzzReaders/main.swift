import Foundation
import HostileFiles

// fuzz-readers SECONDS [SEED [READER]]: gives changed files to every reader for a time. A reader must give a value or its
// typed error, in 30 seconds, within the memory that it states. Prints what it did; on a defect it keeps the file, names
// it and ends with 1. A crash ends it by its signal: the file is the one that it named first.

let arguments = CommandLine.arguments.dropFirst()
guard let seconds = arguments.first.flatMap(Double.init), let seed = Int(arguments.dropFirst().first ?? "1") else {
  print("usage: fuzz-readers SECONDS [SEED [READER]]")
  exit(2)
}
let readers = ByteReader.all.filter { arguments.count < 3 || $0.name == arguments.last }
let current = CurrentFile()
print("the file under test: \(current.path)")
fflush(nil)

var campaigns = try readers.map { try FuzzCampaign($0, seed: seed, current: current) }
let end = ContinuousClock.now + .seconds(seconds)
repeat {
  for index in campaigns.indices {
    // Turns of equal length, whatever a reader takes for a file.
    let turn = min(ContinuousClock.now + .milliseconds(500), end)
    repeat {
      if let defect = campaigns[index].step() {
        print("\(readers[index].name), file \(campaigns[index].files) of seed \(seed): \(defect)")
        print("kept: \(current.path)")
        exit(1)
      }
    } while ContinuousClock.now < turn
  }
} while ContinuousClock.now < end
for campaign in campaigns { print(campaign.summary) }
current.remove()
