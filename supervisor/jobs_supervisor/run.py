"""Runs a supervisor, from its settings to its exit code."""

from __future__ import annotations

import logging
import os
import socket

from jobs_runtime.dsn import resolve_dsn
from jobs_supervisor.application import chosen_dsn, load
from jobs_supervisor.exporter.server import bind
from jobs_supervisor.forked import adopt_orphans, die_with_parent
from jobs_supervisor.launcher import Launcher
from jobs_supervisor.preflight import preflight
from jobs_supervisor.reload import become_successor, is_trial, taken_handover
from jobs_supervisor.settings import Settings
from jobs_supervisor.shared_state import SharedState
from jobs_supervisor.supervisor import CLEAN, NOT_STARTED, RELOAD

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
        state = SharedState.create(
            settings.workers, application.names, _bind(settings.metrics_address)
        )
    else:
        state = SharedState.inherit(handover, application.names)
    adopt_orphans()
    launcher = Launcher(settings, application, state, dsn, direct_dsn)
    code = launcher.supervisor.run()
    if code == RELOAD:
        state.target = launcher.supervisor.target
        launcher.supervisor.notifier.be_silent(settings.boot_timeout)
        become_successor(state.hand_over(), state.descriptors, launcher.supervisor.signals)
    if launcher.record_path is not None:
        launcher.record_path.unlink(missing_ok=True)
    return code


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
