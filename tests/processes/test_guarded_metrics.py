"""Metrics behind a token and over TLS."""

from __future__ import annotations

import signal
import socket
import ssl
import urllib.error
from pathlib import Path

import pytest
import trustme

from tests.support.pool import Pool, eventually
from tests.support.scraping import get

TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Path:
    """One PEM file with the key and the chain."""
    path = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


def trusting_in(authority: trustme.CA) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())


def test_metrics_want_the_token_and_probes_do_not(pool: Pool) -> None:
    running = pool.start(app="tests.apps.basic", workers=1, JOBS_METRICS_TOKEN=TOKEN)
    assert get(running, "/metrics")[0] == 401
    assert get(running, "/metrics", {"Authorization": "Bearer wrong"})[0] == 401
    assert get(running, "/metrics", {"Authorization": f"Bearer {TOKEN}"})[0] == 200
    assert get(running, "/livez")[0] == 200
    assert get(running, "/readyz")[0] == 200
    assert TOKEN not in running.log


def test_metrics_over_tls(pool: Pool, authority: trustme.CA, certificate: Path) -> None:
    running = pool.start(
        "--metrics-certificate", str(certificate), app="tests.apps.basic", workers=1
    )
    trusting = trusting_in(authority)
    assert get(running, "/metrics", context=trusting)[0] == 200
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        get(running, "/metrics", context=ssl.create_default_context())
    host, _, port = running.record.metrics.partition(":")
    with socket.create_connection((host, int(port))):
        # One who says nothing holds up nobody else.
        assert get(running, "/livez", context=trusting)[0] == 200


def test_a_renewed_certificate_is_served_after_a_reload(pool: Pool, certificate: Path) -> None:
    running = pool.start(
        "--metrics-certificate", str(certificate), app="tests.apps.basic", workers=1
    )
    other = trustme.CA()
    other.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    trusting = trusting_in(other)
    running.send(signal.SIGHUP)

    def renewed() -> bool:
        try:
            return get(running, "/livez", context=trusting)[0] == 200
        except (urllib.error.URLError, OSError):
            return False

    eventually(renewed, 20, "the new certificate is served")


@pytest.mark.parametrize("text", ["", "no certificate"])
def test_a_broken_certificate_is_one_clear_line(pool: Pool, tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.pem"
    path.write_text(text)
    running = pool.start(
        "--metrics-certificate", str(path), app="tests.apps.basic", workers=1, wait=False
    )
    assert running.wait_exit(15) == 2
    assert "--metrics-certificate" in running.log
    assert "Traceback" not in running.log
