"""What runs inside every contestant's own environment; the standard library is all it needs."""
