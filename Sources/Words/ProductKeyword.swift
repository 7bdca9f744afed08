/// What a data set's product is called in prompts, where its folder's name is no word for it, and what it looks like.
public struct ProductKeyword: Codable, Hashable, Sendable {
  /// The data set's folder of the product.
  public let category: String
  /// Words that WordNet has, where there are some: the last of them names the thing.
  public let keyword: String
  /// What is to be seen, in a few words of our own: it decides between senses.
  public let description: String

  private init(_ category: String, _ keyword: String, _ description: String) {
    (self.category, self.keyword, self.description) = (category, keyword, description)
  }

  /// The keyword of a known category. Letter case does not count.
  public static func of(category: String) -> ProductKeyword? {
    let name = category.lowercased()
    return all.flatMap(\.products).first { $0.category == name }
  }

  /// The products of each data set. No name stands for two things.
  public static let all: [(dataset: String, products: [ProductKeyword])] = [
    ("mvtec", mvtec), ("loco", loco), ("btad", btad), ("visa", visa), ("sample", sample),
  ]

  /// Bergmann et al. 2019.
  private static let mvtec = [
    ProductKeyword("bottle", "bottle", "a glass bottle for drinks, seen from above"),
    ProductKeyword("cable", "cable", "an electric power cable of three insulated copper wires, cut across"),
    ProductKeyword("capsule", "capsule", "a gelatin capsule with medicine inside"),
    ProductKeyword("carpet", "carpet", "a thick fabric that covers a floor"),
    ProductKeyword("grid", "grid", "a plate of crossing metal bars with holes between them"),
    ProductKeyword("hazelnut", "hazelnut", "the edible nut of a hazel"),
    ProductKeyword("leather", "leather", "tanned animal skin"),
    ProductKeyword("metal_nut", "metal nut", "a metal block with a thread inside, which is screwed onto a bolt"),
    ProductKeyword("pill", "pill", "a tablet, a dose of medicine"),
    ProductKeyword("screw", "screw", "a fastener of metal with a threaded shank and a head"),
    ProductKeyword("tile", "tile", "a flat slab of stone that covers floors and walls"),
    ProductKeyword("toothbrush", "toothbrush", "a brush to clean teeth"),
    ProductKeyword("transistor", "transistor", "an electronic semiconductor device with three legs"),
    ProductKeyword("wood", "wood", "a smooth board of wood with its grain"),
    ProductKeyword("zipper", "zipper", "a fastener of two toothed edges on fabric"),
  ]

  /// Bergmann et al. 2022. Its compounds are not in WordNet; their last words are.
  private static let loco = [
    ProductKeyword("breakfast_box", "breakfast box", "a container with food for breakfast: fruit, cereals and nuts"),
    ProductKeyword("juice_bottle", "juice bottle", "a glass bottle filled with fruit juice"),
    ProductKeyword("pushpins", "pushpin", "a small tack to pin papers to a board"),
    ProductKeyword(
      "screw_bag", "screw bag", "a transparent container of plastic film with screws, nuts and washers inside"),
    ProductKeyword("splicing_connectors", "splicing connector", "a device that connects the ends of electric cables"),
  ]

  /// Mishra et al. 2021. The data set names its three products by numbers, and does not say what they are: a person who sees
  /// them should give the keyword.
  private static let btad = ["01", "02", "03"].map {
    ProductKeyword($0, "industrial product", "a manufactured part with a surface that must be without defects")
  }

  /// Zou et al. 2022. "Fryum", an Indian snack, is not in WordNet, and neither is the abbreviation of circuit boards.
  private static let visa =
    [
      ProductKeyword("candle", "candle", "sticks of wax with a wick"),
      ProductKeyword("capsules", "capsule", "gelatin capsules with medicine inside"),
      ProductKeyword("cashew", "cashew", "an edible, kidney-shaped nut"),
      ProductKeyword("chewinggum", "chewing gum", "a piece of gum to chew"),
      ProductKeyword("fryum", "fryum snack food", "a crisp fried snack in the shape of a wheel"),
      ProductKeyword("pipe_fryum", "fryum snack food", "a crisp fried snack in the form of a tube"),
    ]
    + ["macaroni1", "macaroni2"].map { ProductKeyword($0, "macaroni", "pieces of pasta in the form of short tubes") }
    + ["pcb1", "pcb2", "pcb3", "pcb4"].map {
      ProductKeyword($0, "printed circuit board", "a board with electronic components")
    }

  /// Of `flawless sample-data`.
  private static let sample = [
    ProductKeyword("flange", "metal flange", "a turned disc of metal with a rim and holes"),
    ProductKeyword("blister", "capsule pack", "a pack of gelatin capsules with medicine"),
    ProductKeyword("fabric", "woven fabric", "cloth of crossing threads"),
  ]
}
