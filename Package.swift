// swift-tools-version: 6.2
import Foundation
import PackageDescription

// One table of targets; strict settings are applied to all of them in one loop at the end.
// Arrows point downwards only: see Sources/README.md.

/// A Swift library under Sources/, offered as a product.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies)
}

/// A test target that mirrors the library of the same name.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies)
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let systemLibraries: [Target] = [
  .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
  .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
  .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
]

// Inner loops stay optimised in debug builds, or the tests would crawl.
let fastC: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno"])]

let commit = Context.gitInformation.map { $0.currentCommit.prefix(9) + ($0.hasUncommittedChanges ? "+" : "") } ?? "?"

let cTargets: [Target] = [
  .target(name: "COpenCL", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
  .target(name: "CPNG", linkerSettings: [.linkedLibrary("png16")]),
  .target(name: "CTIFF", linkerSettings: [.linkedLibrary("tiff")]),
  .target(name: "CResampling", cSettings: fastC),
  .target(name: "CKernels"),
  .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
  .target(name: "CLoops", cSettings: fastC),
  .target(name: "CSHA256", cSettings: fastC),
  .target(name: "CVersion", cSettings: [.define("FLAWLESS_COMMIT", to: "\"\(commit)\"")]),
]

let libraries: [Target] = [
  library("Locking"),
  library("Compute", ["Locking"]),
  library("ComputeCPU", ["Compute", "CLoops", "COpenBLAS", "Locking"]),
  library("ComputeOpenCL", ["Compute", "Locking", "COpenCL", "CKernels", "CSHA256"]),
  library("Devices", ["Compute", "ComputeCPU", "ComputeOpenCL"]),
  library("Tensors", ["Compute"]),
  library("Networks", ["Tensors", "Checkpoints", "Images"]),
  library("Images", ["CPNG", "CTIFF", "CTurboJPEG", "CWebP", "CResampling"]),
  library("Checkpoints", ["Locking", "CZlib", "CSHA256"]),
  library("Backbones", ["Tensors", "Checkpoints"]),
  library("TextImage", ["Images", "Backbones", "Networks", "Checkpoints"]),
  library("Words", ["Checkpoints"]),
  library("Prompts", ["Words", "TextImage", "Images"]),
  library("Datasets", ["Checkpoints", "Images"]),
  library("SampleData", ["Images", "Checkpoints", "Locking"]),
  library("Metrics"),
  library("Detectors", ["Backbones", "Images", "Metrics", "Networks"]),
  library("Generator", ["Backbones", "Checkpoints", "Metrics", "Networks", "Tensors"]),
  library("Integrator", ["Generator", "Prompts", "TextImage", "Images", "Networks", "Tensors"]),
  library("Pages"),
  library("Generation", ["Integrator", "Generator", "Detectors", "Prompts", "Datasets", "Metrics", "Pages"]),
  library("Experiments", ["Detectors", "Datasets", "Metrics", "Pages"]),
  library("ONNX"),
  library("ModelExport", ["Detectors", "ONNX"]),
  library("OpCatalogue", ["Compute"]),
  library("Benchmarking", ["Compute"]),
]

let tools: [Target] = [
  .target(
    name: "ToolSupport", dependencies: ["Checkpoints", "Devices", "Locking", "CVersion", argumentParser],
    path: "Tools/Support"),
  .executableTarget(
    name: "flawless",
    dependencies: [
      "ToolSupport", "Backbones", "Checkpoints", "Compute", "Datasets", "Detectors", "Devices", "Experiments",
      "Generation", "Generator", "Images", "Integrator", "Metrics", "ModelExport", "Networks", "Prompts", "SampleData",
      "Tensors",
      "TextImage", "Words", argumentParser,
    ],
    path: "Tools/flawless", exclude: ["demo.jpg", "generated.jpg"]),
  .target(
    name: "Variants",
    dependencies: [
      "ToolSupport", "Compute", "ComputeCPU", "ComputeOpenCL", "Devices", "OpCatalogue", argumentParser,
    ],
    path: "Tools/Variants"),
  .executableTarget(
    name: "kernel-bench",
    dependencies: [
      "ToolSupport", "Variants", "Backbones", "Benchmarking", "Checkpoints", "Compute", "ComputeCPU", "ComputeOpenCL",
      "Devices", "Networks", "OpCatalogue", "Tensors", "TextImage", argumentParser,
    ],
    path: "Tools/kernel-bench", exclude: ["counts.json"]),
  .executableTarget(
    name: "parity",
    dependencies: [
      "ToolSupport", "Variants", "Backbones", "Checkpoints", "Compute", "ComputeCPU", "ComputeOpenCL", "Devices",
      "OpCatalogue",
      "Tensors", argumentParser,
    ],
    path: "Tools/parity", exclude: ["equivalent-mutants.txt", "errors.json"]),
]

let testTargets: [Target] = [
  .target(
    name: "TestSupport",
    dependencies: ["Backbones", "Checkpoints", "Compute", "ComputeCPU", "ComputeOpenCL", "Images", "Tensors"],
    path: "Tests/TestSupport"),
  .target(name: "HostileFiles", dependencies: ["Checkpoints", "Images"], path: "Tests/HostileFiles"),
  .executableTarget(
    name: "fuzz-readers", dependencies: ["HostileFiles", "CAllocationCount"], path: "Tests/FuzzReaders"),
  tests("Compute", ["ComputeCPU", "ComputeOpenCL", "CKernels", "CLoops", "Locking"]),
  tests("Devices", ["Compute", "ComputeCPU", "ComputeOpenCL", "CLoops", "Tensors"]),
  tests("Tensors", ["Compute", "ComputeCPU"]),
  tests("Networks", ["Tensors", "Compute", "ComputeCPU", "ComputeOpenCL", "Checkpoints", "Images"]),
  tests("Images", ["Checkpoints", "HostileFiles"]),
  tests("Checkpoints", ["HostileFiles", "fuzz-readers"]),
  tests("Backbones", ["Checkpoints", "Compute", "Tensors"]),
  tests("TextImage", ["Images", "Backbones", "Networks", "Checkpoints", "Compute", "Tensors"]),
  tests("Words", ["HostileFiles"]),
  tests("Prompts", ["Words", "TextImage", "Images", "Backbones", "Checkpoints", "Compute", "Datasets", "SampleData"]),
  tests("Datasets", ["Images"]),
  tests("SampleData", ["Images", "Datasets"]),
  tests("Metrics"),
  tests("Detectors", ["Backbones", "Checkpoints", "Compute", "Datasets", "Images", "Metrics", "Networks", "Tensors"]),
  tests(
    "Generation",
    [
      "Checkpoints", "Compute", "Datasets", "Detectors", "Generator", "Images", "Integrator", "Networks", "Prompts",
      "Tensors",
      "TextImage",
    ]),
  tests("Generator", ["Backbones", "Checkpoints", "Compute", "Metrics", "Networks", "Tensors"]),
  tests(
    "Integrator",
    ["Backbones", "Checkpoints", "Compute", "Generator", "Images", "Networks", "Prompts", "Tensors", "TextImage"]),
  tests("Benchmarking", ["Compute", "ComputeCPU", "ComputeOpenCL"]),
  tests("ONNX"),
  tests("ModelExport", ["Backbones", "Checkpoints", "Compute", "Detectors", "Tensors"]),
  tests("OpCatalogue", ["Compute", "ComputeCPU", "Locking"]),
  tests("Experiments", ["Backbones", "Compute", "Datasets", "Detectors", "Metrics", "SampleData"]),
  .testTarget(
    name: "FlawlessTests",
    dependencies: ["flawless", "Checkpoints", "HostileFiles", "Images", "TestSupport", "ToolSupport"],
    exclude: ["Snapshots"]),
  .testTarget(
    name: "KernelBenchTests",
    dependencies: [
      "kernel-bench", "Backbones", "Benchmarking", "Checkpoints", "Compute", "ComputeOpenCL", "OpCatalogue",
      "TestSupport",
      "ToolSupport",
    ]),
  .testTarget(name: "ParityTests", dependencies: ["parity", "ComputeOpenCL", "OpCatalogue", "TestSupport"]),
  // As another package would use the libraries: it sees what is public, and nothing else.
  .testTarget(
    name: "ExampleTests",
    dependencies: ["Backbones", "Datasets", "Detectors", "Devices", "Experiments", "Images", "TestSupport"],
    packageAccess: false),
]

let package = Package(
  name: "flawless",
  products: libraries.map { .library(name: $0.name, targets: [$0.name]) }
    + ["flawless", "parity", "kernel-bench"].map { .executable(name: $0, targets: [$0]) },
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2"))
  ],
  targets: systemLibraries + cTargets + libraries + tools + testTargets,
  cLanguageStandard: .c2x
)

// Every target names all that it stands on, also what lies deeper. A module is not written anew when its own interface
// stays the same, so without this a change of a class's private layout would leave modules further up with the old one:
// memory is then corrupted, in release builds only.
var deeper: [String: [Target.Dependency]] = [:]
for target in package.targets {
  var all: [Target.Dependency] = []
  for dependency in target.dependencies {
    all.append(dependency)
    if case .byNameItem(let name, _) = dependency { all += deeper[name] ?? [] }
  }
  var seen: Set<String> = []
  target.dependencies = all.filter { seen.insert("\($0)").inserted }
  deeper[target.name] = target.dependencies
}

// A folder's README is no source of its target.
for target in package.targets where target.type != .system {
  let folder = target.path ?? (target.isTest ? "Tests/" : "Sources/") + target.name
  if FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(folder)/README.md") {
    target.exclude.append("README.md")
  }
}
for target in package.targets where target.type != .system && !cTargets.contains(where: { $0.name == target.name }) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .swiftLanguageMode(.v6),
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .treatAllWarnings(as: .error),
    ]
}
for target in cTargets {
  target.cSettings = (target.cSettings ?? []) + [.treatAllWarnings(as: .error)]
}
