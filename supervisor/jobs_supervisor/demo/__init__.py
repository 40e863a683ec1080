"""The demo: Python's standard library, measured by a real pool on a Postgres of its own."""
