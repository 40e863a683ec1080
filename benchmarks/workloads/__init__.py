"""One file a workload; each gives named figures for one run."""
