import Datasets
import Foundation
import ToolSupport

/// Looks at folders for pictures that are new or changed and completely written.
///
/// Looking is repeated rather than left to inotify, which sees nothing on network drives. A picture counts as written when
/// its size and time stay the same from one look to the next; one that then cannot be read gets ``patience`` more, for
/// cameras that pause while they write.
struct FolderWatch {
  /// Milliseconds between looks.
  static let pause = 500
  private static let patience = Duration.seconds(5)

  /// What changes when a file is written.
  private struct State: Equatable {
    let size: Int64
    let seconds: Int
    let nanoseconds: Int
    let number: UInt64

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      size = Int64(status.st_size)
      number = UInt64(status.st_ino)
      #if canImport(Darwin)
        (seconds, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
      #else
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
      #endif
    }
  }

  private struct Seen {
    var state: State
    var since: ContinuousClock.Instant
    var isFinished = false
  }

  private let arguments: [String]
  private let output: String
  private var seen: [String: Seen] = [:]
  /// Kept for good: a later picture of the same stem must not overwrite an earlier one's results.
  private var stems: [String: String] = [:]
  private var usedStems: Set<String> = []

  init(_ arguments: [String], outside output: String) {
    self.arguments = arguments
    self.output = output
  }

  /// - Throws: ``UsageError`` for anything but a folder.
  static func check(_ arguments: [String]) throws {
    for argument in arguments where !NamedPictures.isFolder(argument) {
      throw UsageError("--watch takes folders, and '\(argument)' is none.")
    }
  }

  /// One look: pictures whose files have not changed since the look before, and which are not finished.
  mutating func settled() -> [NamedPicture] {
    var ready: [NamedPicture] = []
    // An empty folder matches nothing, which is no error here.
    for picture in arguments.flatMap({ (try? PictureFiles.expand([$0])) ?? [] }) {
      guard !NamedPictures.isInside(picture.path, output), let state = State(picture.path) else { continue }
      if let earlier = seen[picture.path], earlier.state == state {
        if !earlier.isFinished, state.size > 0 || earlier.since.duration(to: .now) > Self.patience {
          ready.append(NamedPicture(path: picture.path, outputStem: stem(for: picture)))
        }
      } else {
        seen[picture.path] = Seen(state: state, since: .now)
      }
    }
    return ready
  }

  /// The picture is done, until it changes.
  mutating func finish(_ picture: NamedPicture) { seen[picture.path]?.isFinished = true }

  /// Whether a picture that cannot be read has had its time; it is then left alone until it changes.
  mutating func giveUp(on picture: NamedPicture) -> Bool {
    guard let since = seen[picture.path]?.since, since.duration(to: .now) > Self.patience else { return false }
    finish(picture)
    return true
  }

  private mutating func stem(for picture: PictureFiles.Named) -> String {
    if let stem = stems[picture.path] { return stem }
    var (stem, number) = (picture.outputStem, 2)
    while !usedStems.insert(stem).inserted {
      stem = "\(picture.outputStem)-\(number)"
      number += 1
    }
    stems[picture.path] = stem
    return stem
  }
}
