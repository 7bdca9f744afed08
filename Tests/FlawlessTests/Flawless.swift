import TestSupport

/// Runs the program to its end.
func flawless(
  _ arguments: String..., environment: [String: String?] = [:], output: ProgramRun.Target = .captured,
  errors: ProgramRun.Target = .captured
) throws -> ProgramRun.Outcome {
  try ProgramRun("flawless", arguments, environment: environment, output: output, errors: errors).wait()
}
