import ToolSupport

Program.main(KernelBench.self)
