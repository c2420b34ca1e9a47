import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.addresses import address_of


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:443", "192.0.2.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[2001:DB8:0::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_an_address_is_read_in_every_form_that_servers_write(text: str, address: str) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "unknown",
        "_hidden",
        "nowhere",
        "localhost:80",
        "192.0.2.1, 192.0.2.2",
        "192.0.2",
        "192.0.2.1:",
        "192.0.2.1:123456",
        "[::1]x",
        "[",
        "[]",
        ":80",
        "1",
        "٣.0.2.1",
    ],
)
def test_what_is_no_address_is_none(text: str | None) -> None:
    assert address_of(text) is None


@given(st.ip_addresses())
def test_what_comes_out_is_an_address_that_stays_what_it_is(address: object) -> None:
    once = address_of(str(address))
    assert once is not None and address_of(once) == once


@given(st.text(alphabet=st.sampled_from("0123456789abcdef:.[]%/ \n\0x"), max_size=50))
def test_any_text_is_an_address_or_none(text: str) -> None:
    found = address_of(text)
    assert found is None or address_of(found) == found
