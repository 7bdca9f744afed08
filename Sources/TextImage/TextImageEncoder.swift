public import Images
public import Tensors

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

/// Whose vectors of pictures can be differentiated in the pictures.
public protocol DifferentiableTextImageEncoder: TextImageEncoder {
  /// Pixels of the side of the pictures that it sees.
  var pictureSize: Int { get }
  /// - pictures: [batch, ``pictureSize``, ``pictureSize``, 3], RGB of 0 … 255; on a tape or not
  /// - result: [batch, ``TextEncoder/width``], rows of length one
  /// - Throws: `ShapeError` when the size is another one.
  func vectors(of pictures: Tensor) throws -> Tensor
}
