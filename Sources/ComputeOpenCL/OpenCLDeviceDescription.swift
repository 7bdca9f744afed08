import COpenCL
public import Compute

/// An OpenCL device as its driver describes it.
public struct OpenCLDeviceDescription: Sendable {
  public let platformIndex: Int
  public let deviceIndex: Int
  public let platformName: String
  public let traits: DeviceTraits
  /// What the driver says of its OpenCL C, such as "OpenCL C 1.2 PoCL".
  public let languageVersion: String
  /// Platform, device and driver with their versions, in lines: what built programs depend on.
  package let driver: String
  let limits: LaunchLimits
  let device: OpenCLHandle

  init(
    platformIndex: Int, deviceIndex: Int, platformName: String, traits: DeviceTraits, languageVersion: String,
    driver: String, limits: LaunchLimits, device: OpenCLHandle
  ) {
    self.platformIndex = platformIndex
    self.deviceIndex = deviceIndex
    self.platformName = platformName
    self.traits = traits
    self.languageVersion = languageVersion
    self.driver = driver
    self.limits = limits
    self.device = device
  }

  /// The same device under another kind: a CPU device that plays a GPU, so that `auto` takes it.
  package func claiming(_ kind: DeviceTraits.Kind) -> OpenCLDeviceDescription {
    var traits = traits
    traits.kind = kind
    return OpenCLDeviceDescription(
      platformIndex: platformIndex, deviceIndex: deviceIndex, platformName: platformName, traits: traits,
      languageVersion: languageVersion, driver: driver, limits: limits, device: device)
  }

  /// A description with no device behind it, for tests that play a driver; nil never happens.
  package init?(platformIndex: Int, deviceIndex: Int, platformName: String, traits: DeviceTraits) {
    guard let nothing = OpaquePointer(bitPattern: 1) else { return nil }
    self.init(
      platformIndex: platformIndex, deviceIndex: deviceIndex, platformName: platformName, traits: traits,
      languageVersion: "OpenCL C 1.2", driver: "",
      limits: LaunchLimits(group: traits.largestWorkGroup, groupExtents: [], localMemory: traits.localMemory),
      device: OpenCLHandle(nothing))
  }
}

/// The OpenCL devices of this machine.
public enum OpenCL {
  private static let found: Result<[OpenCLDeviceDescription], DeviceError> = Result { () throws(DeviceError) in
    try list()
  }

  /// Every device on every platform, looked up once a process.
  ///
  /// - Throws: ``DeviceError/unavailable(requested:reason:)`` when there is no loader, no platform, or no device.
  public static func devices() throws(DeviceError) -> [OpenCLDeviceDescription] { try found.get() }

  /// Looks again; for tests.
  package static func list() throws(DeviceError) -> [OpenCLDeviceDescription] {
    let cl = try OpenCLFunctions.system.get()
    var count: cl_uint = 0
    let code = cl.table.clGetPlatformIDs(0, nil, &count)
    guard code == CL_SUCCESS, count > 0 else {
      let reason =
        code == CL_SUCCESS || code == -1001
        ? "no OpenCL platform is installed (no usable ICD file)" : "the OpenCL loader fails with code \(code)"
      throw .unavailable(requested: "opencl", reason: reason)
    }
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    try check("clGetPlatformIDs", cl.table.clGetPlatformIDs(count, &platforms, nil))
    var devices: [OpenCLDeviceDescription] = []
    var problem: DeviceError?
    for (index, platform) in platforms.enumerated() {
      guard let platform else { continue }
      // A broken driver must not hide the others.
      do { devices += try describe(platform, index, cl) } catch { problem = problem ?? error }
    }
    if devices.isEmpty, let problem { throw problem }
    guard !devices.isEmpty else {
      throw .unavailable(requested: "opencl", reason: "no OpenCL platform has a device")
    }
    return devices
  }

  private static func describe(
    _ platform: cl_platform_id, _ platformIndex: Int, _ cl: OpenCLFunctions
  ) throws(DeviceError) -> [OpenCLDeviceDescription] {
    var count: cl_uint = 0
    let all = cl_device_type(CL_DEVICE_TYPE_ALL)
    let code = cl.table.clGetDeviceIDs(platform, all, 0, nil, &count)
    // A platform without devices is no error: its driver may serve hardware that is not here.
    if code == CL_DEVICE_NOT_FOUND { return [] }
    try check("clGetDeviceIDs", code)
    guard count > 0 else { return [] }
    var identifiers = [cl_device_id?](repeating: nil, count: Int(count))
    try check("clGetDeviceIDs", cl.table.clGetDeviceIDs(platform, all, count, &identifiers, nil))
    let name = try text(CL_PLATFORM_NAME, of: platform, cl)
    let driver = "platform: \(name), \(try text(CL_PLATFORM_VERSION, of: platform, cl))"
    var devices: [OpenCLDeviceDescription] = []
    for (index, identifier) in identifiers.enumerated() {
      guard let identifier else { continue }
      let query = DeviceQuery(cl: cl, device: OpenCLHandle(identifier))
      // Devices that cannot compile are of no use to us.
      guard try query.number(CL_DEVICE_COMPILER_AVAILABLE, cl_bool.self) != 0 else { continue }
      devices.append(
        OpenCLDeviceDescription(
          platformIndex: platformIndex, deviceIndex: index, platformName: name, traits: try query.traits(),
          languageVersion: try query.text(CL_DEVICE_OPENCL_C_VERSION), driver: "\(driver)\n\(try query.driver())",
          limits: try query.limits(),
          device: query.device))
    }
    return devices
  }

  private static func text(
    _ property: Int32, of platform: cl_platform_id, _ cl: OpenCLFunctions
  ) throws(DeviceError) -> String {
    var size = 0
    try check("clGetPlatformInfo", cl.table.clGetPlatformInfo(platform, cl_platform_info(property), 0, nil, &size))
    var bytes = [UInt8](repeating: 0, count: size)
    try check(
      "clGetPlatformInfo", cl.table.clGetPlatformInfo(platform, cl_platform_info(property), size, &bytes, nil))
    return decoded(bytes)
  }
}

/// Asks a driver about one device.
private struct DeviceQuery {
  let cl: OpenCLFunctions
  let device: OpenCLHandle

  func number<Number: FixedWidthInteger>(_ name: Int32, _: Number.Type) throws(DeviceError) -> Int {
    var value: Number = 0
    try check(
      "clGetDeviceInfo",
      cl.table.clGetDeviceInfo(device.pointer, cl_device_info(name), MemoryLayout<Number>.size, &value, nil))
    return Int(clamping: value)
  }

  func text(_ name: Int32) throws(DeviceError) -> String {
    var size = 0
    try check("clGetDeviceInfo", cl.table.clGetDeviceInfo(device.pointer, cl_device_info(name), 0, nil, &size))
    var bytes = [UInt8](repeating: 0, count: size)
    try check("clGetDeviceInfo", cl.table.clGetDeviceInfo(device.pointer, cl_device_info(name), size, &bytes, nil))
    return decoded(bytes)
  }

  func driver() throws(DeviceError) -> String {
    """
    device: \(try text(CL_DEVICE_NAME)), vendor \(try number(CL_DEVICE_VENDOR_ID, cl_uint.self))
    device version: \(try text(CL_DEVICE_VERSION))
    driver version: \(try text(CL_DRIVER_VERSION))
    """
  }

  func limits() throws(DeviceError) -> LaunchLimits {
    let dimensions = try number(CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS, cl_uint.self)
    var extents = [Int](repeating: 0, count: dimensions)
    try check(
      "clGetDeviceInfo",
      cl.table.clGetDeviceInfo(
        device.pointer, cl_device_info(CL_DEVICE_MAX_WORK_ITEM_SIZES), dimensions * MemoryLayout<Int>.size, &extents,
        nil))
    return LaunchLimits(
      group: try number(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self), groupExtents: extents,
      localMemory: try number(CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong.self),
      partAlignment: try number(CL_DEVICE_MEM_BASE_ADDR_ALIGN, cl_uint.self) / 8)
  }

  func traits() throws(DeviceError) -> DeviceTraits {
    let type = try number(CL_DEVICE_TYPE, cl_device_type.self)
    let kind: DeviceTraits.Kind =
      type & Int(CL_DEVICE_TYPE_GPU) != 0 ? .gpu : type & Int(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .accelerator
    return DeviceTraits(
      name: try text(CL_DEVICE_NAME), kind: kind, vendor: try text(CL_DEVICE_VENDOR),
      driver: try text(CL_DRIVER_VERSION),
      computeUnits: try number(CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint.self),
      globalMemory: try number(CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong.self),
      largestBuffer: try number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self),
      localMemory: try number(CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong.self),
      largestWorkGroup: try number(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self),
      vectorWidth: try number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, cl_uint.self))
  }
}

/// Text that ends at its zero, without the blanks that some drivers add.
private func decoded(_ bytes: [UInt8]) -> String {
  let words = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(separator: " ")
  return words.joined(separator: " ")
}
