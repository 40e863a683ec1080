"""One scheduler a host: listening, heartbeat and rescue for its own workers; one of all leads."""
