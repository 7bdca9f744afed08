/// 8-connected regions of a mask.
public enum Regions {
  /// A region's number for each pixel, from 1 in the order in which regions begin; 0 outside. And their pixel counts.
  ///
  /// Two passes with union-find over provisional labels.
  ///
  /// - mask: [height, width], non-zero inside; another count of pixels is a programming error.
  public static func label(_ mask: [UInt8], width: Int, height: Int) -> (labels: [Int32], areas: [Int]) {
    precondition(width >= 0 && height >= 0 && mask.count == width * height, "a mask has height · width pixels")
    var labels = [Int32](repeating: 0, count: mask.count)
    var parents: [Int32] = [0]
    func root(_ label: Int32) -> Int32 {
      var label = label
      while parents[Int(label)] != label {
        parents[Int(label)] = parents[Int(parents[Int(label)])]
        label = parents[Int(label)]
      }
      return label
    }
    for row in 0..<height {
      for column in 0..<width where mask[row * width + column] != 0 {
        let index = row * width + column
        var found: Int32 = 0
        func join(_ neighbour: Int) {
          guard labels[neighbour] != 0 else { return }
          let other = root(labels[neighbour])
          if found == 0 {
            found = other
          } else if other != found {
            parents[Int(max(found, other))] = min(found, other)
            found = min(found, other)
          }
        }
        // Neighbours that have a label already: left, and three above.
        if column > 0 { join(index - 1) }
        if row > 0 {
          if column > 0 { join(index - width - 1) }
          join(index - width)
          if column + 1 < width { join(index - width + 1) }
        }
        if found == 0 {
          found = Int32(parents.count)
          parents.append(found)
        }
        labels[index] = found
      }
    }
    var numbers = [Int32](repeating: 0, count: parents.count)
    var areas: [Int] = []
    for index in labels.indices where labels[index] != 0 {
      let label = Int(root(labels[index]))
      if numbers[label] == 0 {
        areas.append(0)
        numbers[label] = Int32(areas.count)
      }
      labels[index] = numbers[label]
      areas[Int(numbers[label]) - 1] += 1
    }
    return (labels, areas)
  }
}
