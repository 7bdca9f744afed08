import Foundation
import TestSupport
import Testing

@Suite("Help, version and completion")
struct HelpTests {
  private static let commands = [
    [], ["demo"], ["sample-data"], ["datasets"], ["datasets", "check"], ["train"], ["evaluate"], ["predict"],
    ["threshold"], ["threshold", "show"], ["threshold", "rate"], ["threshold", "f1"], ["threshold", "set"], ["prompts"],
    ["compare"], ["generate"], ["generate", "run"], ["generate", "train"], ["generate", "sample"], ["export"],
    ["devices"], ["weights"], ["weights", "list"],
    ["weights", "add"], ["weights", "verify"],
  ]
  private static let snapshot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Snapshots/help.txt")
  /// Set to anything, the snapshot is written anew instead of compared.
  private static let recording = ProcessInfo.processInfo.environment["FLAWLESS_RECORD_SNAPSHOTS"] != nil

  @Test func everyHelpTextIsTheOneRecorded() throws {
    var text = ""
    for command in Self.commands {
      let outcome = try ProgramRun("flawless", command + ["--help"]).wait()
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
      text += (["$ flawless"] + command + ["--help"]).joined(separator: " ") + "\n" + outcome.output + "\n"
    }
    if Self.recording { try Data(text.utf8).write(to: Self.snapshot) }
    let recorded = try String(contentsOf: Self.snapshot, encoding: .utf8)
    #expect(text == recorded, "record it anew: FLAWLESS_RECORD_SNAPSHOTS=1 swift test --filter HelpTests")
  }

  @Test(arguments: commands)
  func everyHelpHasAnExampleThatIsNotWrapped(_ command: [String]) throws {
    let output = try ProgramRun("flawless", command + ["--help"]).wait().output
    #expect(output.contains("Example"))
    // The parser itself does not wrap the line of usage.
    #expect(output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE: ") })
  }

  @Test func theVersionHasTheCommit() throws {
    let outcome = try flawless("--version")
    #expect(outcome.status == 0)
    #expect(outcome.output.wholeMatch(of: #/\d+\.\d+\.\d+ \(([0-9a-f]{9}\+?|\?)\)\n/#) != nil, "\(outcome.output)")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionCoversTheCommands(_ shell: String) throws {
    let outcome = try flawless("--generate-completion-script", shell)
    #expect(outcome.status == 0)
    for command in [
      "sample-data", "datasets", "train", "evaluate", "predict", "threshold", "prompts", "export", "devices", "weights",
      "demo", "compare", "generate",
    ] {
      #expect(outcome.output.contains(command), "\(command)")
    }
  }
}
