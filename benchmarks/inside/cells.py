"""The shared memory in which no-ops are counted."""

CELLS = 8192
"""Counters of 8 bytes each in the file `counts`; a process takes the one of its pid."""
