"""Expiring, archiving and deleting jobs in the tables of pg-boss, as Node's maintenance does.

In many short steps, each under the lock that a Node's takes for its whole statement, so that no two
of us do it at once and nobody waits for long.
"""

from jobs_runtime.executors.pgboss.maintenance.maintenance import Keeping, Maintenance, Step

__all__ = ["Keeping", "Maintenance", "Step"]
