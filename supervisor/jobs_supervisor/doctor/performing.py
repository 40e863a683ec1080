"""What is wrong with who performs jobs, and with the jobs that wait: pure rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jobs_supervisor.doctor.facts import Facts
from jobs_supervisor.doctor.thresholds import LONG_WAIT, OVERDUE
from jobs_supervisor.finding import Finding, Level
from jobs_supervisor.pulse import SILENT_AFTER
from jobs_supervisor.queues import QueueStatus
from jobs_supervisor.status import duration


def look_at_supervisors(facts: Facts) -> Iterator[Finding]:
    """Whether any live, and are heard of."""
    supervisors = facts.supervisors
    if not supervisors:
        yield Finding(
            Level.WRONG,
            "no supervisor runs on this database: no job is performed",
            "start one (jobs-supervisor --app ...); if one runs, its log says what keeps it away",
        )
        return
    silent = [each for each in supervisors if each.silent > SILENT_AFTER]
    for each in silent:
        yield Finding(
            Level.WRONG,
            f"nothing was heard of {each.id} for {duration(each.silent)}",
            f"look on {each.host} whether it runs and reaches the database (JobsDatabaseAway)",
        )
    if not silent:
        hosts = len({each.host for each in supervisors})
        workers = sum(each.workers for each in supervisors)
        yield Finding(
            Level.OK,
            f"{_count(len(supervisors), 'supervisor')} on {_count(hosts, 'host')} with"
            f" {_count(workers, 'worker')}, heard of within the last {SILENT_AFTER:.0f} s",
        )


def look_at_leader(facts: Facts) -> Iterator[Finding]:
    """Whether one leads."""
    leader = facts.leader
    if leader is None:
        if facts.supervisors:
            yield Finding(
                Level.WRONG,
                "no scheduler leads: no schedule fires, no delayed job becomes due, no dead host"
                " is noticed",
                "the logs of the schedulers say what keeps them from the database (JobsNoLeader)",
            )
        return
    since = "" if leader.connected is None else f", connected for {duration(leader.connected)}"
    where = f" from {leader.address}" if leader.address else ""
    if leader.application_name != "jobs: leadership":
        yield Finding(
            Level.WRONG,
            f"the leader's lock is held by session {leader.pid} ({leader.application_name!r}"
            f"{where}{since}), which is no scheduler",
            f"end it: SELECT pg_terminate_backend({leader.pid})",
        )
    else:
        yield Finding(Level.OK, f"a scheduler leads: session {leader.pid}{where}{since}")


def look_at_waiting(facts: Facts) -> Iterator[Finding]:
    """Whether what could run is begun."""
    queues = facts.queues or ()
    found = [finding for each in queues if (finding := _waiting(each, queues, facts))]
    if facts.queues is None:
        found.append(
            Finding(
                Level.WARNING,
                "the waiting jobs take too long to look at",
                "if a transaction holds back vacuum, the dead rows are what takes so long"
                " (JobsVacuumHeldBack)",
            )
        )
    if facts.due_in is not None and facts.due_in < -OVERDUE:
        found.append(
            Finding(
                Level.WRONG,
                f"a delayed job has been due for {duration(-facts.due_in)} and is not made ready",
                "that is the leader's to do: look at the log of its scheduler (JobsNoLeader)",
            )
        )
    if not found:
        ready, active = (
            sum(each.ready for each in queues),
            sum(each.active for each in queues),
        )
        found.append(Finding(Level.OK, f"nothing waits for long: {ready:,} ready, {active:,} run"))
    yield from found


def _waiting(each: QueueStatus, queues: Sequence[QueueStatus], facts: Facts) -> Finding | None:
    name = each.job if each.queue == each.job else f"{each.job} in queue {each.queue}"
    waiting = each.ready + each.delayed
    if not each.handled and waiting:
        return Finding(
            Level.WRONG,
            f"{waiting:,} of {name} wait, and no running supervisor performs it",
            "deploy the code that declares it, or cancel them (JobsUnhandled)",
        )
    if each.paused and each.ready:
        return Finding(
            Level.WARNING,
            f"{name} is paused, and {each.ready:,} wait",
            f"jobs-supervisor resume {each.job} (--queue {each.queue}, if the queue is paused)",
        )
    if each.ready and each.waited > LONG_WAIT:
        text = f"{each.ready:,} of {name} are ready, the oldest for {duration(each.waited)}"
        return Finding(Level.WRONG, *_why(each, queues, facts, text))
    return None


def _why(
    each: QueueStatus, queues: Sequence[QueueStatus], facts: Facts, text: str
) -> tuple[str, str]:
    """What keeps a job waiting that could run, and what to do."""
    workers = sum(supervisor.workers for supervisor in facts.supervisors)
    # Asked first: what waits under a limit may wait for a worker.
    if sum(queue.active for queue in queues) >= workers:
        return (
            f"{text}: every worker is busy",
            "add workers: --workers, kill -TTIN, or another host (JobsWaitTooLong)",
        )
    limited = [limit for limit in facts.limited if limit.queue == each.queue]
    if limited:
        most = limited[0]
        key = f" of key {most.key!r}" if most.key else ""
        return (
            f"{text}: its limits hold them back ({most.running:,}{key} run)",
            "raise concurrency= or rate= of the job, if what they spare can take more",
        )
    return (
        f"{text}, though workers are free",
        "jobs-supervisor status on the hosts, and their logs, say what they do instead",
    )


def look_at_quarantined(facts: Facts) -> Iterator[Finding]:
    """Whether jobs killed their workers."""
    if facts.quarantined is None:
        yield Finding(Level.WARNING, "the finished jobs of the last day take too long to look at")
    for each in facts.quarantined or ():
        yield Finding(
            Level.WRONG,
            f"{each.jobs:,} of {each.job} took three workers down each within a day, and were"
            f" failed for it; the latest is #{each.latest}",
            "its output has the signal and the memory (JobsQuarantined)",
        )
    if facts.quarantined == []:
        yield Finding(Level.OK, "no job was quarantined within a day")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + "s" * (number != 1)
