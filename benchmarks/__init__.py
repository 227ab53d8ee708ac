"""Speed and memory, measured: `python -m benchmarks.rounds`, `.felt`, `.kernels`, ... See README.md here."""
