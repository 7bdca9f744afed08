extension TestDevice {
  static var openCL: [TestDevice] { [] }
}
