public import Images
public import TextImage

/// Prompts by their likeness to a product, the best first.
public struct PromptRanking: Sendable {
  public struct Entry: Codable, Hashable, Sendable {
    public let prompt: Prompt
    /// Its number among the prompts.
    public let index: Int
    /// The cosine of the prompt's vector with the reference's.
    public let similarity: Double
    /// How much more similar it is than the next one; nil at the end.
    public let margin: Double?
  }

  /// Of equals, the one with the lowest number first.
  public let entries: [Entry]
  /// How the encoder names itself.
  public let encoder: String
  /// The text that prompts were compared with, where there were no pictures.
  public let reference: String?

  /// By pictures: t* = argmax cos(f_T(P_t), v), with v = f_I(x) of one picture and the mean of the pictures' vectors divided
  /// by its length of several (Eq. 2 and 3 of our reading of arXiv 2403.06247).
  ///
  /// - pictures: at least one
  public init(_ prompts: [Prompt], pictures: [Image], encoder: any TextImageEncoder) throws {
    try self.init(prompts, pictureVectors: encoder.vectors(ofPictures: pictures), encoder: encoder)
  }

  /// By pictures whose vectors are known: `encoder` made them.
  ///
  /// - vectors: at least one
  public init(_ prompts: [Prompt], pictureVectors vectors: [[Float]], encoder: any TextEncoder) throws {
    precondition(!vectors.isEmpty, "pictures are needed")
    // Where vectors cancel out, no prompt is more like them than another.
    try self.init(prompts, vector: Cosine.meanDirection(of: vectors), encoder: encoder, reference: nil)
  }

  /// By text alone: the cosine with a description of the product, or with the base prompt, which then is itself the first.
  public init(_ set: PromptSet, encoder: any TextEncoder) throws {
    let reference = set.description ?? set.prompts[0].text
    try self.init(
      set.prompts, vector: encoder.vectors(ofTexts: [reference])[0], encoder: encoder, reference: reference)
  }

  private init(_ prompts: [Prompt], vector: [Float], encoder: any TextEncoder, reference: String?) throws {
    let similarities = try encoder.vectors(ofTexts: prompts.map(\.text)).map { Cosine.of($0, vector) }
    let order = Cosine.ranked(similarities)
    entries = order.indices.map { rank in
      let index = order[rank]
      let next = rank + 1 < order.count ? similarities[order[rank + 1]] : nil
      return Entry(
        prompt: prompts[index], index: index, similarity: similarities[index],
        margin: next.map { similarities[index] - $0 })
    }
    (self.encoder, self.reference) = (encoder.name, reference)
  }
}
