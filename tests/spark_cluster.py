"""A standalone Spark cluster on loopback: a master and two workers of one core, whose Python is a second environment."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEERS = ("numpy", "numpy.libs", "pyarrow", "pyarrow.libs", "pyspark", "py4j")
RUN_S = 400  # a run takes 20 s, and several times as long where many programs share a core
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # for short lives: less compiled, one thread that collects
_WAIT_S = 90


def site_of(python: Path) -> Path:
    """Where an environment of ours keeps its packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return python.parent.parent / "lib" / version / "site-packages"


def make_environment(folder: Path, wheel: Path | None) -> Path:
    """A second environment with Spark's own needs, NumPy and, unpacked, our wheel; gives its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, capture_output=True)
    python = folder / "bin" / "python"
    installed = Path(str(find_spec("pyspark").origin)).parent.parent  # type: ignore[union-attr]
    for name in PEERS:
        if (installed / name).exists():
            (site_of(python) / name).symlink_to(installed / name)
    if wheel is not None:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site_of(python))
    return python


def build_wheel(folder: Path) -> Path:
    """The wheel of this very source."""
    source = folder / "source"
    for name in ("northstar_explain", "cli", "templates"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = f"-m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w {folder} {source}"
    subprocess.run([sys.executable, *build.split()], check=True, capture_output=True, text=True)
    return next(folder.glob("*.whl"))


def spark_home() -> Path:
    """Where PySpark keeps Spark's own programs and jars."""
    return Path(str(find_spec("pyspark").origin)).parent  # type: ignore[union-attr]


def environment(**more: str) -> dict[str, str]:
    """The variables for a program that runs Spark: none that another test has set, loopback, small heaps."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("SPARK", "PYSPARK", "PYTHONPATH", "MASTER"))}
    ours = {
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": JAVA,
        "SPARK_SUBMIT_OPTS": JAVA,
    }
    return plain | ours | more


class Cluster:
    """The master's address, and who keeps two workers running."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._stopped = threading.Event()
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._workers: list[subprocess.Popen[bytes]] = []
        self.started = 0
        port = _free_port()
        self.master = f"spark://127.0.0.1:{port}"
        address = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
        self._daemon("master.Master", *address)
        _until(lambda: _listens(port), "the master")
        self._keep()
        self._keeper = threading.Thread(target=self._watch, daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """End every process, those that workers have started too."""
        self._stopped.set()
        self._keeper.join()
        for daemon in reversed(self._daemons):
            with suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()

    def leftovers(self) -> list[str]:
        """Command lines of processes that still run for this cluster."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if self.master in words or str(self._folder) in words:
                    found.append(words)
        return found

    def _watch(self) -> None:
        """Start another worker where one has died, as a system's supervisor does."""
        while not self._stopped.wait(0.2):
            self._keep()

    def _keep(self) -> None:
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        while len(self._workers) < 2:
            self.started += 1
            own = ["--cores", "1", "--memory", "600m", "--webui-port", "0", "--host", "127.0.0.1"]
            work = self._folder / f"worker{self.started}"
            self._workers.append(self._daemon("worker.Worker", *own, "--work-dir", str(work), self.master))

    def _daemon(self, name: str, *args: str) -> subprocess.Popen[bytes]:
        # Straight from the jars; a session of its own, so that executors end with it.
        log = (self._folder / f"{name}.log").open("ab")
        command = [str(spark_home() / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *args]
        with log:
            daemon = subprocess.Popen(
                command, env=environment(), cwd=self._folder, stdout=log, stderr=log, start_new_session=True
            )
        self._daemons.append(daemon)
        return daemon


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster that leaves nothing running."""
    folder.mkdir(exist_ok=True)
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.stop()
    _until(lambda: not made.leftovers(), f"the end of {made.leftovers()}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _until(true: object, what: str) -> None:
    assert callable(true)
    deadline = time.monotonic() + _WAIT_S
    while not true():
        assert time.monotonic() < deadline, f"waited {_WAIT_S} s for {what}"
        time.sleep(0.1)
