"""What the processes of one supervisor share, made before the first fork and kept over reloads."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence
from secrets import token_hex

import msgspec

from jobs_supervisor.counters import Counters, Layout
from jobs_supervisor.obituary import ObituaryPipe
from jobs_supervisor.pulse import Pulse
from jobs_supervisor.rolling import spare_slots
from jobs_supervisor.shared import SharedMemory
from jobs_supervisor.slotmap import SlotMap
from jobs_supervisor.wake import WakePipe


class Handover(msgspec.Struct, frozen=True):
    """The shared state in words: descriptors and sizes."""

    supervisor_id: str
    generation: int
    target: int
    capacity: int
    others: tuple[str, ...]
    jobs: list[str]
    slots: tuple[int, int]
    counters: tuple[int, int]
    wake: tuple[int, int]
    obituaries: tuple[int, int]
    listener: int
    started_at: float
    layout: str = ""


class SharedState:
    """The shared memory, pipes and sockets of a supervisor.

    Attributes:
        supervisor_id: its name in the database: host, pid and 64 random bits.
        generation: how often it was reloaded.
        target: how many workers there are to be.
    """

    def __init__(self, handover: Handover, slots: SharedMemory, counters: SharedMemory) -> None:
        self.supervisor_id = handover.supervisor_id
        self.generation = handover.generation
        self.target = handover.target
        self.started_at = handover.started_at
        self.capacity, self.others, self.jobs = handover.capacity, handover.others, handover.jobs
        self.memory = slots
        self.pulse = Pulse(slots)
        self._counters_memory = counters
        self.slots = SlotMap(slots, handover.capacity, handover.others)
        layout = Layout(handover.jobs)
        self.counters = Counters(counters, layout, handover.capacity + len(handover.others))
        self.wake_pipe = WakePipe(handover.wake)
        self.obituaries = ObituaryPipe(handover.obituaries)
        self.listener = socket.socket(fileno=handover.listener) if handover.listener >= 0 else None

    @classmethod
    def create(
        cls, workers: int, jobs: Sequence[str], listener: socket.socket | None
    ) -> SharedState:
        """Make a new one for so many workers of an application with these jobs."""
        others = ("scheduler",) if listener is None else ("scheduler", "exporter")
        capacity = workers + spare_slots(workers)
        count = capacity + len(others)
        slots = SharedMemory.create(SlotMap.size_of(count))
        counters = SharedMemory.create(Counters.size_of(Layout(jobs), count))
        handover = Handover(
            supervisor_id=f"{socket.gethostname()}-{os.getpid()}-{token_hex(8)}",
            generation=0,
            target=workers,
            capacity=capacity,
            others=others,
            jobs=list(jobs),
            slots=(slots.descriptor, slots.size),
            counters=(counters.descriptor, counters.size),
            wake=WakePipe().ends,
            obituaries=ObituaryPipe().ends,
            listener=-1 if listener is None else listener.detach(),
            started_at=time.time(),
        )
        return cls(handover, slots, counters)

    @classmethod
    def inherit(cls, text: str, jobs: Sequence[str]) -> SharedState:
        """Take over that of the process before, for an application that may declare other jobs."""
        handover = msgspec.json.decode(text, type=Handover)
        state = cls(handover, SharedMemory(*handover.slots), SharedMemory(*handover.counters))
        for descriptor in state.descriptors:
            os.set_inheritable(descriptor, False)
        state.generation += 1
        readable = handover.layout == state.counters.layout.digest
        if list(jobs) != state.jobs or not readable:
            state._declare(list(jobs), keep=readable)
        return state

    def _declare(self, jobs: list[str], *, keep: bool) -> None:
        """Lay the counters out anew.

        Args:
            jobs: the declared jobs.
            keep: whether to keep what was counted of jobs that stay. Another version of this code
                may have counted other things in other places: then all begin at 0.
        """
        count = self.capacity + len(self.others)
        layout = Layout(jobs)
        memory = SharedMemory.create(Counters.size_of(layout, count))
        counters = Counters(memory, layout, count)
        if keep:
            counters.copy_from(self.counters)
        os.close(self._counters_memory.descriptor)
        self.jobs, self.counters, self._counters_memory = jobs, counters, memory

    @property
    def metrics_address(self) -> str:
        """Where the exporter listens; empty for nowhere."""
        if self.listener is None:
            return ""
        host, port = self.listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def forgo(
        self, *, listener: bool = False, wake: bool = False, obituaries: bool = False
    ) -> None:
        """In a child: close what is for others.

        Args:
            listener: so that the address is free when those who serve it have ended.
            wake: the pipe on which workers wait.
            obituaries: the pipe that the scheduler reads.
        """
        if listener and self.listener is not None:
            self.listener.close()
        unneeded = [*self.wake_pipe.ends] * wake + [*self.obituaries.ends] * obituaries
        for descriptor in unneeded:
            os.close(descriptor)

    @property
    def descriptors(self) -> list[int]:
        """Everything that is open."""
        found = [self.memory.descriptor, self._counters_memory.descriptor]
        found += [*self.wake_pipe.ends, *self.obituaries.ends]
        return found if self.listener is None else [*found, self.listener.fileno()]

    def hand_over(self) -> str:
        """Put it into words for the successor."""
        handover = Handover(
            supervisor_id=self.supervisor_id,
            generation=self.generation,
            target=self.target,
            capacity=self.capacity,
            others=self.others,
            jobs=self.jobs,
            slots=(self.memory.descriptor, self.memory.size),
            counters=(self._counters_memory.descriptor, self._counters_memory.size),
            wake=self.wake_pipe.ends,
            obituaries=self.obituaries.ends,
            listener=-1 if self.listener is None else self.listener.fileno(),
            started_at=self.started_at,
            layout=self.counters.layout.digest,
        )
        return msgspec.json.encode(handover).decode()
