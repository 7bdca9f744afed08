import CVersion
import Checkpoints
import Foundation

/// What `--version` prints, and what models and reports are stamped with.
public enum Version {
  public static let number = "0.1.0"
  public static let text = "\(number) (\(String(cString: flawless_commit())))"

  /// SHA-256 of the running program: only what the very same build made may be used again without a look.
  public static func build() throws -> String {
    try SHA256.hash(fileAt: Bundle.main.executablePath ?? CommandLine.arguments[0])
  }
}
