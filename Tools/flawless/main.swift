import ToolSupport

Program.main(Flawless.self)
