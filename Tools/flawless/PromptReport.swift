import Foundation
import Prompts
import ToolSupport
import Words

/// What `flawless prompts` says.
struct PromptReport {
  let set: PromptSet
  /// Nil where nothing compares.
  let ranking: PromptRanking?
  let category: String?
  let pictures: [String]
  let senseEncoder: String?

  private var entries: [PromptRanking.Entry] { ranking?.entries ?? [] }

  func lines(top: Int?) -> [String] {
    let about = set.description.map { " (\($0))" } ?? ""
    var lines = ["keyword: \(set.keyword)\(about)"] + set.senses.flatMap(Self.lines)
    lines += set.unknown.map { "\($0): not in WordNet" }
    lines += ["", order, table(top ?? .max).text]
    if let top, top < set.prompts.count { lines.append("… and \(set.prompts.count - top) more") }
    if set.leftOut > 0 { lines.append("\(set.leftOut) words were left out (--limit)") }
    return lines
  }

  private static func lines(_ choice: SenseChoice) -> [String] {
    let chosen = choice.candidates.first { $0.synset == choice.chosen }
    let others = choice.candidates.filter { $0.synset != choice.chosen }
    let shown = others.filter(\.isAdmissible) + others.filter { !$0.isAdmissible && kinds.contains($0.synset.file) }
    var lines = [
      chosen.map { "\(choice.word): \(text($0)), \(reason(choice.reason))" }
        ?? "\(choice.word): no sense of a kind that is looked for"
    ]
    lines += shown.map { "  --sense \(text($0))" }
    // Among people, acts and parts of the body there is slang that nobody asked for.
    if shown.count < others.count {
      lines.append("  and \(others.count - shown.count) of other kinds (--json lists them)")
    }
    return lines
  }

  private static let kinds = PromptOptions().kinds + PromptOptions().otherKinds

  private static func text(_ candidate: SenseChoice.Candidate) -> String {
    let (synset, likeness) = (candidate.synset, candidate.similarity.map { ", \(number($0))" } ?? "")
    return
      "\(synset.identifier) (\(synset.file)\(likeness)) \(synset.words.joined(separator: ", ")): \(synset.definition)"
  }

  private static func reason(_ reason: SenseChoice.Reason) -> String {
    switch reason {
    case .named: "named"
    case .similarity: "the nearest"
    case .frequency: "the most frequent"
    case .only: "the only one of its kind"
    case .none: "none"
    }
  }

  private var order: String {
    guard let ranking else { return "prompts, not ranked:" }
    guard let reference = ranking.reference else {
      return "prompts by \(pictures.count) picture\(pictures.count == 1 ? "" : "s"), \(ranking.encoder):"
    }
    return "prompts by text alone, no pictures: likeness to '\(reference)', \(ranking.encoder):"
  }

  private func table(_ top: Int) -> Table {
    var table = Table(["prompt", "word of", "relation", "similarity", "margin"], leftColumns: 3)
    func row(_ prompt: Prompt) -> [String] { [prompt.text, prompt.lookedUp ?? "", prompt.source.rawValue] }
    if ranking == nil {
      for prompt in set.prompts.prefix(top) { table.add(row(prompt) + ["", ""]) }
    }
    for entry in entries.prefix(top) {
      table.add(row(entry.prompt) + [Self.number(entry.similarity), entry.margin.map(Self.number) ?? ""])
    }
    return table
  }

  private static func number(_ value: Double) -> String { String(format: "%.4f", value) }

  var object: [String: Any] {
    [
      "keyword": set.keyword, "description": set.description ?? NSNull(), "category": category ?? NSNull(),
      "senses": set.senses.map(Self.object), "sense_encoder": senseEncoder ?? NSNull(), "unknown": set.unknown,
      "left_out": set.leftOut, "encoder": ranking?.encoder ?? NSNull(), "reference": ranking?.reference ?? NSNull(),
      "ranked_by": ranking == nil ? "nothing" : ranking?.reference == nil ? "pictures" : "text", "pictures": pictures,
      "prompts": ranking == nil
        ? set.prompts.enumerated().map { Self.object($1, $0, nil) }
        : entries.map { Self.object($0.prompt, $0.index, $0) },
    ]
  }

  private static func object(_ choice: SenseChoice) -> [String: Any] {
    [
      "word": choice.word, "reason": choice.reason.rawValue, "chosen": choice.chosen?.identifier ?? NSNull(),
      "candidates": choice.candidates.map { candidate in
        [
          "sense": candidate.synset.identifier, "kind": "\(candidate.synset.file)", "words": candidate.synset.words,
          "definition": candidate.synset.definition, "admissible": candidate.isAdmissible,
          "similarity": candidate.similarity ?? NSNull(),
        ] as [String: Any]
      },
    ]
  }

  private static func object(_ prompt: Prompt, _ index: Int, _ entry: PromptRanking.Entry?) -> [String: Any] {
    [
      "prompt": prompt.text, "index": index, "word": prompt.word ?? NSNull(), "relation": prompt.source.rawValue,
      "word_of": prompt.lookedUp ?? NSNull(), "similarity": entry?.similarity ?? NSNull(),
      "margin": entry?.margin ?? NSNull(),
    ]
  }
}
