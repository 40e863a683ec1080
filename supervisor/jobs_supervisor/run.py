"""Where the house is put together: hands the supervisor what to fork."""

from __future__ import annotations

import logging
import os
import socket
import time
from pathlib import Path

from jobs_runtime import Jobs
from jobs_runtime.dsn import redact, resolve_dsn
from jobs_runtime.executors.mixed import worker_executor
from jobs_runtime.executors.pgboss.maintenance import Keeping
from jobs_runtime.executors.postgres.timetable import schedule_key
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor.application import Application, chosen_dsn, load
from jobs_supervisor.child import adopt_orphans, die_with_parent
from jobs_supervisor.counters import WorkerCounters
from jobs_supervisor.estate import Estate
from jobs_supervisor.exporter.exporter import Exporter
from jobs_supervisor.exporter.server import bind
from jobs_supervisor.liveness import place
from jobs_supervisor.notify import Notifier
from jobs_supervisor.plan import Plan, Role
from jobs_supervisor.policy import Limits
from jobs_supervisor.preflight import preflight
from jobs_supervisor.rehearsal import rehearse
from jobs_supervisor.reload import Trial, become_successor, is_trial, taken_handover
from jobs_supervisor.rundir import RunRecord, write_record
from jobs_supervisor.scheduler.scheduler import Post, Scheduler
from jobs_supervisor.scheduler.shared_tables import SharedTables
from jobs_supervisor.settings import Settings
from jobs_supervisor.slots import Slot
from jobs_supervisor.standstill import scheduler_has_stopped, worker_has_stopped
from jobs_supervisor.supervisor import CLEAN, NOT_STARTED, RELOAD, Supervisor
from jobs_supervisor.worker.assignment import Assignment
from jobs_supervisor.worker.worker import Worker

logger = logging.getLogger(__name__)


def run(settings: Settings, *, migrates: bool = False) -> int:
    """Run a supervisor until it is told to stop; gives the exit code.

    Args:
        settings: how to run.
        migrates: whether to bring the schema up to date first; only for a database of our own.

    Raises:
        ConfigurationError: a setting cannot be used.
    """
    if is_trial():
        die_with_parent(os.getppid())
    settings.access.context()
    application = load(settings)
    if application is None:
        return NOT_STARTED
    handover = taken_handover()
    dsn = resolve_dsn(chosen_dsn(settings.dsn, application.dsn, application.pg_boss_schema))
    direct_dsn = resolve_dsn(settings.direct_dsn or dsn)
    if handover is None:
        fit = preflight(
            dsn,
            direct_dsn,
            settings.startup_timeout,
            migrates=migrates,
            jobs=application.jobs if application.pg_boss_schema else None,
        )
        if not fit:
            return NOT_STARTED
        if is_trial():
            return CLEAN
        estate = Estate.create(settings.workers, application.names, _bind(settings.metrics_address))
    else:
        estate = Estate.inherit(handover, application.names)
    adopt_orphans()
    house = House(settings, application, estate, dsn, direct_dsn)
    code = house.supervisor.run()
    if code == RELOAD:
        estate.target = house.supervisor.target
        house.supervisor.notifier.be_silent(settings.boot_timeout)
        become_successor(estate.hand_over(), estate.descriptors, house.supervisor.signals)
    if house.record_path is not None:
        house.record_path.unlink(missing_ok=True)
    return code


class House:
    """Hands the supervisor what to fork."""

    def __init__(
        self,
        settings: Settings,
        application: Application,
        estate: Estate,
        dsn: str,
        direct_dsn: str,
    ) -> None:
        self._settings = settings
        self._application = application
        self._estate = estate
        rehearse()
        self._dsn, self._direct_dsn = dsn, direct_dsn
        roles = [
            Role("worker", self._work, self._worker_hangs),
            Role("scheduler", self._schedule, self._scheduler_hangs),
            Role("exporter", self._export),
        ]
        self.supervisor = Supervisor(
            estate.slots,
            Plan(
                roles=roles,
                target=estate.target,
                generation=estate.generation,
                limits=Limits(settings.boot_timeout, settings.kill_after),
                drain=settings.drain,
            ),
            Trial(settings.boot_timeout),
            Notifier.from_environment(),
            estate.obituaries.write,
            self._say_ready,
        )
        self.record_path = _leave_word(
            RunRecord(
                pid=os.getpid(),
                app=settings.app,
                database=redact(dsn),
                capacity=estate.capacity,
                others=estate.others,
                descriptor=estate.memory.descriptor,
                metrics=estate.metrics_address,
                scheme=settings.access.scheme,
                started_at=estate.started_at,
            )
        )

    def _work(self, slot: Slot) -> int:
        self.supervisor.forgo()
        self._estate.forgo(listener=True, obituaries=True)
        counters = WorkerCounters(self._estate.counters.row(slot.index))
        declared = self._application.jobs().declared
        assignment = Assignment(
            dsn=self._dsn,
            supervisor_id=self._estate.supervisor_id,
            jobs=declared,
            executor=worker_executor(declared),
            wake_pipe=self._estate.wake_pipe,
            pulse=self._estate.pulse,
            slots=self._estate.slots,
            recycling=self._settings.recycling,
        )
        return Worker(assignment, slot, counters).run()

    def _schedule(self, slot: Slot) -> int:
        self.supervisor.forgo()
        self._estate.forgo(listener=True)
        jobs = self._application.jobs()
        declared = jobs.declared
        record = SupervisorRecord(
            id=self._estate.supervisor_id,
            host=socket.gethostname(),
            place=place(),
            pid=os.getppid(),
            workers=self._estate.target,
            names=list(declared),
            schedules=[
                schedule_key(job, schedule)
                for job in declared.values()
                for schedule in job.schedules
            ],
            generation=self._estate.generation,
        )
        post = Post(
            app=self._settings.app or "",
            dsn=self._direct_dsn,
            record=record,
            jobs=declared,
            executor=worker_executor(declared),
            workers=self._estate.slots.workers,
            wake_pipe=self._estate.wake_pipe,
            pulse=self._estate.pulse,
            obituaries=self._estate.obituaries,
            retention_days=self._settings.retention_days,
            drain=self._settings.drain,
            shared=self._shared(jobs),
        )
        return Scheduler(post, slot, self._estate.counters.row(slot.index)).run()

    def _worker_hangs(self, worker: Slot) -> bool:
        return worker_has_stopped(worker, self.supervisor.wakefulness.since, time.monotonic())

    def _scheduler_hangs(self, scheduler: Slot) -> bool:
        awake_since, now = self.supervisor.wakefulness.since, time.monotonic()
        return scheduler_has_stopped(scheduler, self._estate.pulse, awake_since, now)

    def _shared(self, jobs: Jobs) -> SharedTables | None:
        if jobs.pg_boss_schema is None:
            return None
        new_options = jobs.pg_boss.new_options
        return SharedTables(
            schema=jobs.pg_boss_schema,
            client=jobs.pg_boss.executor,
            owner=self._settings.app,
            jobs=jobs.pg_boss_jobs,
            defaults=new_options.defaults,
            keeping=Keeping(
                new_options.archive_after,
                new_options.archive_failed_after,
                new_options.delete_after,
            ),
            maintained=self._settings.pgboss_maintenance == "python",
        )

    def _export(self, slot: Slot) -> int:
        estate = self._estate
        self.supervisor.forgo()
        estate.forgo(wake=True, obituaries=True)
        assert estate.listener is not None, "an exporter needs its socket"
        return Exporter(
            estate.listener,
            estate.slots,
            estate.pulse,
            estate.counters,
            self._direct_dsn,
            self._settings.access,
            self._application.pg_boss_schema,
        ).run(slot)

    def _say_ready(self) -> None:
        address, scheme = self._estate.metrics_address, self._settings.access.scheme
        where = f", metrics on {scheme}://{address}" if address else ""
        names = ", ".join(self._application.names)
        logger.info("ready: %d workers for %s%s", self.supervisor.target, names, where)


def _leave_word(record: RunRecord) -> Path | None:
    try:
        return write_record(record)
    except OSError as error:
        logger.error("`jobs-supervisor status` will not see this supervisor: %s", error)
        return None


def _bind(address: str) -> socket.socket | None:
    try:
        return bind(address)
    except OSError as error:
        logger.error(
            "%s cannot be used (%s): running without metrics and probes;"
            " choose another --metrics-address",
            address,
            error.strerror,
        )
        return None
