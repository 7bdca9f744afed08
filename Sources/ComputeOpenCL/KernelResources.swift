/// What a driver says of a compiled kernel: a change is a sign without noise.
package struct KernelResources: Codable, Hashable, Sendable {
  /// Bytes that each work-item keeps outside of registers; above 0 on a GPU registers spill.
  package var privateBytes: Int
  /// Bytes of local memory of each work-group.
  package var localBytes: Int
  /// The largest work-group that the registers allow, and the multiple that suits the device.
  package var groupLimit: Int
  package var preferredMultiple: Int

  private enum CodingKeys: String, CodingKey {
    case privateBytes = "private_bytes"
    case localBytes = "local_bytes"
    case groupLimit = "group_limit"
    case preferredMultiple = "preferred_multiple"
  }

  package init(privateBytes: Int, localBytes: Int, groupLimit: Int, preferredMultiple: Int) {
    self.privateBytes = privateBytes
    self.localBytes = localBytes
    self.groupLimit = groupLimit
    self.preferredMultiple = preferredMultiple
  }
}
