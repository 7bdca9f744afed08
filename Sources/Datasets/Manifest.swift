import Foundation

/// A list of pictures, as CSV with a header or as JSON lines: `path`, and perhaps `split` (train, validation, test),
/// `label` (good, or the kind of defect), `mask` (several with `|` between them) and `category`.
///
/// Paths are relative to the list's folder. Without a split normal pictures are for training and defective ones for
/// tests. VisA's lists are manifests with other names of columns.
struct Manifest: CategorySource {
  let kind: DatasetKind
  /// The folder that paths are relative to.
  let root: String
  let file: String
  private let entries: [Entry]

  /// What one line says.
  private struct Entry: Sendable {
    let line: Int
    let path, split, label: String
    let masks: [String]
    let category: String?

    init(_ row: ManifestRows.Row) {
      line = row.line
      path = row.fields["path"] ?? ""
      split = row.fields["split"] ?? ""
      label = row.fields["label"] ?? ""
      masks = (row.fields["mask"] ?? "").split(separator: "|").map(String.init)
      category = row.fields["category"].flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  /// - root: the list's own folder when nil
  /// - Throws: ``DatasetError`` when it cannot be read or lists nothing.
  init(path: String, kind: DatasetKind = .folder, root: String? = nil) throws(DatasetError) {
    self.kind = kind
    self.root = root ?? PathName.folder(path)
    file = path
    entries = try ManifestRows(path: path).rows.map(Entry.init)
    guard !entries.isEmpty else { throw .unreadable(path: path, reason: "it lists no picture") }
    for entry in entries where entry.path.isEmpty {
      throw .listed(file: path, line: entry.line, reason: "there is no path of a picture")
    }
  }

  func categories() -> [String] { Set(entries.map { $0.category ?? ownName }).sorted() }

  private var ownName: String { PathName.last(PathName.withoutExtension(file)) }

  func category(_ name: String) throws(DatasetError) -> Category {
    var (training, validation): ([String], [String]) = ([], [])
    var test: [Sample] = []
    var skipped: [SkippedFile] = []
    var lines: [String: Int] = [:]
    for entry in entries where (entry.category ?? ownName) == name {
      let path = try existing(entry.path, "picture", entry.line)
      if let other = lines.updateValue(entry.line, forKey: PathName.absolute(path)) {
        throw .listed(file: file, line: entry.line, reason: "\(entry.path) is listed already in line \(other)")
      }
      var masks: [String] = []
      for mask in entry.masks { masks.append(try existing(mask, "mask", entry.line)) }
      let label = try label(entry)
      let split = try split(entry, label)
      if split == .test {
        test.append(Sample(path: path, label: label, masks: masks))
      } else if label.isDefective {
        skipped.append(SkippedFile(path, "defective: only normal pictures are trained on"))
      } else if split == .validation {
        validation.append(path)
      } else {
        training.append(path)
      }
    }
    return Category(
      name: name, kind: kind, root: root, training: training.sorted(), validation: validation.sorted(), test: test,
      skipped: skipped)
  }

  private enum Split { case training, validation, test }

  private func split(_ entry: Entry, _ label: Label) throws(DatasetError) -> Split {
    switch entry.split.lowercased() {
    case "": label.isDefective ? .test : .training
    case "train", "training": .training
    case "val", "valid", "validation": .validation
    case "test", "testing": .test
    default:
      throw .listed(
        file: file, line: entry.line, reason: "the split '\(entry.split)' is not train, validation or test")
    }
  }

  private func label(_ entry: Entry) throws(DatasetError) -> Label {
    switch entry.label.lowercased() {
    case "good", "normal", "ok", "0", "false": return .good
    case "1", "true": return .defective(kind: "defective")
    case "":
      // What is trained on is normal, and who draws a mask has seen a defect.
      if !entry.masks.isEmpty { return .defective(kind: "defective") }
      if try split(entry, .good) != .test { return .good }
      throw .listed(file: file, line: entry.line, reason: "a test picture needs a label: good, or the kind of defect")
    default: return .defective(kind: entry.label)
    }
  }

  private func existing(_ path: String, _ what: String, _ line: Int) throws(DatasetError) -> String {
    // Lists from Windows have backslashes.
    for candidate in [path, path.replacing("\\", with: "/")] {
      let full = PathName.joined(root, candidate)
      if FileManager.default.fileExists(atPath: full), !PictureFiles.isFolder(full) { return full }
    }
    throw .listed(file: file, line: line, reason: "there is no \(what) \(PathName.joined(root, path))")
  }
}
