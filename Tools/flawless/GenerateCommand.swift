import ArgumentParser

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Generate good pictures of a product around a few real ones.",
    discussion: """
      A generator is trained on a product's good pictures, varies them, and keeps what fits the product's name and the real \
      pictures. Detectors take the results with 'flawless train --generated'.

      Examples:
        flawless generate --data mvtec --category metal_nut --shots 4 \\
          --count 40 -o nut-generated
        flawless train --data mvtec --category metal_nut --shots 4 \\
          --generated nut-generated -o nut.model
      """,
    subcommands: [GenerateRun.self, GenerateTrain.self, GenerateSample.self], defaultSubcommand: GenerateRun.self)
}
