"""Two optional objects on pg-boss's own table, by which jobs are taken and noticed at once.

`jobs_runtime_claim` is an index in the order of claims: without it a claim sorts all that waits.
`jobs_runtime_wake` is a trigger that notifies waiting workers of jobs sent by Node, which notifies
nobody. Node's statements do not change: its own pattern match cannot use the index and does not
mind it. Both can be dropped at any time.
"""

from jobs_runtime.executors.pgboss.tuning.tuning import Tuning, look, tune, undo

__all__ = ["Tuning", "look", "tune", "undo"]
