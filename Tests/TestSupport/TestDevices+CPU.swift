extension TestDevice {
  static var cpuPath: [TestDevice] { [] }
}
