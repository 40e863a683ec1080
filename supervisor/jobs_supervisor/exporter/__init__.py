"""The HTTP face of a supervisor: /metrics, /livez, /readyz."""
