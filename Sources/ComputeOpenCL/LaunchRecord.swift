/// A launch as it was asked for.
package struct LaunchRecord: Codable, Hashable, Sendable {
  /// The kernel's name, with the number that its text calls M where it has one.
  package var kernel: String
  /// Items in each dimension, in whole work-groups, and those of a group.
  package var size: [Int]
  package var group: [Int]
  /// Arguments that are numbers, by their position; nil for arrays.
  package var numbers: [Double?]

  package init(kernel: String, size: [Int], group: [Int], numbers: [Double?]) {
    self.kernel = kernel
    self.size = size
    self.group = group
    self.numbers = numbers
  }
}

/// Launches while somebody asks for them.
struct LaunchLog: Sendable {
  /// Whether launches are only noted.
  var isDry: Bool
  var records: [LaunchRecord] = []
}
