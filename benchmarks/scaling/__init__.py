"""Several supervisors on one database, held against a model: `python -m benchmarks.scaling`."""
