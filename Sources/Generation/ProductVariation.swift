public import Images

/// What may differ between two good pictures of a product: it decides how originals are copied.
///
/// The paper says that originals are augmented, and not how; these are our choice.
public enum ProductVariation: String, CaseIterable, Codable, Sendable {
  /// The product lies as it always does, but for a small shift and turn.
  case aligned
  /// The product lies turned by any angle, and may be mirrored.
  case rotating
  /// A surface without a direction: it may be mirrored. (A twill's diagonals have one: it is aligned.)
  case texture

  /// Of a known category; `aligned` of any other, which is never wrong.
  public static func of(category: String) -> ProductVariation {
    let name = category.lowercased()
    return known.first { $0.value.contains(name) }?.key ?? .aligned
  }

  private static let known: [ProductVariation: Set<String>] = [
    .rotating: ["hazelnut", "hazelnut_toy", "metal_nut", "screw"],
    .texture: ["carpet", "grid", "leather", "tile", "wood"],
  ]

  /// How copies differ from their original.
  public var augmentation: Augmentation {
    var augmentation = Augmentation()
    (augmentation.brightness, augmentation.contrast, augmentation.translation) = (0.1, 0.1, 0.02)
    switch self {
    case .aligned: augmentation.degrees = 3
    case .rotating:
      augmentation.degrees = 180
      (augmentation.horizontalFlip, augmentation.verticalFlip) = (0.5, 0.5)
    case .texture:
      augmentation.degrees = 3
      (augmentation.horizontalFlip, augmentation.verticalFlip) = (0.5, 0.5)
    }
    return augmentation
  }

  /// Copies of each original: many of one, few of several, none beside all.
  public static func copies(originals: Int) -> Int { originals == 1 ? 32 : originals <= 16 ? 8 : 1 }
}
