/// The files in which WordNet's nouns were written: a coarse kind of thing. Numbers as in `data.noun` (lexnames(5WN)).
public enum LexicographerFile: Int, CaseIterable, Codable, Sendable {
  case tops = 3
  case act, animal, artifact, attribute, body, cognition, communication, event, feeling, food, group, location, motive
  case object, person, phenomenon, plant, possession, process, quantity, relation, shape, state, substance, time

  /// As WordNet names it: "noun.artifact".
  public var name: String { "noun." + (self == .tops ? "Tops" : "\(self)") }
}
