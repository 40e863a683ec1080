"""Where the house is put together: hands the supervisor what to fork."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import traceback
from pathlib import Path
from secrets import token_hex

from jobs_runtime import Jobs
from jobs_runtime.database import redact, resolve_dsn
from jobs_runtime.errors import JobsError
from jobs_runtime.executors.postgres import PostgresExecutor, upkeep
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor.application import load_application
from jobs_supervisor.child import Role
from jobs_supervisor.counters import Counters, Layout, WorkerCounters
from jobs_supervisor.exporter.exporter import Exporter, bind
from jobs_supervisor.obituary import ObituaryPipe
from jobs_supervisor.policy import Limits
from jobs_supervisor.preflight import preflight
from jobs_supervisor.rundir import RunRecord, write_record
from jobs_supervisor.scheduler.scheduler import Post, Scheduler
from jobs_supervisor.settings import Settings
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slots import Slot, SlotMap
from jobs_supervisor.supervisor import NOT_STARTED, Supervisor
from jobs_supervisor.wake import WakePipe
from jobs_supervisor.worker.worker import Assignment, Worker

logger = logging.getLogger(__name__)


def run(settings: Settings, *, migrates: bool = False) -> int:
    """Run a supervisor until it is told to stop; gives the exit code.

    Args:
        settings: how to run.
        migrates: whether to bring the schema up to date first; only for a database of our own.

    Raises:
        ConfigurationError: a setting cannot be used.
    """
    jobs = preload(settings.app)
    if jobs is None:
        return NOT_STARTED
    dsn = resolve_dsn(settings.dsn or jobs.database.given_dsn)
    direct_dsn = settings.direct_dsn or dsn
    if not preflight(dsn, direct_dsn, settings.startup_timeout, migrates=migrates):
        return NOT_STARTED
    house = House(settings, jobs, dsn, direct_dsn)
    try:
        return house.supervisor.run()
    finally:
        house.record_path.unlink(missing_ok=True)


def preload(app: str) -> Jobs | None:
    """Import the application, once for all workers; None, with one traceback, if that fails.

    Raises:
        JobsError: it was imported, and cannot be used.
    """
    try:
        jobs = load_application(app)
    except JobsError:
        raise
    except Exception:
        logger.error("the application %s cannot be imported:\n%s", app, traceback.format_exc())
        return None
    if others := [thread.name for thread in threading.enumerate()[1:]]:
        logger.error(
            "importing %s starts threads (%s), which do not survive a fork; start them on use",
            app,
            ", ".join(others),
        )
        return None
    return jobs


class House:
    """Everything that the processes of one supervisor share, made before the first fork."""

    def __init__(self, settings: Settings, jobs: Jobs, dsn: str, direct_dsn: str) -> None:
        self._settings = settings
        self._jobs = jobs
        self._executor = PostgresExecutor()
        self._wake_pipe = WakePipe()
        self._obituaries = ObituaryPipe()
        listener = _bind(settings.metrics_address)
        others = ("scheduler",) if listener is None else ("scheduler", "exporter")
        count = settings.workers + len(others)
        layout = Layout(list(jobs.declared))
        map_size = SlotMap.size_of(count)
        memory = SharedMemory.create(map_size + Counters.size_of(layout, count))
        self._slots = SlotMap(memory, settings.workers, others)
        self._counters = Counters(memory, map_size, layout, count)
        self._assignment = Assignment(
            dsn, _supervisor_id(), jobs.declared, self._executor, self._wake_pipe
        )
        self._direct_dsn = direct_dsn
        roles = [
            Role("worker", settings.workers, self._work),
            Role("scheduler", 1, self._schedule),
        ]
        metrics_address = ""
        if listener is not None:
            exporter = Exporter(listener, self._slots, self._counters)
            roles.append(Role("exporter", 1, exporter.run))
            metrics_address = "{}:{}".format(*listener.getsockname()[:2])
        self._metrics_address = metrics_address
        self.supervisor = Supervisor(
            self._slots,
            roles,
            Limits(settings.boot_timeout, settings.kill_after),
            settings.drain,
            self._obituaries.write,
            self._say_ready,
        )
        self.record_path: Path = write_record(
            RunRecord(
                pid=os.getpid(),
                app=settings.app,
                database=redact(dsn),
                workers=settings.workers,
                others=others,
                descriptor=memory.descriptor,
                metrics=metrics_address,
                started_at=time.time(),
            )
        )

    def _work(self, slot: Slot) -> int:
        counters = WorkerCounters(self._counters.row(slot.index))
        return Worker(self._assignment, slot, counters).run()

    def _schedule(self, slot: Slot) -> int:
        declared = self._jobs.declared
        record = SupervisorRecord(
            id=self._assignment.supervisor_id,
            host=socket.gethostname(),
            pid=os.getppid(),
            workers=self._settings.workers,
            names=list(declared),
            schedules=[
                upkeep.schedule_key(job, schedule)
                for job in declared.values()
                for schedule in job.schedules
            ],
        )
        post = Post(
            dsn=self._direct_dsn,
            record=record,
            jobs=declared,
            executor=self._executor,
            workers=self._slots.workers,
            wake_pipe=self._wake_pipe,
            obituaries=self._obituaries,
            retention_days=self._settings.retention_days,
        )
        return Scheduler(post, slot, self._counters.row(slot.index)).run()

    def _say_ready(self) -> None:
        where = f", metrics on http://{self._metrics_address}" if self._metrics_address else ""
        names = ", ".join(self._jobs.declared)
        logger.info("ready: %d workers for %s%s", self._settings.workers, names, where)


def _bind(address: str) -> socket.socket | None:
    try:
        return bind(address)
    except OSError as error:
        logger.error(
            "%s cannot be used (%s): running without metrics; choose another --metrics-address",
            address,
            error.strerror,
        )
        return None


def _supervisor_id() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"
