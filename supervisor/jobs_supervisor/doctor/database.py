"""What is wrong with the database that the jobs are in: pure rules."""

from __future__ import annotations

from collections.abc import Iterator

from jobs_runtime.executors.postgres.partitions import DAYS_AHEAD
from jobs_supervisor.doctor import thresholds
from jobs_supervisor.doctor.facts import Facts, ReplicationSlot, Transaction
from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.status import duration


def look_at_history(facts: Facts) -> Iterator[Finding]:
    """Whether the partitions of the coming days are there."""
    days = facts.health.days_ahead
    if days < thresholds.DAYS_AHEAD:
        lacks = (
            "not even for today" if days < 0 else f"for {days} days ahead, instead of {DAYS_AHEAD}"
        )
        yield Finding(
            Level.WRONG,
            f"the history has partitions {lacks}",
            "the leader makes them; mostly its role may not (JobsHistoryUnprepared)",
        )
    strays = sum(table.live for table in facts.tables if table.name == "finished_default")
    if strays:
        yield Finding(
            Level.WRONG,
            f"{strays:,} finished jobs are in no day's partition but in jobs.finished_default",
            "they are kept and deleted one by one; see that the coming days have partitions"
            " (JobsHistoryUnprepared)",
        )
    if days >= thresholds.DAYS_AHEAD and not strays:
        yield Finding(Level.OK, f"the history has partitions for {days} days ahead")


def look_at_indexes(facts: Facts) -> Iterator[Finding]:
    """Whether all can be used."""
    for name in facts.invalid_indexes:
        yield Finding(
            Level.WRONG,
            f"the index jobs.{name} is invalid: statements that need it read whole tables",
            f"REINDEX INDEX CONCURRENTLY jobs.{name}",
        )
    if not facts.invalid_indexes:
        yield Finding(Level.OK, "every index is valid")


def look_at_vacuum(facts: Facts) -> Iterator[Finding]:
    """Whether dead rows are removed."""
    off = [table.name for table in facts.tables if not table.autovacuum]
    if off and len(off) == len(facts.tables):
        yield Finding(
            Level.WRONG,
            "autovacuum is off: dead rows stay, and claims become slow",
            "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf()",
        )
    elif off:
        yield Finding(
            Level.WRONG,
            f"autovacuum is off for {', '.join(f'jobs.{name}' for name in off)}",
            f"ALTER TABLE jobs.{off[0]} RESET (autovacuum_enabled)",
        )
    full = [each for each in facts.tables if each.dead > thresholds.DEAD_ROWS]
    overdue = [each for each in full if each.since_vacuum > thresholds.UNVACUUMED]
    for table in overdue:
        yield Finding(
            Level.WRONG,
            f"jobs.{table.name} has {table.dead:,} dead rows and was not vacuumed for"
            f" {duration(table.since_vacuum)}",
            f"VACUUM jobs.{table.name}; if that removes nothing, a transaction holds it back"
            " (JobsVacuumHeldBack)",
        )
    if not off and not overdue:
        dead = sum(table.dead for table in facts.tables)
        yield Finding(Level.OK, f"vacuum keeps up: {dead:,} dead rows in all")


def look_at_transactions(facts: Facts) -> Iterator[Finding]:
    """Whether any is open for so long that vacuum waits for it."""
    idle = {each.pid for each in facts.idle_in_transaction}
    for each in facts.idle_in_transaction:
        yield Finding(
            Level.WRONG,
            f"{_named(each)} left a transaction open and has done nothing for"
            f" {duration(each.seconds)}",
            f"pg_terminate_backend({each.pid}) ends it, and idle_in_transaction_session_timeout for"
            f" {each.user} keeps it from happening again",
        )
    held = [each for each in facts.open_transactions if each.pid is None or each.pid not in idle]
    for each in held:
        act = f"pg_terminate_backend({each.pid})"
        if each.gid is not None:
            act = f"COMMIT PREPARED or ROLLBACK PREPARED '{each.gid}'"
        yield Finding(
            Level.WRONG,
            f"{_named(each)} has held back vacuum for {duration(each.seconds)}",
            f"{act} ends it, if it may be ended (JobsVacuumHeldBack)",
        )
    if not idle and not held:
        unseen = "" if facts.connections.sees_all else ", of those that this role may see"
        remedy = "" if not unseen else "GRANT pg_read_all_stats to it, and it sees all"
        yield Finding(Level.OK, f"no transaction holds back vacuum{unseen}", remedy)


def _named(each: Transaction) -> str:
    if each.gid is not None:
        return f"the prepared transaction {each.gid!r} of {each.user}"
    name = f", {each.application_name!r}" if each.application_name else ""
    return f"session {each.pid} ({each.user}{name})"


def look_at_replication(facts: Facts) -> Iterator[Finding]:
    """Whether a slot that was forgotten keeps dead rows or the log."""
    wrong = [finding for each in facts.replication if (finding := _wrong_with(each)) is not None]
    sound = Finding(Level.OK, "no replication slot holds back vacuum or fills the disk")
    yield from wrong or [sound]


def _wrong_with(slot: ReplicationSlot) -> Finding | None:
    drop = f"pg_drop_replication_slot('{slot.name}') ends it, if its reader does not come back"
    if slot.transactions > thresholds.HELD_BACK:
        return Finding(
            Level.WRONG,
            f"the replication slot {slot.name!r} has held back vacuum for"
            f" {slot.transactions:,} transactions",
            "end the query that its standby has open for so long (JobsVacuumHeldBack)"
            if slot.active
            else drop,
        )
    if slot.kept > thresholds.LOG_KEPT and not slot.active:
        return Finding(
            Level.WRONG,
            f"nobody reads the replication slot {slot.name!r}, for which"
            f" {slot.kept / 1e9:,.1f} GB of the log are kept",
            drop,
        )
    return None


def look_at_connections(facts: Facts) -> Iterator[Finding]:
    """Whether a few are free."""
    limit, taken, ours, _ = facts.connections
    text = f"{taken:,} of {limit:,} connections are taken, {ours:,} of them by our processes"
    if limit - taken < limit * thresholds.HEADROOM:
        yield Finding(
            Level.WRONG,
            text,
            "more max_connections, or PgBouncer between the workers and the server"
            " (docs/scaling.md, Connections)",
        )
    else:
        yield Finding(Level.OK, text)
