"""Jobs kept in the tables of a Node pg-boss, shared with its own workers."""

from jobs_runtime.executors.pgboss.client import PgBossClient
from jobs_runtime.executors.pgboss.leases import PgBossLeases

__all__ = ["PgBossClient", "PgBossLeases"]
