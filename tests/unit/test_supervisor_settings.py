from __future__ import annotations

from pathlib import Path

import pytest

from jobs_runtime.errors import ConfigurationError
from jobs_supervisor.settings import from_pyproject
from jobs_supervisor.worker.recycling import MB, Recycling


def write(directory: Path, text: str) -> Path:
    (directory / "pyproject.toml").write_text(text)
    return directory


def test_no_file_and_no_table_say_nothing(tmp_path: Path) -> None:
    assert from_pyproject(tmp_path) == {}
    assert from_pyproject(write(tmp_path, "[tool.ruff]\nline-length = 99\n")) == {}


def test_keys_are_written_as_the_flags_are(tmp_path: Path) -> None:
    text = '[tool.jobs-supervisor]\napp = "shop.jobs"\nkill-after = 2.5\npreload = false\n'
    found = from_pyproject(write(tmp_path, text))
    assert found == {"app": "shop.jobs", "kill_after": 2.5, "preload": False}


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    directory = write(tmp_path, "[tool.jobs-supervisor]\nworker = 8\n")
    with pytest.raises(ConfigurationError, match=r"unknown key 'worker'.*workers"):
        from_pyproject(directory)


def test_a_file_that_does_not_parse_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"pyproject\.toml does not parse"):
        from_pyproject(write(tmp_path, "[tool"))


class TestRecycling:
    def test_without_limits_nothing_is_renewed(self) -> None:
        assert Recycling().varied(0.7).reason(10**9, 1e9, 10**12) is None

    @pytest.mark.parametrize(
        ("jobs", "age", "resident", "text"),
        [
            (100, 0, 0, "it has made 100 attempts"),
            (0, 60, 0, "it is 60 s old"),
            (0, 0, 500 * MB, "it has 500 MB resident"),
            (99, 59, 499 * MB, None),
        ],
    )
    def test_a_limit_is_reached(
        self, jobs: int, age: float, resident: int, text: str | None
    ) -> None:
        assert Recycling(100, 60, 500).reason(jobs, age, resident) == text

    def test_limits_vary_by_a_tenth_but_memory_is_a_promise(self) -> None:
        limits = Recycling(100, 60, 500)
        assert limits.varied(0) == Recycling(90, 54, 500)
        assert limits.varied(0.5) == Recycling(100, 60, 500)
        assert limits.varied(0.9999).max_jobs == 109
