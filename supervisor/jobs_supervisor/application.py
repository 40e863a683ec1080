"""The application: find its `Jobs` object by `module[:attribute]`."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jobs_runtime import Jobs
from jobs_runtime.errors import ConfigurationError, JobsError
from jobs_runtime.suggestions import nearest
from jobs_supervisor import leftovers
from jobs_supervisor.errand import run_errand
from jobs_supervisor.settings import Settings

logger = logging.getLogger(__name__)

EVERYONE_IMPORTS = "JOBS_SUPERVISOR_EVERYONE_IMPORTS"
"""Set in the environment of a supervisor whose application does not survive a fork."""


@dataclass(frozen=True, slots=True)
class Application:
    """What is known of an application before the first fork.

    Attributes:
        names: of its declared jobs.
        served: of those that this pool performs.
        dsn: the one that it gives to its `Jobs`; None for `DATABASE_URL`.
        pg_boss_schema: where its jobs of pg-boss are; None if it declares none.
        jobs: gives its `Jobs`; imported already, or imported when first asked for.
    """

    names: Sequence[str]
    served: Sequence[str]
    dsn: str | None
    pg_boss_schema: str | None
    jobs: Callable[[], Jobs]


def load(settings: Settings) -> Application | None:
    """Import the application, once for all children or once in each.

    None, with one traceback in the log, if that fails.

    Raises:
        JobsError: it was imported, and cannot be used; or threads ran before it was.
    """
    if others := ", ".join(leftovers.threads()):
        raise ConfigurationError(
            f"threads ({others}) run before the application is imported, and forks do not take them"
            " along: start jobs-supervisor itself, not under opentelemetry-instrument or the like"
        )
    if os.environ.pop(EVERYONE_IMPORTS, None) or not settings.preload:
        return _described(settings)
    before = leftovers.sockets()
    jobs = load_or_complain(settings.app)
    if jobs is None:
        return None
    _heed_leftovers(settings.app, leftovers.threads(), leftovers.connections(before))
    return Application(**_description(jobs, settings), jobs=lambda: jobs)


def _description(jobs: Jobs, settings: Settings) -> dict[str, Any]:
    return {
        "names": list(jobs.declared),
        "served": list(settings.serving.of(jobs.declared)),
        "dsn": jobs.database.given_dsn,
        "pg_boss_schema": jobs.pg_boss_schema,
    }


def _heed_leftovers(app: str, threads: Sequence[str], connections: Sequence[str]) -> None:
    """Begin anew without preloading if the import left something that a fork would break."""
    obstacles: list[str] = []
    if threads:
        obstacles.append(f"starts threads ({', '.join(threads)}), which do not survive a fork")
    if connections:
        peers = ", ".join(connections)
        obstacles.append(f"opens connections ({peers}), which no two processes can share")
    if obstacles:
        logger.warning(
            "importing %s %s: every worker imports it anew, as with --no-preload; do that on first"
            " use, and memory is shared again",
            app,
            " and ".join(obstacles),
        )
        os.environ[EVERYONE_IMPORTS] = "1"
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606
    if native := leftovers.native_threads():
        logger.info(
            "importing %s starts %d threads in C code; should its jobs hang, try --no-preload",
            app,
            native,
        )


def _described(settings: Settings) -> Application | None:
    """Have a child of its own import the application and say what it found."""

    def describe() -> str:
        try:
            jobs = load_or_complain(settings.app)
            if jobs is None:
                raise SystemExit(1)
            return json.dumps(_description(jobs, settings))
        except JobsError as error:
            return json.dumps({"error": str(error)})

    text = run_errand(describe)
    if text is None:
        return None
    found = json.loads(text)
    if "error" in found:
        raise ConfigurationError(found["error"])
    return Application(**found, jobs=partial(load_application, settings.app))


def load_or_complain(app: str) -> Jobs | None:
    """As `load_application`; None, with one traceback in the log, if it cannot be imported."""
    try:
        return load_application(app)
    except JobsError:
        raise
    except Exception as error:
        _complain(app, error)
        return None


def _complain(app: str, error: Exception) -> None:
    """From the application's own first line on."""
    trace = traceback.TracebackException.from_exception(error)
    first = next((n for n, frame in enumerate(trace.stack) if not _imports(frame)), None)
    trace.stack = traceback.StackSummary.from_list(trace.stack[first:] if first else trace.stack)
    logger.error("the application %s cannot be imported:\n%s", app, "".join(trace.format()))


def _imports(frame: traceback.FrameSummary) -> bool:
    """Whether a frame is of whoever imports an application, not of the application."""
    machinery = ("<frozen importlib", importlib.__file__)
    return frame.filename == __file__ or frame.filename.startswith(machinery)


def chosen_dsn(given: str | None, declared: str | None, pg_boss_schema: str | None) -> str | None:
    """Where the jobs are, of what the command line, the environment and the application say.

    `PG_BOSS_NEW_OPTIONS` beats `DATABASE_URL`, as in the Node server that both were written for.

    Args:
        given: by `--dsn`, `JOBS_DSN` or `DATABASE_URL`.
        declared: by the application, or by `PG_BOSS_NEW_OPTIONS`.
        pg_boss_schema: None if the application declares no job of the executor PgBoss.
    """
    if pg_boss_schema and declared and given == os.environ.get("DATABASE_URL"):
        return declared
    return given or declared


def load_application(path: str) -> Jobs:
    """Import an application and return its `Jobs`.

    Args:
        path: `module`, which holds exactly one `Jobs` object, or `module:attribute`. The current
            directory is importable, as with `python -m`.

    Raises:
        ConfigurationError: there is no such module or attribute, it is not a `Jobs`, or it declares
            no job.
        DeclarationError, PayloadError: a job cannot be performed, or scheduled, as declared.
        Exception: whatever importing the module raises.
    """
    module_name, _, attribute = path.partition(":")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise ConfigurationError(f"--app takes module or module:attribute, not {path!r}")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # the module is there, and one that it imports is not
        raise ConfigurationError(
            f"there is no module {error.name} in {here} or where Python looks;"
            " --app takes module or module:attribute"
        ) from None
    if attribute and not hasattr(module, attribute):
        ours = [name for name, member in vars(module).items() if isinstance(member, Jobs)]
        meant = nearest(attribute, ours) if ours else ", and no Jobs object either"
        raise ConfigurationError(f"the module {module_name} has no {attribute}{meant}")
    jobs = getattr(module, attribute) if attribute else _only_jobs(module_name, vars(module))
    if not isinstance(jobs, Jobs):
        raise ConfigurationError(f"{path} is not a Jobs object but {jobs!r}")
    if not jobs.declared:
        raise ConfigurationError(f"{path} declares no jobs; import the modules that do, in it")
    for job in jobs.declared.values():
        job.check()
    return jobs


def _only_jobs(module_name: str, members: dict[str, object]) -> Jobs:
    found = {id(member): name for name, member in members.items() if isinstance(member, Jobs)}
    if not found:
        raise ConfigurationError(f"the module {module_name} has no Jobs object: jobs = Jobs()")
    if len(found) > 1:
        choices = " or ".join(f"{module_name}:{name}" for name in sorted(found.values()))
        raise ConfigurationError(f"{module_name} has several Jobs objects; say {choices}")
    return getattr(sys.modules[module_name], next(iter(found.values())))
