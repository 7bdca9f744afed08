public import Images

/// Texts as vectors of length one, in which likeness of meaning is a cosine.
public protocol TextEncoder: Sendable {
  /// How reports name it, as "all-MiniLM-L6-v2".
  var name: String { get }
  /// Components of a vector.
  var width: Int { get }
  /// - Returns: one vector of length one per text, in the order given.
  func vectors(ofTexts texts: [String]) throws -> [[Float]]
}

/// Texts and pictures in one space.
public protocol TextImageEncoder: TextEncoder {
  /// - Returns: one vector of length one per picture, in the order given.
  func vectors(ofPictures pictures: [Image]) throws -> [[Float]]
}
