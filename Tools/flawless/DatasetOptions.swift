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

  @Option(help: "The category: a product's folder.")
  var category: String

  func load() throws -> Category {
    switch dataset {
    case .mvtec: try MVTecDataset(root: data).category(category)
    }
  }
}
