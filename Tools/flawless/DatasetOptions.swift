public import ArgumentParser
public import Datasets
import ToolSupport

extension DatasetKind: ExpressibleByArgument {}

/// A category of a data set, or a folder of good pictures.
struct ProductPlace: ParsableArguments {
  @Option(help: "The layout of the data set.")
  var dataset: DatasetKind = .auto

  @Option(help: ArgumentHelp("The data set's folder, which holds the categories.", valueName: "ROOT"))
  var data: String?

  @Option(
    help: ArgumentHelp("The category: a product's folder. May be left out where there is one.", valueName: "NAME"))
  var category: String?

  @Option(help: ArgumentHelp("VisA's list in split_csv, without '.csv'.", valueName: "NAME"))
  var split = Dataset.standardSplit

  @Option(help: ArgumentHelp("A folder of good pictures, in any layout; may be repeated.", valueName: "DIR"))
  var normal: [String] = []

  var isOwnLayout: Bool { dataset == .auto || dataset == .folder }
  var foreignFolders: ValidationError {
    ValidationError("--dataset \(dataset.rawValue) has folders of its own; leave it out.")
  }
}

/// Where the pictures are.
struct DatasetOptions: ParsableArguments {
  @OptionGroup var place: ProductPlace

  @Option(help: ArgumentHelp("A folder of defective test pictures; may be repeated.", valueName: "DIR"))
  var abnormal: [String] = []

  @Option(help: ArgumentHelp("A folder of good test pictures; may be repeated.", valueName: "DIR"))
  var normalTest: [String] = []

  @Option(
    help: ArgumentHelp(
      "A folder of masks of the defective pictures, found by their names; may be repeated.", valueName: "DIR"))
  var masks: [String] = []

  @Option(
    help: ArgumentHelp(
      "A list of pictures as CSV (path,split,label,mask) or JSON lines; paths are relative to it.", valueName: "FILE"))
  var manifest: String?

  private var namesFolders: Bool { !(place.normal + abnormal + normalTest + masks).isEmpty }

  func validate() throws {
    if manifest != nil, place.data != nil || namesFolders {
      throw ValidationError("--manifest cannot be used with --data or folders of pictures.")
    }
    if manifest != nil || namesFolders, !place.isOwnLayout { throw place.foreignFolders }
    if manifest == nil, place.data == nil, !namesFolders {
      throw ValidationError("Name pictures with --data, with --normal, or with --manifest.")
    }
    if !masks.isEmpty, abnormal.isEmpty { throw ValidationError("--masks needs --abnormal.") }
  }

  func open() throws -> Dataset {
    if let manifest { return try Dataset(manifest: manifest) }
    guard namesFolders else { return try Dataset(place.dataset, root: place.data ?? ".", split: place.split) }
    return Dataset(
      PictureFolders(
        name: place.category, root: place.data ?? "", normal: place.normal, abnormal: abnormal, normalTest: normalTest,
        masks: masks))
  }

  func load() throws -> Category { try open().category(place.category) }

  /// Says which layout was recognised, and what was passed over.
  func announce(_ found: Category, _ progress: ProgressReporter) throws {
    if place.dataset == .auto, manifest == nil, !namesFolders {
      try progress.note("data set: \(found.root) has \(found.kind.layout) (--dataset \(found.kind.rawValue))")
    }
    for line in Self.summary(of: found.skipped, relative: found.relative) { try progress.note("skipped \(line)") }
  }

  /// A line for each reason why files were skipped, with the first few of them.
  ///
  /// - relative: shortens a path
  static func summary(of skipped: [SkippedFile], relative: (String) -> String = { $0 }) -> [String] {
    Dictionary(grouping: skipped, by: \.reason).sorted { $0.key < $1.key }.map { reason, files in
      let named = files.prefix(3).map { relative($0.path) }.joined(separator: ", ")
      return "\(named)\(files.count > 3 ? " and \(files.count - 3) more" : ""): \(reason)"
    }
  }
}

/// Which pictures a model is trained on.
struct TrainingPictures: ParsableArguments {
  @OptionGroup var dataset: DatasetOptions

  @Option(
    help: ArgumentHelp(
      "Train on this many pictures: the first by name, or a random draw (default: all).", valueName: "COUNT"))
  var shots: Int?

  @Option(help: ArgumentHelp("Draw the shots at random with this seed.", valueName: "SEED"))
  var draw: UInt64?

  func validate() throws {
    if draw != nil, shots == nil { throw ValidationError("--draw needs --shots.") }
  }
}

/// Generated pictures that a model is trained on, too.
struct GeneratedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A folder that a generator of good pictures wrote, or any folder of such pictures: they are trained on beside the real \
      ones, which alone give the threshold; may be repeated.
      """, valueName: "DIR"))
  var generated: [String] = []

  /// Reads the generated pictures, and says what was passed over.
  func load(_ progress: ProgressReporter) throws -> [GeneratedPictures.Picture] {
    let found = try GeneratedPictures(generated)
    if found.rejected > 0 {
      try progress.note("generated pictures: \(found.pictures.count) were accepted, \(found.rejected) rejected")
    }
    for line in DatasetOptions.summary(of: found.skipped) { try progress.note("skipped \(line)") }
    let unknown = found.pictures.count { $0.parents == nil }
    if unknown > 0 {
      try progress.note(
        "the parents of \(unknown) generated picture\(unknown == 1 ? " is" : "s are") unknown: where real pictures are held "
          + "out for the threshold, so are these")
    }
    return found.pictures
  }
}
