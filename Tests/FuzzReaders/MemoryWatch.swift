import CAllocationCount
import Foundation

/// How much memory was taken at most since a moment: counted at every allocation where the address sanitizer offers
/// that, elsewhere the rise of the process's resident memory, as Linux keeps it.
struct MemoryWatch {
  private static let isCounted = allocation_count_start() != 0
  private var start = 0

  mutating func begin() {
    if Self.isCounted {
      allocation_count_reset()
      start = allocation_count_live()
      return
    }
    // 5 sets the highest resident memory back to what is resident now.
    let descriptor = open("/proc/self/clear_refs", O_WRONLY)
    if descriptor >= 0 {
      _ = write(descriptor, "5", 1)
      close(descriptor)
    }
    start = Self.highest()
  }

  func taken() -> Int { (Self.isCounted ? allocation_count_most() : Self.highest()) - start }

  private static func highest() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else { return 0 }
    return (Int(line.filter(\.isNumber)) ?? 0) << 10
  }
}
