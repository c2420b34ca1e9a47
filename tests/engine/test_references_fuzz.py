"""Whatever somebody writes as an image, it is a reference that Docker reads the same way, or it is refused with a sentence."""

from hypothesis import example, given
from hypothesis import strategies as st

from app.engine.references import BadReference, Reference, parse

WORDS = st.text("az09", min_size=1, max_size=6)
NAMES = st.lists(WORDS, min_size=1, max_size=4).flatmap(lambda words: st.sampled_from([".", "_", "__", "-", "---"]).map(lambda between: between.join(words)))
HOSTS = st.one_of(st.just("localhost"), st.tuples(WORDS, WORDS).map(".".join), st.sampled_from(["A", "a-B.c", "[::1]", "127.0.0.1", "xn--4ca.example"]))
REGISTRIES = st.one_of(HOSTS, st.tuples(HOSTS | WORDS, st.integers(0, 65535).map(str)).map(":".join))
TAGS = st.tuples(st.sampled_from("aZ0_"), st.text("aZ0_.-", max_size=127)).map("".join)
DIGESTS = st.sampled_from(["a", "0123456789abcdef", "f0"]).map(lambda digits: "sha256:" + (digits * 64)[:64])
PARTS = st.one_of(
    NAMES, REGISTRIES, TAGS, DIGESTS, st.sampled_from(["/", ":", "@", "-", ".", "..", " ", "\n", "\0", "\u202e", "é", "https://", "A"]), st.text(max_size=3)
)


def parsed(text: str) -> Reference | None:
    try:
        return parse(text)
    except BadReference as error:
        said = str(error)
    assert said.endswith(".")
    assert said.isprintable()
    return None


@given(st.one_of(st.text(), st.text(st.characters(codec=None)), st.lists(PARTS, max_size=8).map("".join)))
@example("redis\n")
@example("redis:1\n")
@example("\nredis")
@example("[::1]:5000/a")
@example("a:1\u0665")
def test_what_is_taken_is_plain_text_and_means_the_same_when_it_is_written_again(text: str) -> None:
    reference = parsed(text)
    if reference is None:
        return
    assert text.isascii()
    assert text.isprintable()
    assert " " not in text
    assert text[0] != "-"
    assert "//" not in text
    assert not {"", ".", ".."} & set(text.split("/"))
    assert text.startswith(reference.repository)
    assert parse(str(reference)).repository == reference.repository
    assert parse(str(reference)).version == reference.version
    assert str(parse(str(reference))) == str(reference)


@given(st.none() | REGISTRIES, st.lists(NAMES, min_size=1, max_size=4), st.none() | TAGS, st.none() | DIGESTS)
def test_what_is_put_together_is_taken_apart(registry: str | None, names: list[str], tag: str | None, digest: str | None) -> None:
    repository = "/".join([registry, *names] if registry else names)
    text = repository + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    reference = parsed(text)
    is_an_id = len(names) == 1 and registry is None and len(text.removeprefix("sha256:")) == 64
    if len(repository) > 255 or is_an_id:
        return
    assert reference == Reference(repository, tag, digest)
