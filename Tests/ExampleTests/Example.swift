import Backbones
import Datasets
import Detectors
import Devices
import Experiments
import Foundation
import Images

/// Trains on a product's good pictures, keeps the model, and says whether and where a new picture is defective.
///
/// - data: a folder that holds `<product>/train/good/*.png`
/// - weights: the network's weights file; nil for the one in the cache
func inspect(_ picture: String, data: String, product: String, model path: String, weights: String? = nil) throws {
  // An OpenCL GPU that passes its self-test, else the CPU.
  let device = try DeviceChoice.open(.automatic).device
  let backbone = try LoadedBackbone(.efficientNetLite0, weights: weights, on: device)

  var configuration = PatchCoreConfiguration()
  configuration.size = 128
  let training = Training(
    configuration: configuration, files: try Dataset(root: data).category(product).training,
    programVersion: "my program 1.0")
  let trained = try training.run(backbone) { stage, done, total in print("\(stage.name) \(done)/\(total)") }.model
  try trained.save(to: path)

  // Later, perhaps on another machine:
  let model = try TrainedModel.load(path, weights: weights, on: device)
  guard let threshold = model.detector.threshold else { return }
  let image = try Image(path: picture)
  let inspection = try model.detector.inspect(image)
  print(inspection.score > threshold.score ? "defective" : "good", inspection.score)

  // Where: one value for each pixel of the picture; what is above the threshold gets a line around it.
  let map = inspection.map.resized(width: image.width, height: image.height)
  let scale = HeatScale(low: 0, high: 2 * threshold.pixel, threshold: threshold)
  try scale.overlay(image, map: map, mask: nil).writePNG(to: URL(fileURLWithPath: "\(path)-overlay.png"))
}
