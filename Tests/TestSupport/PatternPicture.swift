/// A picture by the formula of `make_network_file_fixtures.py`, RGB of 0…255: [size, width, 3].
public func patternPicture(_ number: Int, size: Int, width: Int? = nil) -> [Float] {
  (0..<size).flatMap { y in
    (0..<(width ?? size)).flatMap { x in
      (0..<3).map { c in Float((x * (3 + number) + y * 5 + 40 * c) % 97 + (x * y / 7 + 11 * number) % 61 + 40) }
    }
  }
}
