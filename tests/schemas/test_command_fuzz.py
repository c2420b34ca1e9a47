"""A command that is a string is split as a shell would, whatever is in it."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.schemas.fields import Command
from app.services.parameters import MOST_BYTES

ANY = st.text(st.characters(codec=None))
"""Lone surrogates too: JSON can bring them."""
SHELL = st.lists(st.sampled_from(["'", '"', "\\", " ", "\n", "\t", "#", "$(x)", "`", ";", "|", "a", "b c", "\0", "é", "\x1b", "\ud800"])).map("".join)
WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1).filter(lambda words: words[0] != "")


def read(value: Any) -> list[str] | None:
    """Return the words, or None where a sentence says why there are none."""
    try:
        words: list[str] = Command().deserialize(value)
    except ValidationError as error:
        said = error.messages
    else:
        return words
    assert all(sentence.endswith(".") for sentence in said)
    return None


@given(st.one_of(ANY, SHELL))
def test_a_string_is_split_as_a_shell_would_or_refused_with_a_sentence(text: str) -> None:
    words = read(text)
    if words is not None:
        assert words == shlex.split(text)
        assert words[0]
        assert "\0" not in "".join(words)
        assert sum(len(word.encode()) + 1 for word in words) <= MOST_BYTES


@given(WORDS)
def test_words_that_are_joined_are_split_again(words: list[str]) -> None:
    assert read(shlex.join(words)) == words == read(words)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner), max_leaves=5)


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_what_is_no_list_of_words_is_refused_with_a_sentence(value: Any) -> None:
    if value is None:
        with pytest.raises(ValidationError):
            Command().deserialize(value)
    elif (words := read(value)) is not None:
        assert words == value
