import ToolSupport

Program.main(Parity.self)
