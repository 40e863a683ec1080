"""Where jobs are kept and how they are claimed: one folder an executor, one protocol for all."""
