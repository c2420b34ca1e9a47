"""A Docker daemon of the tests' own, that may be killed, frozen, restarted and powered off without harm to the machine's.

It lives in a network, process and mount namespace of its own, which a *holder* process keeps open. The network one keeps its
bridge and iptables rules apart; the other two see to it that when the holder dies (also because pytest was killed), the
kernel ends dockerd, containerd, every shim and every container, and takes back all mounts. Process ids that this daemon
reports (State.Pid) count inside of that namespace. Registries on the machine's 127.0.0.1 cannot be reached from it.

What Engine 20.10 makes of containers that run at its end (measured; "answers" is when start() returns):

| the daemon's end | live-restore | while it is away | when it answers again |
| --- | --- | --- | --- |
| SIGTERM | off | all stopped first (SIGTERM, 10 s, SIGKILL; events kill, die, stop) | exited, each with its own code or 137 |
| SIGTERM | on | they run on | running; what ended meanwhile: exited with its own code and time |
| SIGKILL | off | they run on | stopped only now, *before* it answers (10 s longer for those that ignore SIGTERM): own code or 137; what ended meanwhile: its own code and time |
| SIGKILL | on | they run on | running; what ended meanwhile: exited with its own code and time |
| power_off() | either | gone | exited with 255, and FinishedAt is the time of the return, not of the end; Error is empty |

A paused container is treated as a running one (exited 137, or still paused). OOMKilled stayed false and Error empty throughout.
What a container writes while the daemon is away is kept in its pipe (64 KiB) and logged if it still runs at the return; if it
ended meanwhile, that part of its log is lost, without a trace. FinishedAt may be 1-2 ms before StartedAt for a short program.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import docker
from docker import DockerClient

from tests.support.waiting import until

READY, ENDED = 60, 30  # seconds
# Inside of the new namespaces: loopback on, shim sockets apart (containerd has them in a fixed place), orphans reaped.
HOLD = "ip link set lo up && mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd && echo ready && trap '' CHLD && exec sleep infinity"
CGROUPS = Path("/sys/fs/cgroup")


class OwnDockerd:
    """One daemon with its own data, sockets and bridge. start(), then client(); close() leaves nothing behind.

    `live_restore` is read at each start(). `data_root` may be given to have the data on a small disk.
    """

    def __init__(self, live_restore: bool = False, data_root: Path | None = None) -> None:
        self.live_restore = live_restore
        self.folder = Path(tempfile.mkdtemp(prefix="own-dockerd-"))
        self.data_root = data_root or self.folder / "data"
        self.socket = self.folder / "docker.sock"
        self.log = self.folder / "dockerd.log"
        self._holder: subprocess.Popen[str] | None = None
        self._entry: subprocess.Popen[bytes] | None = None  # nsenter, whose child dockerd is
        self._containers: set[str] = set()

    @property
    def address(self) -> str:
        """What DOCKER_HOST takes."""
        return f"unix://{self.socket}"

    @property
    def pid(self) -> int:
        """dockerd's process id as this machine sees it; 0 if it does not run."""
        if self._entry is None or self._entry.poll() is not None:
            return 0
        return next(iter(_children(self._entry.pid)), 0)

    def client(self, timeout: float = 60) -> DockerClient:
        """A new connection; close it yourself. Raises while the daemon is down."""
        return docker.DockerClient(base_url=self.address, timeout=int(timeout))

    def start(self) -> None:
        """Start it (again) and return when it answers. What a killed one left behind (pid file, socket) is removed first."""
        assert not self.pid, "The daemon runs already."
        if self._holder is None:
            self._holder = _hold()
        for stale in (self.folder / "docker.pid", self.folder / "exec/containerd/containerd.pid", self.socket):
            stale.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._entry = subprocess.Popen(
                ["nsenter", f"--target={_first_child(self._holder)}", "--net", "--pid", "--mount", "--", *self._command()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait_ready()

    def wait_ready(self, timeout: float = READY) -> None:
        """Return once the daemon answers a ping; fail with the end of its log if it dies or stays silent."""
        try:
            until(self._ready, timeout, "the own dockerd answers")
        except AssertionError as late:
            raise AssertionError(f"{late} Its log ends: {self.log_tail()}") from None

    def send(self, number: signal.Signals) -> None:
        """Send dockerd a signal and return at once (SIGSTOP, SIGCONT, …)."""
        assert self.pid, "The daemon does not run."
        os.kill(self.pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout: float = ENDED) -> None:
        """End dockerd by SIGTERM or SIGKILL, and wait until it is gone. (containerd goes with it, shims stay.)"""
        if self.pid:
            self.send(number)
        if self._entry is not None:
            self._entry.wait(timeout)
        self._entry = None

    def power_off(self) -> None:
        """What a pulled plug does: every process is gone at once, /run is empty, the data stay. start() is the reboot."""
        self._note_containers()
        if self._holder is not None:
            os.kill(_first_child(self._holder), signal.SIGKILL)
            self._holder.communicate()
            self._holder = None
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder / "exec", ignore_errors=True)
        self._remove_cgroups()

    def load(self, image: str, source: DockerClient) -> None:
        """Copy `image` (a reference keeps its tags; an id has none) from another Engine into this one."""
        data = b"".join(source.api.get_image(image))
        with contextlib.closing(self.client()) as client:
            client.images.load(data)

    def close(self) -> None:
        """End everything that belongs to it, and remove its folder."""
        self.power_off()
        shutil.rmtree(self.folder)
        if self.data_root.exists():
            shutil.rmtree(self.data_root, ignore_errors=True)

    def log_tail(self, size: int = 2000) -> str:
        """The end of dockerd's log."""
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def _command(self) -> list[str]:
        (self.folder / "empty.json").write_text("{}")  # not the machine's /etc/docker/daemon.json
        return [
            "dockerd",
            f"--config-file={self.folder}/empty.json",
            f"--data-root={self.data_root}",
            f"--exec-root={self.folder}/exec",
            f"--pidfile={self.folder}/docker.pid",
            f"--host={self.address}",
            f"--live-restore={str(self.live_restore).lower()}",
        ]

    def _ready(self) -> bool:
        """Ask over a socket of our own: the SDK leaves one open for each time that nobody listens."""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b"200 OK" in probe.recv(64)
            except OSError:
                return False

    def _note_containers(self) -> None:
        folder = self.data_root / "containers"
        if folder.exists():
            self._containers.update(entry.name for entry in folder.iterdir())

    def _remove_cgroups(self) -> None:
        """The kernel ends processes with their namespace, not control groups: those of our containers are empty, and go."""
        for container in self._containers:
            for group in [*CGROUPS.glob(f"docker/{container}"), *CGROUPS.glob(f"*/docker/{container}")]:
                until(lambda group=group: _removed(group), ENDED, f"the control group {group} is empty")  # type: ignore[misc]


def _hold() -> subprocess.Popen[str]:
    """Make the namespaces; returns the `unshare` whose child keeps them. It dies with the thread that calls this."""
    holder = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child", "sh", "-c", HOLD],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert holder.stdout is not None
    if holder.stdout.readline() != "ready\n":
        raise AssertionError(f"No namespaces for an own dockerd: {holder.communicate()[1]}")
    return holder


def _first_child(parent: subprocess.Popen[str]) -> int:
    return _children(parent.pid)[0]


def _children(pid: int) -> list[int]:
    """The process ids of the children of `pid`."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(child) for child in listed.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _removed(group: Path) -> bool:
    try:
        for inner in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            inner.rmdir()
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
