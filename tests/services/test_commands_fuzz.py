"""The `docker run` line says to a shell, word for word, what the execution was asked for."""

import shlex
from typing import Any

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.matrix import combination, size
from app.schemas.requests import ParametersSchema
from app.services.commands import docker_run
from tests.services.test_commands import rows

ALONE = {"--rm", "--init", "--read-only"}
"""Options that take no value; each of the others takes the next word, whatever it begins with."""

TEXT = st.one_of(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12), st.text("'\"\\$`!#~*?[]{}()<>|&;-= \n\t%aé"))
NAMES = TEXT.map(lambda text: text.replace("=", "")).filter(lambda name: name != "" and not name.startswith("ESTIVADOR_"))
LABELS = NAMES.filter(lambda name: " " not in name and name.isprintable() and not name.lower().startswith("estivador."))
WORDS = st.lists(TEXT, min_size=1, max_size=4).filter(lambda words: words[0] != "")
PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "command": WORDS,
        "entrypoint": WORDS,
        "env": st.dictionaries(NAMES, TEXT, max_size=4),
        "matrix": st.dictionaries(NAMES, st.lists(TEXT, min_size=1, max_size=3, unique=True), min_size=1, max_size=2),
        "labels": st.dictionaries(LABELS, TEXT, max_size=3),
        "workdir": TEXT.filter(str.isprintable).map("/".__add__),
        "user": st.sampled_from(["nobody", "1000", "1000:1000", "a.b-c"]),
        "memory": st.integers(8_000_000, 2**40),
        "cpus": st.floats(0.01, 1024),
        "pids": st.integers(1, 100_000),
        "timeout": st.floats(0.001, 1e6),
        "stop_grace": st.floats(0, 3600),
        "profile": st.sampled_from(["standard", "strict"]),
    },
)


def understood(line: str) -> tuple[dict[str, list[str]], str, list[str]]:
    """Return the options that Docker reads, by name, the image, and what it gives the program."""
    words = shlex.split(line)
    if words[0] == "timeout":
        words = words[2:]
    assert words[:2] == ["docker", "run"]
    options: dict[str, list[str]] = {}
    place = 2
    while words[place].startswith("-"):
        takes_one = words[place] not in ALONE
        options.setdefault(words[place], []).append(words[place + 1] if takes_one else "")
        place += 1 + takes_one
    return options, words[place], words[place + 1 :]


def pairs(found: dict[str, Any]) -> list[str]:
    return sorted(f"{name}={value}" for name, value in found.items())


@given(PARAMETERS)
def test_a_shell_and_docker_read_from_the_line_what_was_asked_for(app: Flask, parameters: dict[str, Any]) -> None:
    try:
        asked = ParametersSchema().load(parameters)
    except ValidationError:  # a name that is in both, env and matrix
        assert parameters.keys() >= {"env", "matrix"}
        return
    detail, result, task = rows(asked)
    detail.position, result.times = 0, size(asked.get("matrix"))
    with app.app_context():
        options, image, words = understood(docker_run(detail, result, task))
    assert image == task.repository
    entrypoint, command = asked.get("entrypoint", []), asked.get("command", [])
    assert (options.get("--entrypoint", []), words) == (entrypoint[:1], entrypoint[1:] + command)
    expected = {**asked.get("env", {}), **combination(asked.get("matrix"), 0, result.times)}
    assert [pair for pair in sorted(options["--env"]) if not pair.startswith("ESTIVADOR_")] == pairs(expected)
    assert sorted(options.get("--label", [])) == pairs(asked.get("labels", {}))
    for name in ("workdir", "user"):
        assert options.get(f"--{name}", []) == ([asked[name]] if name in asked else [])
