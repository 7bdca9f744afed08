import OpCatalogue
import Testing

@Suite("Data of cases")
struct FillTests {
  private func input(_ text: String, seed: UInt64 = 1) throws -> [Float] {
    let (made, fill) = try OpCatalogue.makeCase(parsing: text)
    guard case .floats(let values) = made.prepared(fill, seed: seed).input(0) else { return [] }
    return values
  }

  @Test func theSameCaseHasTheSameData() throws {
    let text = "op=activate n=100 act=tanh data=normal"
    #expect(try input(text) == input(text))
    #expect(try input(text) != input(text, seed: 2))
    #expect(try input(text) != input("op=activate n=100 act=relu data=normal"))
  }

  @Test func normalDataIsNormal() throws {
    let values = try input("op=activate n=20000 act=none data=normal").map(Double.init)
    let mean = values.reduce(0, +) / 20_000
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000).squareRoot()
    // Four standard errors: 1/√20000 and 1/√40000.
    #expect(abs(mean) <= 4 * 0.0071)
    #expect(abs(deviation - 1) <= 4 * 0.005)
  }

  @Test func poisonIsOneNaNOrTwo() throws {
    let values = try input("op=activate n=100 act=none data=poison")
    #expect((1...2).contains(values.count { $0.isNaN }))
    let infinite = try input("op=reduce outer=1 reduced=50 inner=2 f=sum data=infinite")
    #expect((1...2).contains(infinite.count { $0.isInfinite }))
  }

  @Test func oneHotIsOneHot() throws {
    let values = try input("op=convolve h=5 w=7 c=3 o=2 k=3 p=1 data=onehot")
    #expect(values.reduce(0, +) == 1)
    #expect(values.count { $0 != 0 } == 1)
  }

  @Test func integersAreSmall() throws {
    let values = try input("op=multiply m=20 n=3 k=20 data=integer")
    #expect(values.allSatisfy { $0 == $0.rounded() && abs($0) <= 4 })
    #expect(Set(values).count == 9)
  }
}
