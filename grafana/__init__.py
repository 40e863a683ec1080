"""Dashboards and alert rules; `make docs` writes the dashboards' JSON."""
