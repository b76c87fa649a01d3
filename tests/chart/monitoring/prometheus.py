"""Run Prometheus as a local process that scrapes one target."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from chart.monitoring.expressions import RULES
from processes.running import until
from tools.generators.dashboard.prometheus import Prometheus
from tools.prerequisites import programs


WINDOW = "15s"
"""Window of rates for a target that is scraped every second."""


@contextmanager
def prometheus_in(folder: Path, address: str, path: str) -> Iterator[Prometheus]:
    """Run Prometheus with the rules of the project while the block runs; the target is scraped every second.

    Args:
        folder: Folder for data, configuration and log.
        address: Host and port of the target.
        path: URL path of the metrics.
    """
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": "pdfjob", "metrics_path": path, "static_configs": [{"targets": [address]}]},
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    config, log = folder / "prometheus.yaml", folder / "prometheus.log"
    config.write_text(yaml.safe_dump(configuration))
    command = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}", "--web.listen-address=127.0.0.1:0"]
    with log.open("w") as out, subprocess.Popen([programs.path_of("prometheus"), *command], stderr=out) as process:
        try:
            until(lambda: "Server is ready" in log.read_text() or process.poll() is not None)
            found = re.search(r'msg="Listening on" address=(\S+)', log.read_text())
            assert found and process.poll() is None, log.read_text()  # noqa: PT018 (either way the log tells)
            yield Prometheus(f"http://{found[1]}")
        finally:
            process.terminate()
