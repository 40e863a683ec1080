"""The application: find its `Jobs` object by `module[:attribute]`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from jobs_runtime import Jobs
from jobs_runtime.errors import ConfigurationError


def load_application(path: str) -> Jobs:
    """Import an application and return its `Jobs`.

    Args:
        path: `module`, which holds exactly one `Jobs` object, or `module:attribute`. The current
            directory is importable, as with `python -m`.

    Raises:
        ConfigurationError: the path or what it names is not a `Jobs`, or it declares no job.
        Exception: whatever importing the module raises.
    """
    module_name, _, attribute = path.partition(":")
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise ConfigurationError(f"--app takes module or module:attribute, not {path!r}")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    module = importlib.import_module(module_name)
    jobs = getattr(module, attribute, None) if attribute else _only_jobs(module_name, vars(module))
    if not isinstance(jobs, Jobs):
        raise ConfigurationError(f"{path} is not a Jobs object but {jobs!r}")
    if not jobs.declared:
        raise ConfigurationError(f"{path} declares no jobs; import the modules that do, in it")
    for job in jobs.declared.values():
        _ = job.input, job.output
    return jobs


def _only_jobs(module_name: str, members: dict[str, object]) -> Jobs:
    found = {id(member): name for name, member in members.items() if isinstance(member, Jobs)}
    if not found:
        raise ConfigurationError(f"the module {module_name} has no Jobs object: jobs = Jobs()")
    if len(found) > 1:
        choices = " or ".join(f"{module_name}:{name}" for name in sorted(found.values()))
        raise ConfigurationError(f"{module_name} has several Jobs objects; say {choices}")
    return getattr(sys.modules[module_name], next(iter(found.values())))
