import Words

/// WordNet where it is installed; tests that need it skip visibly where it is not.
enum RealWordNet {
  static let contents = Result { () throws(WordNetError) in try WordNet() }
  static let isThere = (try? contents.get()) != nil
  static let reason = "WordNet: \(WordNet.standardFolder) has none; apt-get install wordnet-base"
}
