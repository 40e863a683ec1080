from __future__ import annotations

from pathlib import Path

import click
import msgspec
import pytest

from benchmarks.__main__ import listed
from benchmarks.environments import CannotInstall, install
from benchmarks.inside.cells import CELLS
from benchmarks.moments import Moment, Performed
from benchmarks.peer import OURS, Peer, all_peers, read
from benchmarks.server import uri
from benchmarks.submitting import Span
from benchmarks.suite import WORKLOADS, lacking
from benchmarks.workloads.enqueue import rate
from benchmarks.workloads.memory import steady

PEERS = all_peers()


def test_ours_comes_first_and_every_folder_is_a_peer() -> None:
    folders = {path.name for path in (Path("benchmarks") / "peers").iterdir() if path.is_dir()}
    assert next(iter(PEERS)) == OURS
    assert set(PEERS) - {OURS} == {name for name in folders if not name.startswith("__")}


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_a_peer_names_its_settings_and_pins_what_it_needs(peer: Peer) -> None:
    assert peer.settings.strip()
    assert peer.docs
    assert (peer.folder / ("app.mjs" if peer.runtime == "node" else "app.py")).exists()
    if peer.runtime == "python":
        assert "==" in (peer.folder / "requirements.txt").read_text()
    if peer.runtime == "node":
        assert (peer.folder / "package.json").exists()
    assert set(peer.lacks) <= set(WORKLOADS)


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_a_peer_runs_a_workload_or_says_why_not(peer: Peer) -> None:
    missing = {name: lacking(peer, name) for name in WORKLOADS}
    assert all(reason is None or reason.strip() for reason in missing.values())
    assert missing["w1"] is None
    assert peer.store == "redis" or missing["w6b"] is None


def test_ours_runs_everything() -> None:
    assert [lacking(PEERS[OURS], name) for name in WORKLOADS] == [None] * len(WORKLOADS)


def test_a_pool_that_is_not_described_falls_back(tmp_path: Path) -> None:
    folder = tmp_path / "some"
    folder.mkdir()
    text = 'title = "t"\nruntime = "python"\nstore = "redis"\nsettings = "s"\ndocs = "d"\n'
    (folder / "peer.toml").write_text(text + '[pools.throughput]\ncommand = ["run"]\n')
    peer = read(folder)
    assert peer.pool("latency") == peer.pool("throughput")
    with pytest.raises(KeyError):
        peer.pool("crash")
    assert lacking(peer, "w4") == "no pool of workers for w4"
    (folder / "peer.toml").write_text(text + 'pools = {}\nstorage = "x"\n')
    with pytest.raises(msgspec.ValidationError, match="storage"):
        read(folder)


def test_a_peer_that_needs_a_newer_python_cannot_be_installed() -> None:
    peer = msgspec.structs.replace(PEERS["procrastinate"], python="3.99")
    with pytest.raises(CannotInstall, match=r"needs Python 3\.99"):
        install(peer)


def test_what_cannot_be_installed_is_told_by_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r nowhere.txt\n")
    peer = msgspec.structs.replace(PEERS["rq"], folder=tmp_path)
    with pytest.raises(CannotInstall, match=r"nowhere\.txt"):
        install(peer)
    assert not (tmp_path / ".venv" / ".installed").exists()


def test_lists_are_checked() -> None:
    assert listed(["w1", "w2"], None) == ["w1", "w2"]
    assert listed(["w1", "w2"], "w2, w1") == ["w2", "w1"]
    with pytest.raises(click.BadParameter, match="'w3' is none of w1, w2"):
        listed(["w1", "w2"], "w1,w3")


def test_half_written_moments_are_read_when_they_are_whole(tmp_path: Path) -> None:
    performed = Performed(tmp_path)
    moments = tmp_path / "moments"
    moments.write_text("1000000000 7 start a\n2000000000 7 en")
    assert performed.moments("start") == [Moment(1.0, 7, "start", "a")]
    assert performed.moments("end") == []
    with moments.open("a") as file:
        file.write("d a\n")
    assert performed.moments("end") == [Moment(2.0, 7, "end", "a")]
    assert len(performed.moments("start")) == 1
    performed.close()


def test_counts_of_all_processes_are_added(tmp_path: Path) -> None:
    performed = Performed(tmp_path)
    assert performed.count() == 0
    with (tmp_path / "counts").open("r+b") as file:
        for cell, count in ((0, 5), (17, 40_000), (CELLS - 1, 2)):
            file.seek(cell * 8)
            file.write(count.to_bytes(8, "little"))
    assert performed.count() == 40_007
    performed.close()


def test_clients_are_timed_from_the_first_to_the_last() -> None:
    assert rate([Span(1.0, 2.0), Span(1.5, 3.0)], 100) == 50


@pytest.mark.parametrize(
    ("readings", "expected"), [([100, 100, 100], True), ([100, 102, 100], False)]
)
def test_memory_is_steady_within_a_hundredth(readings: list[int], expected: bool) -> None:
    assert steady(readings) is expected


def test_a_dsn_is_given_in_the_form_that_every_client_reads() -> None:
    assert uri("postgresql://me@127.0.0.1:54/postgres", "b") == "postgresql://me@127.0.0.1:54/b"
    given = "host=/tmp/x port=54 user=me dbname=postgres"
    assert uri(given, "b") == "postgresql://me@/b?host=/tmp/x&port=54"
