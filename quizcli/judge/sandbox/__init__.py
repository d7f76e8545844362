"""What a candidate may not do: limits, the file system, system calls; enforced by the kernel."""
