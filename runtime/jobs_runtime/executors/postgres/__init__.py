"""The executor on our own tables, the schema `jobs`."""

from jobs_runtime.executors.postgres.executor import PostgresExecutor

__all__ = ["PostgresExecutor"]
