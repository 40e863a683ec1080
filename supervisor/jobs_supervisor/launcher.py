"""What a supervisor forks: the one place that knows all the kinds of children."""

from __future__ import annotations

import logging
import os
import socket
import time
from pathlib import Path

from jobs_runtime import Jobs
from jobs_runtime.dsn import redact
from jobs_runtime.executors.mixed import worker_executor
from jobs_runtime.executors.pgboss.maintenance import Keeping
from jobs_runtime.executors.postgres.timetable import schedule_key
from jobs_runtime.executors.postgres.upkeep import SupervisorRecord
from jobs_supervisor.application import Application
from jobs_supervisor.counters import WorkerCounters
from jobs_supervisor.exporter.exporter import Exporter
from jobs_supervisor.liveness import place
from jobs_supervisor.notify import Notifier
from jobs_supervisor.plan import Plan, Role
from jobs_supervisor.policy import Limits
from jobs_supervisor.rehearsal import rehearse
from jobs_supervisor.reload import Trial
from jobs_supervisor.rundir import RunRecord, write_record
from jobs_supervisor.scheduler.assignment import SchedulerAssignment
from jobs_supervisor.scheduler.scheduler import Scheduler
from jobs_supervisor.scheduler.shared_tables import SharedTables
from jobs_supervisor.settings import Settings
from jobs_supervisor.shared_state import SharedState
from jobs_supervisor.slots import Slot
from jobs_supervisor.standstill import scheduler_has_stopped, worker_has_stopped
from jobs_supervisor.supervisor import Supervisor
from jobs_supervisor.worker.assignment import WorkerAssignment
from jobs_supervisor.worker.worker import Worker

logger = logging.getLogger(__name__)


class Launcher:
    """Hands the supervisor what to fork."""

    def __init__(
        self,
        settings: Settings,
        application: Application,
        state: SharedState,
        dsn: str,
        direct_dsn: str,
    ) -> None:
        self._settings = settings
        self._application = application
        self._state = state
        rehearse()
        self._dsn, self._direct_dsn = dsn, direct_dsn
        roles = [
            Role("worker", self._work, self._worker_hangs),
            Role("scheduler", self._schedule, self._scheduler_hangs),
            Role("exporter", self._export),
        ]
        self.supervisor = Supervisor(
            state.slots,
            Plan(
                roles=roles,
                target=state.target,
                generation=state.generation,
                limits=Limits(settings.boot_timeout, settings.kill_after),
                drain=settings.drain,
            ),
            Trial(settings.boot_timeout),
            Notifier.from_environment(),
            state.obituaries.write,
            self._say_ready,
        )
        self.record_path = _leave_word(
            RunRecord(
                pid=os.getpid(),
                app=settings.app,
                database=redact(dsn),
                capacity=state.capacity,
                others=state.others,
                descriptor=state.memory.descriptor,
                metrics=state.metrics_address,
                scheme=settings.access.scheme,
                started_at=state.started_at,
            )
        )

    def _work(self, slot: Slot) -> int:
        self.supervisor.forgo()
        self._state.forgo(listener=True, obituaries=True)
        counters = WorkerCounters(self._state.counters.row(slot.index))
        served = self._settings.serving.of(self._application.jobs().declared)
        assignment = WorkerAssignment(
            dsn=self._dsn,
            supervisor_id=self._state.supervisor_id,
            jobs=served,
            executor=worker_executor(served),
            wake_pipe=self._state.wake_pipe,
            pulse=self._state.pulse,
            slots=self._state.slots,
            recycling=self._settings.recycling,
        )
        return Worker(assignment, slot, counters).run()

    def _schedule(self, slot: Slot) -> int:
        self.supervisor.forgo()
        self._state.forgo(listener=True)
        jobs = self._application.jobs()
        declared, served = jobs.declared, self._settings.serving.of(jobs.declared)
        record = SupervisorRecord(
            id=self._state.supervisor_id,
            host=socket.gethostname(),
            place=place(),
            pid=os.getppid(),
            workers=self._state.target,
            names=list(served),
            schedules=[
                schedule_key(job, schedule)
                for job in declared.values()
                for schedule in job.schedules
            ],
            generation=self._state.generation,
        )
        assignment = SchedulerAssignment(
            app=self._settings.app or "",
            dsn=self._direct_dsn,
            record=record,
            jobs=declared,
            queues={job.queue for job in served.values()},
            executor=worker_executor(declared),
            workers=self._state.slots.workers,
            wake_pipe=self._state.wake_pipe,
            pulse=self._state.pulse,
            obituaries=self._state.obituaries,
            retention_days=self._settings.retention_days,
            drain=self._settings.drain,
            shared=self._shared(jobs),
        )
        return Scheduler(assignment, slot, self._state.counters.row(slot.index)).run()

    def _worker_hangs(self, worker: Slot) -> bool:
        return worker_has_stopped(worker, self.supervisor.wakefulness.since, time.monotonic())

    def _scheduler_hangs(self, scheduler: Slot) -> bool:
        awake_since, now = self.supervisor.wakefulness.since, time.monotonic()
        return scheduler_has_stopped(scheduler, self._state.pulse, awake_since, now)

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
        state = self._state
        self.supervisor.forgo()
        state.forgo(wake=True, obituaries=True)
        assert state.listener is not None, "an exporter needs its socket"
        return Exporter(
            state.listener,
            state.slots,
            state.pulse,
            state.counters,
            self._direct_dsn,
            self._settings.access,
            self._application.pg_boss_schema,
        ).run(slot)

    def _say_ready(self) -> None:
        address, scheme = self._state.metrics_address, self._settings.access.scheme
        where = f", metrics on {scheme}://{address}" if address else ""
        names = ", ".join(self._application.served)
        logger.info("ready: %d workers for %s%s", self.supervisor.target, names, where)


def _leave_word(record: RunRecord) -> Path | None:
    try:
        return write_record(record)
    except OSError as error:
        logger.error("`jobs-supervisor status` will not see this supervisor: %s", error)
        return None
