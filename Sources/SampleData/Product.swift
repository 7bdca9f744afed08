/// A product: how a good specimen varies, how it is damaged, and how it looks.
protocol Product: Sendable {
  /// The category's folder.
  static var category: String { get }
  /// The defects' folders.
  static var kinds: [String] { get }
  /// Deviation of the exposure from picture to picture, in stops.
  static var exposureSpread: Float { get }

  /// A good specimen, with its pose and light.
  init(_ random: inout RandomStream)

  /// Adds a defect of a kind, from faint to plain; returns where it may show.
  mutating func damage(_ kind: Int, _ random: inout RandomStream) -> Window

  /// Draws the specimen in linear light, inside of the canvas' window.
  func render(_ canvas: inout Canvas)
}

/// Every category of the data set. To add one: see README.md.
enum Products {
  static let all: [any Product.Type] = [WovenFabric.self, TurnedFlange.self, CapsuleBlister.self]
}
