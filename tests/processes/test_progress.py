"""How far jobs have come, as told by real workers."""

from __future__ import annotations

from jobs_runtime import Progress
from jobs_runtime.database import Connection
from tests.apps import basic
from tests.support.pool import Pool, eventually

COUNT_WRITES = """
CREATE TABLE public.written (progress json);
CREATE FUNCTION public.write() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO public.written VALUES (NEW.progress); RETURN NULL; END';
CREATE TRIGGER write AFTER UPDATE OF progress ON jobs.job
    FOR EACH ROW EXECUTE FUNCTION public.write()
"""


def writes(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM public.written").fetchone()
    assert row is not None
    return row[0]


def test_the_last_word_of_every_job_is_kept_however_quick_it_was(pool: Pool) -> None:
    pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.count.submit_many([3] * 50)
    together = basic.count_in_a_transaction.submit(3)
    for each in submitted:
        assert each.wait(20).progress == Progress(3.0, 3, "counting")
    assert together.wait(20).progress == Progress(3.0, 3)


def test_it_is_shown_while_the_job_runs_and_written_once_a_second(
    pool: Pool, connection: Connection
) -> None:
    connection.execute(COUNT_WRITES, prepare=False)
    running = pool.start(app="tests.apps.basic", workers=1)
    submitted = basic.chatter.submit(2.2)
    eventually(lambda: submitted.details().progress is not None, 10, "it is kept")
    assert submitted.details().state == "active"
    slot = running.slots.workers[0]
    eventually(lambda: int(slot.progress or 0) > 0, 10, "it is shown by status")
    said = submitted.result(20)
    assert said > 100
    progress = submitted.details().progress
    assert progress is not None
    assert progress.done == said
    record = submitted.details()
    assert record.started_at is not None
    assert record.finished_at is not None
    took = (record.finished_at - record.started_at).total_seconds()
    assert 2 <= writes(connection) <= took + 2
