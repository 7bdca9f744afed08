import CVersion

/// What `--version` prints, and what models and reports are stamped with.
public enum Version {
  public static let number = "0.1.0"
  public static let text = "\(number) (\(String(cString: flawless_commit())))"
}
