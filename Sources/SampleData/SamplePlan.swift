/// Which pictures a data set has, and under which names.
struct SamplePlan: Hashable, Sendable {
  /// Pixels along a picture's side.
  var size = 512
  var training = 40
  var good = 15
  /// Defective pictures of each kind.
  var defective = 10

  /// Picture numbers that are set aside for each part of a category.
  static let partSize = 1000

  struct Picture: Sendable {
    let product: any Product.Type
    /// Its number among all pictures: the key of its random numbers.
    let number: Int
    /// Index of the defect's kind; nil for a good picture.
    let kind: Int?
    /// Path in the data set.
    let path: String
    let maskPath: String?
  }

  var pictures: [Picture] {
    var pictures: [Picture] = []
    for (index, product) in Products.all.enumerated() {
      // Numbers of a category and part start at a fixed place: other counts do not change the pictures.
      func add(_ folder: String, part: Int, kind: Int?, count: Int) {
        for item in 0..<count {
          let name = String(item + 1000).dropFirst()
          pictures.append(
            Picture(
              product: product, number: (index * 16 + part) * Self.partSize + item, kind: kind,
              path: "\(product.category)/\(folder)/\(name).png",
              maskPath: kind.map { "\(product.category)/ground_truth/\(product.kinds[$0])/\(name)_mask.png" }))
        }
      }
      add("train/good", part: 0, kind: nil, count: training)
      add("test/good", part: 1, kind: nil, count: good)
      for (kind, name) in product.kinds.enumerated() {
        add("test/\(name)", part: 2 + kind, kind: kind, count: defective)
      }
    }
    return pictures
  }

  func specimen(_ picture: Picture, seed: UInt64) throws -> Specimen {
    try Specimen(picture.product, seed: seed, picture: picture.number, kind: picture.kind, size: size)
  }
}
