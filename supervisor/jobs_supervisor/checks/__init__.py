"""`jobs-supervisor check`: what can be found wrong before a pool is started, one file a matter."""
