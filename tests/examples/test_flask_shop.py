from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from examples.flask_shop.app import app
from examples.flask_shop.jobs import jobs
from jobs_runtime import JobFailed
from jobs_runtime.database import Connection
from tests.integration.shop import number, waiting
from tests.support.pool import Pool


@pytest.fixture
def client(database_url: str) -> Iterator[FlaskClient]:
    yield app.test_client()
    jobs.close()


def start(client: FlaskClient, file_name: str, lines: str) -> TestResponse:
    return client.post("/imports", data={"file_name": file_name, "lines": lines})


def newest(connection: Connection) -> str:
    query = "SELECT job_id::bigint FROM import ORDER BY at DESC LIMIT 1"
    return str(number(connection, query))


def test_an_import_is_performed_whole_or_not_at_all(
    client: FlaskClient, pool: Pool, connection: Connection
) -> None:
    pool.start(app="examples.flask_shop.jobs", workers=1)
    assert "none yet" in client.get("/").text
    assert start(client, "spring.csv", "teapot,40\nkettle,60").status_code == 302
    found = jobs.get(newest(connection))
    assert found is not None
    assert found.result(20) == 2
    assert start(client, "summer.csv", "teapot,45\nkettle").status_code == 302
    found = jobs.get(newest(connection))
    assert found is not None
    with pytest.raises(JobFailed, match="line 2 is not `name,price`"):
        found.result(20)
    page = client.get("/").text
    assert "<td>teapot<td>40" in page
    assert "<td>completed" in page
    assert "failed: line 2 is not `name,price`" in page


def test_the_import_and_its_job_are_one(client: FlaskClient, connection: Connection) -> None:
    assert start(client, "spring.csv", "teapot,40").status_code == 302
    assert start(client, "spring.csv", "teapot,50").status_code == 409
    assert waiting(connection) == number(connection, "SELECT count(*) FROM import") == 1


def test_an_import_that_waits_can_be_cancelled(client: FlaskClient, connection: Connection) -> None:
    start(client, "spring.csv", "teapot,40")
    job_id = newest(connection)
    assert f"/imports/{job_id}/cancel" in client.get("/").text
    assert client.post(f"/imports/{job_id}/cancel").status_code == 302
    assert "<td>cancelled" in client.get("/").text
    assert waiting(connection) == 0
    assert client.post("/imports/4711/cancel").status_code == 404
