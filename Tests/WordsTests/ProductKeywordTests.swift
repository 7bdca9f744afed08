import Testing
import Words

@Suite("Keywords of the data sets")
struct ProductKeywordTests {
  @Test func everyCategoryHasOne() {
    let categories = ProductKeyword.all.map { ($0.dataset, $0.products.map(\.category)) }
    #expect(categories.map(\.0) == ["mvtec", "loco", "btad", "visa", "sample"])
    // As the data sets name their folders.
    let expected = [
      "bottle cable capsule carpet grid hazelnut leather metal_nut pill screw tile toothbrush transistor wood zipper",
      "breakfast_box juice_bottle pushpins screw_bag splicing_connectors", "01 02 03",
      "candle capsules cashew chewinggum fryum macaroni1 macaroni2 pcb1 pcb2 pcb3 pcb4 pipe_fryum",
      "blister fabric flange",
    ]
    #expect(categories.map { $0.1.sorted().joined(separator: " ") } == expected)
    let all = categories.flatMap(\.1)
    #expect(Set(all).count == all.count && all.count == 38)
    #expect(ProductKeyword.of(category: "Metal_Nut")?.keyword == "metal nut")
    #expect(ProductKeyword.of(category: "spoon") == nil)
  }

  @Test(.enabled(if: RealWordNet.isThere, Comment(rawValue: RealWordNet.reason)))
  func whatTheyNameIsInWordNet() throws {
    let wordNet = try RealWordNet.contents.get()
    for product in ProductKeyword.all.flatMap(\.products) {
      let words = product.keyword.split(separator: " ")
      let ends = words.indices.map { words[$0...].joined(separator: " ") }
      #expect(try ends.contains { try !wordNet.senses(of: $0).isEmpty }, "\(product.keyword)")
      #expect(!product.description.isEmpty)
    }
  }

  @Test func someWordsAreLeftOut() {
    #expect(ExcludedWords.contains("coffin") && !ExcludedWords.contains("locknut"))
  }
}
