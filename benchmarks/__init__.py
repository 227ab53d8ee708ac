"""Speed, measured: `python -m benchmarks.rounds`, `.felt`, `.growth`. See README.md beside this file."""
