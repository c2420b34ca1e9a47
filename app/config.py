"""Configuration: the environment becomes one frozen Settings. Nonsense stops the start and names the variable.

No other module reads the process environment.
"""

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.sizes import in_bytes, short

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024
LONGEST_KEPT = 36_500
"""Days."""
LEAST_MEMORY, MOST_MEMORY = 6 * MIB, 1024**5
"""Bytes of memory that an execution may have: Docker's least, and what no machine has."""
LEAST_CPUS, MOST_CPUS = 0.01, 1024
FAILPOINTS = ("claimed", "created", "start_sent", "started", "exited", "log_copied", "recorded", "removed", "retried")
NETWORK_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}"
NO_NETWORKS = ("host", "default")
"""What Docker takes for a network's name and is none."""
PROFILES = ("standard", "strict")
HOST_NAME = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
REGISTRY = rf"({HOST_NAME}|\[[0-9a-f:]+\])(:[0-9]{{1,5}})?"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""What this machine calls itself, as a Host header writes it."""
TLS, LOOPBACK = IN_FRONT = ("tls", "loopback")
"""What may stand in front: a server that ends TLS, or a container's network whose port is published on the loopback alone."""


class BadSetting(Exception):
    """An environment variable that makes no sense; the text names it and says what would."""


@dataclass(frozen=True)
class EngineAddress:
    """Where a Docker Engine listens, in Docker's own terms (DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH)."""

    url: str = "unix:///var/run/docker.sock"
    tls_verify: bool = False
    cert_path: str = ""


@dataclass(frozen=True)
class Keep:
    """How long, and how much of it, what has ended is kept; None: for ever, and all of it.

    Days count from the end of a result, of an image from its import. `results` is a number in all, `logs_size` bytes in all, `images` a number
    for each task beside the one it has now.
    """

    results_days: int | None = None
    results: int | None = None
    logs_days: int | None = None
    logs_size: int | None = None
    images_days: int | None = None
    images: int | None = None


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, with its defaults. Times are seconds, sizes bytes.

    `memory` and `cpus` are what an execution gets that asks for none, `max_memory` and `max_cpus` the most that one may ask for; None: no
    limit. `networks` are those that one may ask for beside bridge and none. `hosts` are the names that it answers to beside those of the
    loopback and of `host`; `in_front` is what stands in front of it (IN_FRONT), or nothing. `registries` are
    those that may be asked for images, in lower case; none: any.
    """

    instance: Path = ROOT / "instance"
    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    in_front: str = ""
    slots: int = 4 * (os.cpu_count() or 2)
    engine: EngineAddress = EngineAddress()
    engine_timeout: float = 60.0
    log_cap: int = 10 * MIB
    stop_grace: float = 10.0
    pull_idle_timeout: float = 120.0
    pull_timeout: float = 7200.0
    memory: int | None = None
    cpus: float | None = None
    max_memory: int | None = None
    max_cpus: float | None = None
    networks: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    profile: str = "standard"
    sample_every: float = 5.0
    keep: Keep = Keep()
    failpoint: str = ""

    @property
    def database(self) -> Path:
        """The file that holds the record."""
        return self.instance / "estivador.db"

    @property
    def queue(self) -> Path:
        """The file that holds Huey's messages, apart from the record: it owns tables of its own there."""
        return self.instance / "queue.db"

    @property
    def address(self) -> str:
        """The address a browser or curl opens on this machine."""
        return f"http://{_in_brackets(self.reachable_host)}:{self.port}/"

    @property
    def reachable_host(self) -> str:
        """The host to connect to from here: "all addresses" is none."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - connected to, never bound

    @property
    def names(self) -> frozenset[str]:
        """All that a Host header may name, in lower case and without a port."""
        return frozenset((*LOOPBACK_NAMES, _in_brackets(self.host.lower()), *self.hosts))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read `environ` (default: the process's own); raise BadSetting for a value or a name that makes no sense."""
        reader = _Reader(os.environ if environ is None else environ)
        settings = cls(
            instance=Path(reader.text("ESTIVADOR_INSTANCE", str(cls.instance))).expanduser().absolute(),
            host=reader.text("ESTIVADOR_HOST", cls.host),
            port=reader.integer("ESTIVADOR_PORT", cls.port, 1, 65535),
            hosts=reader.hosts("ESTIVADOR_HOSTS"),
            in_front=reader.choice("ESTIVADOR_IN_FRONT", cls.in_front, IN_FRONT),
            slots=reader.integer("ESTIVADOR_SLOTS", cls.slots, 1, 10_000),
            engine=_engine_address(reader),
            engine_timeout=reader.seconds("ESTIVADOR_ENGINE_TIMEOUT", cls.engine_timeout),
            log_cap=reader.size("ESTIVADOR_LOG_CAP", cls.log_cap, 64 * 1024, 1024 * MIB),
            stop_grace=reader.seconds("ESTIVADOR_STOP_GRACE", cls.stop_grace),
            pull_idle_timeout=reader.seconds("ESTIVADOR_PULL_IDLE_TIMEOUT", cls.pull_idle_timeout),
            pull_timeout=reader.seconds("ESTIVADOR_PULL_TIMEOUT", cls.pull_timeout),
            memory=reader.size_limit("ESTIVADOR_MEMORY", LEAST_MEMORY, MOST_MEMORY),
            cpus=reader.cpus("ESTIVADOR_CPUS"),
            max_memory=reader.size_limit("ESTIVADOR_MAX_MEMORY", LEAST_MEMORY, MOST_MEMORY),
            max_cpus=reader.cpus("ESTIVADOR_MAX_CPUS"),
            networks=reader.networks("ESTIVADOR_NETWORKS"),
            registries=reader.registries("ESTIVADOR_REGISTRIES"),
            profile=reader.choice("ESTIVADOR_PROFILE", cls.profile, PROFILES),
            sample_every=reader.seconds("ESTIVADOR_SAMPLE_EVERY", cls.sample_every, or_none=True),
            keep=_keep(reader),
            failpoint=reader.choice("ESTIVADOR_FAILPOINT", cls.failpoint, FAILPOINTS),
        )
        reader.refuse_unknown()
        refuse_open(settings.host, settings.in_front)
        _refuse_over("MEMORY", settings.memory, settings.max_memory)
        _refuse_over("CPUS", settings.cpus, settings.max_cpus)
        return settings


def refuse_open(host: str, in_front: str) -> None:
    """Raise BadSetting where all may reach the address, and nothing is said to stand in front of it."""
    if not in_front and not _is_loopback(host):
        raise BadSetting(
            f"ESTIVADOR_HOST is {host!r}, which others can reach, and without TLS they read each token on its way: who has one is root on the "
            "machine of the Docker Engine. Leave ESTIVADOR_HOST at 127.0.0.1, and put a server that ends TLS in front of it (SECURITY.md shows "
            f"how). If one is in front of this very address, say so: ESTIVADOR_IN_FRONT={TLS}. If this is a container whose port is published on "
            f"127.0.0.1 alone: ESTIVADOR_IN_FRONT={LOOPBACK}."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _in_brackets(host: str) -> str:
    """Write a host as an address does: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _refuse_over(name: str, default: float | None, most: float | None) -> None:
    if default is not None and most is not None and default > most:
        raise BadSetting(f"ESTIVADOR_{name} is more than ESTIVADOR_MAX_{name} allows: lower the one or raise the other.")


def _engine_address(reader: "_Reader") -> EngineAddress:
    default = EngineAddress()
    url = reader.text("DOCKER_HOST", default.url)
    if not re.match(r"(unix|tcp|http|https)://.", url):
        raise BadSetting(f"DOCKER_HOST is {url!r}; it must be an address such as unix:///var/run/docker.sock or tcp://host:2376 (ssh:// is not supported yet).")
    return EngineAddress(url, reader.text("DOCKER_TLS_VERIFY", "") != "", reader.text("DOCKER_CERT_PATH", ""))


def _keep(reader: "_Reader") -> Keep:
    return Keep(
        results_days=reader.limit("ESTIVADOR_KEEP_RESULTS_DAYS", 1, LONGEST_KEPT),
        results=reader.limit("ESTIVADOR_KEEP_RESULTS", 1, 999_999_999),
        logs_days=reader.limit("ESTIVADOR_KEEP_LOGS_DAYS", 1, LONGEST_KEPT),
        logs_size=reader.size_limit("ESTIVADOR_KEEP_LOGS_SIZE", MIB, 1024 * 1024 * MIB),
        images_days=reader.limit("ESTIVADOR_KEEP_IMAGES_DAYS", 1, LONGEST_KEPT),
        images=reader.limit("ESTIVADOR_KEEP_IMAGES", 0, 999_999_999),
    )


def _host(name: str, word: str) -> str:
    try:
        return _in_brackets(str(ipaddress.ip_address(word.removeprefix("[").removesuffix("]"))))
    except ValueError:
        if not re.fullmatch(HOST_NAME, word) or len(word) > 253:
            raise BadSetting(
                f"{name} has {word!r}; it must be names of hosts, comma separated, without scheme and port, such as estivador.example.org."
            ) from None
        return word


class _Reader:
    """Reads variables one by one and remembers which it knows."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.known: list[str] = []

    def text(self, name: str, default: str) -> str:
        self.known.append(name)
        value = self.environ.get(name, "").strip()
        return value or default

    def integer(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise BadSetting(f"{name} is {text!r}; it must be a whole number from {least} to {most}.")
        return int(text)

    def limit(self, name: str, least: int, most: int) -> int | None:
        """Read a whole number that nothing is given for where there is no limit."""
        return self.integer(name, least, least, most) if self.text(name, "") else None

    def seconds(self, name: str, default: float, or_none: bool = False) -> float:
        """Read a number of seconds above 0, or 0 too where that turns something off."""
        text = self.text(name, str(default))
        if or_none and re.fullmatch(r"0(\.0{1,6})?", text):
            return 0.0
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) or float(text) <= 0:
            raise BadSetting(f"{name} is {text!r}; it must be a number of seconds above 0, such as 10 or 0.5.")
        return float(text)

    def size(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name, str(default))
        try:
            size = in_bytes(text)
        except ValueError:
            size = 0
        if not least <= size <= most:
            raise BadSetting(f"{name} is {text!r}; it must be a size from {short(least)} to {short(most)}, such as 10MiB.")
        return size

    def cpus(self, name: str) -> float | None:
        text = self.text(name, "")
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,9})?", text) or not LEAST_CPUS <= float(text) <= MOST_CPUS:
            raise BadSetting(f"{name} is {text!r}; it must be a number of processors from {LEAST_CPUS} to {MOST_CPUS}, such as 2 or 1.5.")
        return float(text)

    def words(self, name: str) -> tuple[str, ...]:
        """Read what stands between commas."""
        return tuple(word.strip() for word in self.text(name, "").split(",") if word.strip())

    def hosts(self, name: str) -> tuple[str, ...]:
        """Read names or addresses of hosts, as a Host header writes them: in lower case, IPv6 in brackets."""
        return tuple(_host(name, word.lower()) for word in self.words(name))

    def registries(self, name: str) -> tuple[str, ...]:
        """Read hosts of registries, with a port where an image's reference has one."""
        words = tuple("docker.io" if word.lower() == "index.docker.io" else word.lower() for word in self.words(name))
        for word in words:
            # Of any other name Docker takes it for a part of a path at Docker Hub.
            if not re.fullmatch(REGISTRY, word) or not ("." in word or ":" in word or word == "localhost"):
                raise BadSetting(
                    f"{name} has {word!r}; it must be hosts of registries, comma separated, such as docker.io or localhost:5000, without https://."
                )
        return words

    def networks(self, name: str) -> tuple[str, ...]:
        names = self.words(name)
        for word in names:
            if not re.fullmatch(NETWORK_NAME, word) or word.lower() in NO_NETWORKS:
                raise BadSetting(f"{name} has {word!r}; it must be names of Docker networks, comma separated; host and container:… are never allowed.")
        return names

    def size_limit(self, name: str, least: int, most: int) -> int | None:
        """Read a size that nothing is given for where there is no limit."""
        return self.size(name, least, least, most) if self.text(name, "") else None

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        text = self.text(name, default)
        if text != default and text not in choices:
            raise BadSetting(f"{name} is {text!r}; it must be one of {', '.join(choices)}.")
        return text

    def refuse_unknown(self) -> None:
        """A misspelt name would be obeyed by nobody and noticed by nobody."""
        for name in self.environ:
            if name.startswith("ESTIVADOR_") and name not in self.known:
                near = difflib.get_close_matches(name, self.known, 1)
                hint = f" Did you mean {near[0]}?" if near else ""
                raise BadSetting(f"{name} is not a setting of Estivador.{hint} .env.example lists them all.")
