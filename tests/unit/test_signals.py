from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from jobs_supervisor.signals import SignalInbox


@pytest.fixture
def inbox() -> Iterator[SignalInbox]:
    inbox = SignalInbox([signal.SIGUSR1, signal.SIGUSR2])
    yield inbox
    inbox.close()


def test_signals_are_seen_in_order_where_the_loop_asks(inbox: SignalInbox) -> None:
    for number in (signal.SIGUSR2, signal.SIGUSR1, signal.SIGUSR2):
        os.kill(os.getpid(), number)
    assert list(inbox.received()) == [signal.SIGUSR2, signal.SIGUSR1, signal.SIGUSR2]
    assert list(inbox.received()) == []


def test_a_signal_that_came_before_ends_the_wait(inbox: SignalInbox) -> None:
    os.kill(os.getpid(), signal.SIGUSR1)
    began = time.monotonic()
    assert inbox.wait(30) == []
    assert time.monotonic() - began < 5


def test_another_descriptor_ends_the_wait(inbox: SignalInbox) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x")
    assert inbox.wait(30, reader) == [reader]
    os.close(reader)
    os.close(writer)


def test_a_wait_without_an_event_ends_in_time(inbox: SignalInbox) -> None:
    began = time.monotonic()
    assert inbox.wait(0.05) == []
    assert 0.04 <= time.monotonic() - began < 5
    assert inbox.wait(-1) == []


def test_more_signals_than_the_pipe_holds_do_not_block(inbox: SignalInbox) -> None:
    for _ in range(70_000):
        signal.raise_signal(signal.SIGUSR1)
    received = list(inbox.received())
    assert received
    assert set(received) == {signal.SIGUSR1}


def test_closing_gives_signals_their_action_back() -> None:
    SignalInbox([signal.SIGUSR1]).close()
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_what_somebody_else_has_a_handler_for_is_not_ours(inbox: SignalInbox) -> None:
    before = signal.signal(signal.SIGWINCH, _heed)
    os.kill(os.getpid(), signal.SIGWINCH)
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGWINCH, before)
    assert list(inbox.received()) == [signal.SIGUSR1]


def _heed(_number: int, _frame: object) -> None:
    """An application's own."""
