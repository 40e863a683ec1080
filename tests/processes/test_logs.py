from __future__ import annotations

import msgspec

from tests.apps import observed
from tests.support.pool import Pool, eventually


def test_a_pool_logs_json_to_a_file(pool: Pool) -> None:
    running = pool.start(app="tests.apps.observed", workers=1, JOBS_LOG_FORMAT="auto")
    submitted = observed.tell.submit("a line\nand another")
    submitted.wait(10)

    def told() -> bool:
        return "a line" in running.log

    eventually(told, 5, "the job's line")
    lines = [msgspec.json.decode(line) for line in running.log.splitlines()]
    (line,) = [line for line in lines if line["message"] == "a line\nand another"]
    assert (line["job_name"], line["job_id"]) == ("tell", submitted.job_id)
    assert (line["attempt"], line["process"]) == (1, "worker 1")
