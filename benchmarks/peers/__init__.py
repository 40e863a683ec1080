"""One folder a peer: what it is (`peer.toml`), what it needs, its jobs and its producer (`app`)."""
