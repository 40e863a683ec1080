"""A Prometheus of our own that scrapes running supervisors."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.support.pool import Running, eventually


class Prometheus:
    """Scrapes every half second, and looks at its rules every second.

    Args:
        directory: for its data and its log.
        targets: whom to scrape, as host-1, host-2 and so on.
        rules: alert rules, as its own file would hold them.

    Attributes:
        address: host:port.
    """

    def __init__(self, directory: Path, targets: Sequence[Running], rules: str = "") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        config, rule_file = directory / "prometheus.yml", directory / "rules.yml"
        rule_file.write_text(rules)
        self._targets = directory / "targets.json"
        self.scrape(targets)
        scrape = {
            "job_name": "jobs",
            "scrape_interval": "500ms",
            "scrape_timeout": "500ms",
            "file_sd_configs": [{"files": [str(self._targets)]}],
        }
        text = {
            "global": {"evaluation_interval": "1s"},
            "rule_files": [str(rule_file)],
            "scrape_configs": [scrape],
        }
        config.write_text(yaml.safe_dump(text))
        with (directory / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={directory / 'data'}",
                    f"--web.listen-address={self.address}",
                ],
                stdout=log,
                stderr=log,
            )
        eventually(self._ready, 30, "Prometheus is ready")

    def scrape(self, targets: Sequence[Running]) -> None:
        """Scrape these from now on, as one cluster."""
        found = [
            {
                "targets": [each.record.metrics],
                "labels": {"cluster": "t", "instance": f"host-{number}"},
            }
            for number, each in enumerate(targets, 1)
        ]
        # Moved into place: it is read as soon as it changes.
        new = self._targets.with_suffix(".new")
        new.write_text(json.dumps(found))
        new.replace(self._targets)

    def firing(self) -> set[str]:
        """The names of the alerts that somebody would be told of now."""
        alerts = self._get("/api/v1/alerts")["data"]["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now.

        Raises:
            urllib.error.HTTPError: it is no expression.
        """
        query = urllib.parse.urlencode({"query": expression})
        return self._get(f"/api/v1/query?{query}")["data"]["result"]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def _ready(self) -> bool:
        assert self._process.poll() is None, "Prometheus has ended"
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
            return json.load(answer)
