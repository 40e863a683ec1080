from __future__ import annotations

import json
import signal

from tests.apps import basic
from tests.support.pool import Pool, eventually
from tests.support.scraping import get, samples


def test_metrics_count_what_was_performed(pool: Pool) -> None:
    basic.jobs.database.given_dsn = pool.dsn
    running = pool.start(app="tests.apps.basic", workers=2)
    basic.noop.submit_many([None] * 95)
    failing = basic.fail.submit_many(["no"] * 5)
    for submitted in failing:
        assert submitted.wait(10).state == "failed"

    def counted() -> bool:
        found = samples(running)
        return (
            found["jobs_attempts_total", "noop", "completed"] == 95
            and found["jobs_attempts_total", "fail", "failed"] == 5
        )

    eventually(counted, 5, "every attempt is counted")
    found = samples(running)
    assert found["jobs_duration_seconds_count", "noop"] == 95
    assert found["jobs_wait_seconds_bucket", "noop", "+Inf"] == 95
    assert found["jobs_workers", "idle"] == 2
    basic.jobs.close()


def test_attempts_that_took_their_worker_along_are_counted(pool: Pool) -> None:
    running = pool.start("--kill-after", "0.2", app="tests.apps.basic", workers=1)
    basic.deep_sleep.submit(60.0, expire_in=0.3).wait(15)
    basic.die.submit("SIGSEGV").wait(30)

    def counted() -> bool:
        found = samples(running)
        deaths = found["jobs_attempts_total", "die", "retry"]
        return (
            found["jobs_attempts_total", "deep_sleep", "expired"] == 1
            and (deaths, found["jobs_attempts_total", "die", "failed"]) == (2, 1)
            and found["jobs_quarantined_total", "die"] == 1
            and found["jobs_process_endings_total", "signal", "worker"] == 3
            and found["jobs_process_endings_total", "expired", "worker"] == 1
        )

    eventually(counted, 5, "every attempt is counted")
    basic.jobs.close()


def test_one_host_tells_of_the_whole_cluster(pool: Pool) -> None:
    basic.noop.submit(start_after=3600.0)
    both = [pool.start(app="tests.apps.basic", workers=1) for _ in range(2)]

    def told() -> list[float]:
        found = [samples(running) for running in both]
        assert sum(each["jobs_leader",] for each in found) <= 1
        key = "jobs_queue_depth", "noop", "noop", "delayed"
        return [each[key] for each in found if key in each]

    eventually(lambda: told() == [1], 30, "the leader has counted")
    basic.jobs.close()


def test_probes_answer_for_the_workers(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1)
    assert get(running, "/livez") == (200, '{"status": "ok"}\n')
    status, text = get(running, "/readyz")
    assert (status, json.loads(text)) == (200, {"ready": True, "reasons": []})
    assert get(running, "/nothing")[0] == 404


def test_a_draining_pool_lives_but_is_not_ready(pool: Pool) -> None:
    basic.jobs.database.given_dsn = pool.dsn
    running = pool.start(app="tests.apps.basic", workers=1)
    slot = running.slots.workers[0]
    submitted = basic.nap.submit(2.0)
    eventually(lambda: slot.job_id == int(submitted.job_id), 5, "the job is begun")
    running.send(signal.SIGTERM)
    eventually(lambda: "stopping" in running.log, 5, "the drain has begun")
    assert get(running, "/livez")[0] == 200
    draining = (503, '{"ready": false, "reasons": ["draining"]}\n')
    eventually(lambda: get(running, "/readyz") == draining, 2, "it says so")
    assert running.wait_exit(15) == 0
    assert submitted.details().state == "completed"
    basic.jobs.close()
