/// Words that WordNet puts beside products and that no prompt should have, whatever the sense.
///
/// Short on purpose: the choice of a sense keeps most of them away. Each group has its reason.
public enum ExcludedWords {
  public static func contains(_ word: String) -> Bool { all.contains(word) }

  /// In lower case.
  private static let all = Set(vulgar + death + imaginary)

  /// Obscene or insulting synonyms of screw, nut, bag, tool.
  private static let vulgar = [
    "fuck", "fucking", "screwing", "shtup", "ass", "piece of ass", "piece of tail", "ballock", "bollock", "crackpot",
    "nut case", "fruitcake", "old bag", "prick", "cock", "dick", "pecker", "putz",
  ]
  /// Boxes and bags for the dead.
  private static let death = ["coffin", "body bag", "personnel pouch", "human remains pouch"]
  /// What has never been photographed.
  private static let imaginary = ["flying carpet"]
}
