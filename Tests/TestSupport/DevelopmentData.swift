public import Foundation

/// Photographs of real products for development. They are not part of the repository: tests that need them skip
/// visibly where they are missing.
public enum DevelopmentData {
  /// The folder that FLAWLESS_DEVELOPMENT_DATA names, or else `shared/data` beside the repository.
  public static let folder: URL? = {
    let named = ProcessInfo.processInfo.environment["FLAWLESS_DEVELOPMENT_DATA"].map { URL(fileURLWithPath: $0) }
    let repository = Fixtures.folder.deletingLastPathComponent().deletingLastPathComponent()
    let folder = named ?? repository.deletingLastPathComponent().appendingPathComponent("shared/data")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()
  public static let isThere = folder != nil
  public static let reason = "development data: no shared/data beside the repository, none in FLAWLESS_DEVELOPMENT_DATA"
}
