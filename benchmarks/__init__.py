"""How fast it is, measured: `make bench`, or `python -m benchmarks --help`."""
