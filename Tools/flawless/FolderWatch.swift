import Datasets
import Foundation
import Images
import ToolSupport

/// Looks at folders for pictures that are new or changed and completely written.
///
/// Looking is repeated rather than left to inotify, which sees nothing on network drives. A picture counts as written when
/// its size and time stay the same for ``settling``; one that then cannot be read gets ``patience`` more, for cameras that
/// pause while they write.
///
/// What is remembered is bounded by the pictures that lie in the folders, or did in the last ``memory``. A picture that has
/// been gone for longer and comes back is new; one of the same name but for the extension then takes its place, also among
/// the results.
struct FolderWatch {
  /// A picture to inspect.
  struct Settled {
    let picture: NamedPicture
    /// Since when it is complete: its own time, where that lies between the two looks before and after, else the earlier
    /// look's, which errs to the long side. Nil for pictures that were there before anybody looked.
    let completed: ContinuousClock.Instant?
  }

  private static let settling = Duration.milliseconds(100)
  private static let patience = Duration.seconds(5)
  private static let memory = Duration.seconds(600)
  /// Between looks: when nothing is going on, and when a picture may be complete at the next one.
  private static let pause = (idle: Duration.milliseconds(250), busy: Duration.milliseconds(50))

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

    /// How long ago the file was last written, by the wall clock.
    var age: Duration {
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      return .seconds(now.tv_sec - seconds) + .nanoseconds(now.tv_nsec - nanoseconds)
    }
  }

  private struct Seen {
    var state: State
    /// The first look at this state, and the last one at the file.
    var since: ContinuousClock.Instant
    var last: ContinuousClock.Instant
    var completed: ContinuousClock.Instant?
    var stem: String
    var isFinished = false
    /// Reading it has failed.
    var isTried = false
  }

  private let arguments: [String]
  private let output: String?
  private var seen: [String: Seen] = [:]
  private var usedStems: Set<String> = []
  private var lastLook: ContinuousClock.Instant?
  private var lookTook = Duration.zero
  private var mayBeWriting = false

  init(_ arguments: [String], outside output: String?) {
    self.arguments = arguments
    self.output = output
  }

  /// - Throws: ``UsageError`` for anything but a folder.
  static func check(_ arguments: [String]) throws {
    for argument in arguments where !NamedPictures.isFolder(argument) {
      throw UsageError("--watch takes folders, and '\(argument)' is none.")
    }
  }

  /// How long to wait until the next look. Looking takes a fifth of the time at most, however many pictures there are;
  /// inspecting pictures counts as waiting.
  var pause: Duration {
    let pause = max(mayBeWriting ? Self.pause.busy : Self.pause.idle, lookTook * 4)
    return max(pause - (lastLook?.duration(to: .now) ?? .zero), .zero)
  }

  /// Pictures that are remembered.
  var count: Int { seen.count }

  /// One look: pictures whose files have not changed for a while, and which are not finished. Of many new ones some are
  /// left to the next look, which comes sooner then, so that pictures that come meanwhile are seen in time.
  mutating func settled() -> [Settled] {
    let now = ContinuousClock.now
    var (ready, tried): ([Settled], [Settled]) = ([], [])
    mayBeWriting = false
    // An empty folder matches nothing, which is no error here.
    for picture in arguments.flatMap({ (try? PictureFiles.expand([$0])) ?? [] }) {
      if let output, NamedPictures.isInside(picture.path, output) { continue }
      guard let state = State(picture.path) else { continue }
      guard let earlier = seen[picture.path], earlier.state == state else {
        remember(picture, state, now)
        mayBeWriting = true
        continue
      }
      seen[picture.path]?.last = now
      guard !earlier.isFinished else { continue }
      guard earlier.since.duration(to: now) >= (state.size > 0 ? Self.settling : Self.patience) else {
        mayBeWriting = true
        continue
      }
      let settled = Settled(
        picture: NamedPicture(path: picture.path, outputStem: earlier.stem), completed: earlier.completed)
      if earlier.isTried { tried.append(settled) } else { ready.append(settled) }
    }
    let batch = ready.prefix(max(Prefetch<Image>.defaultThreads, ready.count / 8))
    mayBeWriting = mayBeWriting || batch.count < ready.count
    forget(now)
    lastLook = now
    lookTook = now.duration(to: .now)
    return batch + tried
  }

  private mutating func remember(_ picture: PictureFiles.Named, _ state: State, _ now: ContinuousClock.Instant) {
    let stem = seen[picture.path]?.stem ?? newStem(picture.outputStem)
    let written = now - state.age
    let completed = lastLook.map { $0 <= written && written <= now ? written : $0 }
    seen[picture.path] = Seen(state: state, since: now, last: now, completed: completed, stem: stem)
  }

  private mutating func forget(_ now: ContinuousClock.Instant) {
    for (path, entry) in seen where entry.last.duration(to: now) > Self.memory {
      seen[path] = nil
      usedStems.remove(entry.stem)
    }
  }

  /// The picture is done, until it changes.
  mutating func finish(_ picture: NamedPicture) { seen[picture.path]?.isFinished = true }

  /// Whether a picture that cannot be read has had its time; it is then left alone until it changes.
  mutating func giveUp(on picture: NamedPicture) -> Bool {
    seen[picture.path]?.isTried = true
    guard let since = seen[picture.path]?.since, since.duration(to: .now) > Self.patience else { return false }
    finish(picture)
    return true
  }

  private mutating func newStem(_ wanted: String) -> String {
    var (stem, number) = (wanted, 2)
    while !usedStems.insert(stem).inserted {
      stem = "\(wanted)-\(number)"
      number += 1
    }
    return stem
  }
}
