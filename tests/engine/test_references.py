import pytest

from app.engine.references import BadReference, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "repository", "version"),
    [
        ("redis", "redis", "latest"),
        ("johncosta/redis", "johncosta/redis", "latest"),
        ("johncosta/redis:7.2-alpine", "johncosta/redis", "7.2-alpine"),
        ("127.0.0.1:5000/team/tool:1", "127.0.0.1:5000/team/tool", "1"),
        ("localhost/tool", "localhost/tool", "latest"),
        (f"registry.example/a/b@{DIGEST}", "registry.example/a/b", DIGEST),
        (f"a:1@{DIGEST}", "a", DIGEST),
        ("a__b/c-d.e", "a__b/c-d.e", "latest"),
    ],
)
def test_a_reference_is_taken_apart(text: str, repository: str, version: str) -> None:
    reference = parse(text)
    assert (reference.repository, reference.version) == (repository, version)


@pytest.mark.parametrize(
    "text", ["", " ", "upper/Case", "a b", "https://registry.example/a", "a:", "a@sha256:12", "-a", "a//b", "../a", "a" * 300, "a" * 64, DIGEST, "a:b:c", "é"]
)
def test_what_is_no_reference_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadReference, match=r"\.$"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "registry"),
    [
        ("redis", "docker.io"),
        ("johncosta/redis:7", "docker.io"),
        ("docker.io/library/redis", "docker.io"),
        ("index.docker.io/redis", "docker.io"),
        ("Docker.IO/redis", "docker.io"),
        ("ghcr.io/team/tool", "ghcr.io"),
        ("GHCR.io/team/tool", "ghcr.io"),
        ("ghcr.io:443/team/tool", "ghcr.io:443"),
        ("localhost/tool", "localhost"),
        ("localhost:5000/tool", "localhost:5000"),
        ("LOCALHOST/tool", "localhost"),
        ("TEAM/tool", "team"),
        ("[::1]:5000/tool", "[::1]:5000"),
        ("team/ghcr.io/tool", "docker.io"),
        (f"127.0.0.1:5000/a@{DIGEST}", "127.0.0.1:5000"),
    ],
)
def test_the_registry_of_a_reference_is_what_docker_asks(text: str, registry: str) -> None:
    assert parse(text).registry == registry
