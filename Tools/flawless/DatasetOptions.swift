import ArgumentParser
import Datasets
import ToolSupport

/// Layouts of data sets that `--dataset` takes.
enum DatasetKind: String, ExpressibleByArgument, CaseIterable {
  case mvtec
}

/// Where the pictures are.
struct DatasetOptions: ParsableArguments {
  @Option(help: "The layout of the data set.")
  var dataset: DatasetKind = .mvtec

  @Option(help: ArgumentHelp("The data set's folder, which holds the categories.", valueName: "ROOT"))
  var data: String

  @Option(help: ArgumentHelp("The category: a product's folder.", valueName: "NAME"))
  var category: String

  func load() throws -> Category {
    switch dataset {
    case .mvtec: try MVTecDataset(root: data).category(category)
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
