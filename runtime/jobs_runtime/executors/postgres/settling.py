"""Storing outcomes: one operation for each kind of ending that occurs."""

from __future__ import annotations

from collections.abc import Sequence

from jobs_runtime.executors import arrays
from jobs_runtime.executors.operation import Operation, Row, first
from jobs_runtime.executors.postgres.statements import statement
from jobs_runtime.model import JobState, Outcome


def settle(outcomes: Sequence[Outcome], incarnation: int) -> list[Operation[list[int]]]:
    """Operations for one transaction; before a finish comes what is to follow the jobs."""
    endings = {(each.state, each.death) for each in outcomes}
    return [
        operation
        for ending in sorted(endings)
        for operation in _settle_alike(
            _with_ending(outcomes, ending) if len(endings) > 1 else outcomes, incarnation
        )
    ]


def _with_ending(outcomes: Sequence[Outcome], ending: tuple[JobState, bool]) -> list[Outcome]:
    return [each for each in outcomes if (each.state, each.death) == ending]


def _settle_alike(outcomes: Sequence[Outcome], incarnation: int) -> list[Operation[list[int]]]:
    state, death = outcomes[0].state, int(outcomes[0].death)
    parameters = {**_results(outcomes), "death": death, "incarnation": incarnation}
    if state is JobState.RETRY:
        parameters["delays"] = arrays.numbers(outcome.delay for outcome in outcomes)
        parameters["refunds"] = arrays.numbers(int(outcome.refund) for outcome in outcomes)
        return [Operation(statement("retry"), parameters, first)]
    # Whole numbers: a float takes three times as long to write.
    parameters["microseconds"] = arrays.numbers(int(1e6 * outcome.seconds) for outcome in outcomes)
    parameters["state"] = state.value
    finish = Operation(statement("finish"), parameters, _gathered)
    following = [outcome for outcome in outcomes if outcome.follows]
    if not following:
        return [finish]
    parameters = {**_results(following), "state": state.value, "incarnation": incarnation}
    return [Operation(statement("follow"), parameters, _no_ids), finish]


def _results(outcomes: Sequence[Outcome]) -> dict[str, object]:
    outputs = [outcome.output for outcome in outcomes]
    return {
        "ids": arrays.numbers(outcome.job_id for outcome in outcomes),
        "outputs": arrays.texts(outputs) if any(outputs) else None,
    }


def _no_ids(_rows: list[Row]) -> list[int]:
    return []


def _gathered(rows: list[Row]) -> list[int]:
    return rows[0][0] or []
