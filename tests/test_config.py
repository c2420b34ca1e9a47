import re
from pathlib import Path

import pytest

from app.config import ROOT, BadSetting, Keep, Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port, settings.instance) == ("127.0.0.1", 8000, ROOT / "instance")
    assert settings.engine.url == "unix:///var/run/docker.sock"
    assert settings.log_cap == 10 * 1024 * 1024
    assert (settings.memory, settings.cpus, settings.max_memory, settings.max_cpus, settings.networks, settings.profile) == (None,) * 4 + ((), "standard")


def test_each_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "ESTIVADOR_INSTANCE": "/tmp/x",
            "ESTIVADOR_HOST": "::1",
            "ESTIVADOR_PORT": "81",
            "ESTIVADOR_HOSTS": "Estivador.example.org, my_host,2001:DB8::1,[::2],192.0.2.1,",
            "ESTIVADOR_SLOTS": "3",
            "ESTIVADOR_LOG_CAP": "1MiB",
            "ESTIVADOR_MEMORY": "1.5g",
            "ESTIVADOR_CPUS": "0.5",
            "ESTIVADOR_MAX_MEMORY": "2g",
            "ESTIVADOR_MAX_CPUS": "4",
            "ESTIVADOR_NETWORKS": "one, two-2.b,",
            "ESTIVADOR_REGISTRIES": "docker.io, GHCR.io,localhost:5000,index.docker.io,[::1]:5000,localhost",
            "ESTIVADOR_PROFILE": "strict",
            "ESTIVADOR_SAMPLE_EVERY": "0",
            "DOCKER_HOST": "tcp://h:1",
        }
    )
    assert (settings.instance, settings.port, settings.slots, settings.log_cap, settings.sample_every) == (Path("/tmp/x"), 81, 3, 1024 * 1024, 0)
    assert settings.address == "http://[::1]:81/"
    assert settings.hosts == ("estivador.example.org", "my_host", "[2001:db8::1]", "[::2]", "192.0.2.1")
    assert settings.names == {"127.0.0.1", "localhost", "[::1]", *settings.hosts}
    assert settings.registries == ("docker.io", "ghcr.io", "localhost:5000", "docker.io", "[::1]:5000", "localhost")
    assert settings.engine.url == "tcp://h:1"
    assert (settings.memory, settings.cpus, settings.max_memory, settings.max_cpus) == (1536 * 1024 * 1024, 0.5, 2 * 1024**3, 4.0)
    assert (settings.networks, settings.profile) == (("one", "two-2.b"), "strict")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ESTIVADOR_PORT", "http"),
        ("ESTIVADOR_PORT", "0"),
        ("ESTIVADOR_PORT", "65536"),
        ("ESTIVADOR_HOSTS", "estivador.example.org:443"),
        ("ESTIVADOR_HOSTS", "https://estivador.example.org"),
        ("ESTIVADOR_HOSTS", "*"),
        ("ESTIVADOR_HOSTS", ".example.org"),
        ("ESTIVADOR_HOSTS", "a b"),
        ("ESTIVADOR_HOST", "0.0.0.0"),
        ("ESTIVADOR_HOST", "::"),
        ("ESTIVADOR_HOST", "192.0.2.1"),
        ("ESTIVADOR_HOST", "example.org"),
        ("ESTIVADOR_HOST", "127.0.0.1.example.org"),
        ("ESTIVADOR_IN_FRONT", "nginx"),
        ("ESTIVADOR_IN_FRONT", "yes"),
        ("ESTIVADOR_REGISTRIES", "https://docker.io"),
        ("ESTIVADOR_REGISTRIES", "docker.io/library"),
        ("ESTIVADOR_REGISTRIES", "ghcr"),
        ("ESTIVADOR_REGISTRIES", "*.docker.io"),
        ("ESTIVADOR_REGISTRIES", "localhost:http"),
        ("ESTIVADOR_SLOTS", "-1"),
        ("ESTIVADOR_SLOTS", "1.5"),
        ("ESTIVADOR_LOG_CAP", "ten"),
        ("ESTIVADOR_LOG_CAP", "1"),
        ("ESTIVADOR_STOP_GRACE", "0"),
        ("ESTIVADOR_MEMORY", "5m"),
        ("ESTIVADOR_MEMORY", "much"),
        ("ESTIVADOR_MAX_MEMORY", "0"),
        ("ESTIVADOR_CPUS", "0"),
        ("ESTIVADOR_CPUS", "two"),
        ("ESTIVADOR_MAX_CPUS", "1025"),
        ("ESTIVADOR_NETWORKS", "one,host"),
        ("ESTIVADOR_NETWORKS", "Host"),
        ("ESTIVADOR_NETWORKS", "container:other"),
        ("ESTIVADOR_NETWORKS", "a b"),
        ("ESTIVADOR_PROFILE", "privileged"),
        ("ESTIVADOR_KEEP_RESULTS_DAYS", "0"),
        ("ESTIVADOR_KEEP_RESULTS", "-1"),
        ("ESTIVADOR_KEEP_LOGS_DAYS", "for ever"),
        ("ESTIVADOR_KEEP_LOGS_SIZE", "20"),
        ("ESTIVADOR_KEEP_IMAGES", "1.5"),
        ("ESTIVADOR_FAILPOINT", "nowhere"),
        ("DOCKER_HOST", "docker.sock"),
        ("DOCKER_HOST", "ssh://user@host"),
        ("ESTIVADOR_SLOT", "4"),
    ],
)
def test_nonsense_is_refused_and_the_variable_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.from_environment({name: value})


@pytest.mark.parametrize("in_front", ["tls", "loopback"])
def test_an_address_that_others_reach_needs_a_word_of_what_stands_in_front(in_front: str) -> None:
    with pytest.raises(BadSetting, match=f"ESTIVADOR_IN_FRONT={in_front}"):
        Settings.from_environment({"ESTIVADOR_HOST": "0.0.0.0"})
    for host in ("0.0.0.0", "::", "192.0.2.1", "127.0.0.1"):
        settings = Settings.from_environment({"ESTIVADOR_HOST": host, "ESTIVADOR_IN_FRONT": in_front})
        assert (settings.host, settings.in_front) == (host, in_front)
    for host in ("127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST"):
        assert Settings.from_environment({"ESTIVADOR_HOST": host}).in_front == ""


@pytest.mark.parametrize(("name", "default", "most"), [("MEMORY", "2g", "1g"), ("CPUS", "2", "1.5")])
def test_a_default_over_the_most_is_refused(name: str, default: str, most: str) -> None:
    with pytest.raises(BadSetting, match=f"ESTIVADOR_{name} is more than ESTIVADOR_MAX_{name}"):
        Settings.from_environment({f"ESTIVADOR_{name}": default, f"ESTIVADOR_MAX_{name}": most})
    Settings.from_environment({f"ESTIVADOR_{name}": most, f"ESTIVADOR_MAX_{name}": most})


def test_all_is_kept_for_ever_unless_somebody_says_otherwise() -> None:
    assert Settings.from_environment({"ESTIVADOR_KEEP_LOGS_DAYS": " "}).keep == Keep()
    kept = {"RESULTS_DAYS": "90", "RESULTS": "1", "LOGS_DAYS": "30", "LOGS_SIZE": "20GiB", "IMAGES_DAYS": "7", "IMAGES": "0"}
    settings = Settings.from_environment({f"ESTIVADOR_KEEP_{name}": value for name, value in kept.items()})
    assert settings.keep == Keep(results_days=90, results=1, logs_days=30, logs_size=20 * 1024**3, images_days=7, images=0)


def test_a_misspelt_name_is_met_with_the_right_one() -> None:
    with pytest.raises(BadSetting, match="Did you mean ESTIVADOR_SLOTS"):
        Settings.from_environment({"ESTIVADOR_SLOT": "4"})


def test_the_example_file_lists_every_setting() -> None:
    text = (ROOT / ".env.example").read_text()
    names = set(re.findall(r'"(ESTIVADOR_[A-Z_]+)"', (ROOT / "app" / "config.py").read_text())) - {"ESTIVADOR_FAILPOINT"}
    assert len(names) > 10
    assert [name for name in sorted(names) if f"# {name}=" not in text] == []
    values = dict(line.removeprefix("#").strip().split("=", 1) for line in text.splitlines() if "=" in line and "ESTIVADOR" in line.split("=")[0])
    Settings.from_environment({name: value for name, value in values.items() if value})
