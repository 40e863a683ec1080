from __future__ import annotations

import os

import psycopg
from flask import Flask, abort, redirect, render_template, request, url_for
from psycopg.rows import DictRow, dict_row
from werkzeug.wrappers import Response

from examples.flask_shop.jobs import PriceList, import_prices, jobs
from jobs_runtime import SubmittedJob

TABLES = """
CREATE TABLE IF NOT EXISTS price (name text PRIMARY KEY, price integer NOT NULL);
CREATE TABLE IF NOT EXISTS import (
    file_name text PRIMARY KEY,
    job_id text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
)
"""

app = Flask(__name__)


def connect() -> psycopg.Connection[DictRow]:
    """A connection that commits at the end of its block, and rolls back on an error."""
    return psycopg.Connection[DictRow].connect(os.environ["DATABASE_URL"], row_factory=dict_row)


@app.get("/")
def show() -> str:
    with connect() as connection:
        connection.execute(TABLES)
        prices = connection.execute("SELECT * FROM price ORDER BY name").fetchall()
        rows = connection.execute("SELECT * FROM import ORDER BY at DESC LIMIT 20").fetchall()
    found = [(row["file_name"], jobs.get(row["job_id"])) for row in rows]
    imports = [(name, submitted.details()) for name, submitted in found if submitted]
    return render_template("shop.html", prices=prices, imports=imports)


@app.post("/imports")
def start_import() -> Response:
    """Note the import and submit it; a file that was imported before undoes both."""
    lines = request.form["lines"].splitlines()
    try:
        with connect() as connection:
            connection.execute(TABLES)
            submitted = import_prices.submit(PriceList(lines), connection=connection)
            connection.execute(
                "INSERT INTO import (file_name, job_id) VALUES (%s, %s)",
                [request.form["file_name"], submitted.job_id],
            )
    except psycopg.errors.UniqueViolation:
        abort(409, "this file was imported before")
    return redirect(url_for("show"))


@app.post("/imports/<job_id>/cancel")
def cancel_import(job_id: str) -> Response:
    find(job_id).cancel()
    return redirect(url_for("show"))


def find(job_id: str) -> SubmittedJob[object]:
    return jobs.get(job_id) or abort(404)
