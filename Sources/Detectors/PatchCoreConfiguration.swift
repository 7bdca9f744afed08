public import Backbones

/// Everything that decides what a PatchCore model computes; stored with the model.
public struct PatchCoreConfiguration: DetectorConfiguration {
  public static let kind = DetectorKind.patchCore

  public var backbone: BackboneKind = .efficientNetLite0
  /// Pictures are resized to size x size network pixels.
  public var size = 256
  /// Strides of the feature maps whose patches make a descriptor; the first one sets the grid.
  public var strides = [8, 16]
  /// Part of the rows that the memory bank keeps …
  public var coresetRatio = 0.1
  /// … when there are more rows than this; with fewer, every row stays: reduction there costs accuracy.
  public var coresetMinimum = 8192
  /// Bank rows in the neighbourhood that re-weights the image score (b of PatchCore's equation 7).
  public var neighbours = 9
  /// Smoothing of the anomaly map, in network pixels.
  public var smoothingSigma = 4.0
  /// Part of the normal pictures that may be called defective.
  public var falseAlarmRate = 0.01
  /// Folds of the cross-fitting that finds the threshold.
  public var folds = 5
  /// Bytes that all training descriptors together may take.
  public var descriptorBudget = 4 << 30

  public init() {}

  public func validate() throws(DetectorError) {
    let checks: [(String, Bool, String)] = [
      ("size", (32...4096).contains(size), "must be between 32 and 4096 pixels"),
      ("strides", !strides.isEmpty && strides.allSatisfy { $0 > 0 }, "must name at least one feature map"),
      ("coreset ratio", coresetRatio > 0 && coresetRatio <= 1, "must be above 0 and at most 1"),
      ("coreset minimum", coresetMinimum >= 0, "must not be negative"),
      ("false-alarm rate", falseAlarmRate > 0 && falseAlarmRate < 1, "must lie between 0 and 1"),
      ("neighbours", (1...32).contains(neighbours), "must be between 1 and 32"),
      ("smoothing", smoothingSigma > 0 && smoothingSigma < 100, "must be above 0 and below 100 pixels"),
      ("folds", folds >= 2, "must be at least 2"),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
  }

  /// Rows that the bank keeps of `rows`.
  public func bankRows(of rows: Int) -> Int {
    rows > coresetMinimum ? max(Int(Double(rows) * coresetRatio), 1) : rows
  }
}
