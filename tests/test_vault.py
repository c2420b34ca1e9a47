import base64
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from app.errors import SecretsClosed
from app.vault import Vault

SECRET = "hunter2 ä ✔\n"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    place = Vault(tmp_path / "secret-keys")
    place.begin()
    return place


def keys_of(vault: Vault) -> list[str]:
    return vault.path.read_text().splitlines()


def test_what_is_encrypted_comes_back_and_tells_nothing(vault: Vault) -> None:
    token = vault.encrypt(SECRET)
    assert vault.decrypt(token) == SECRET
    assert b"hunter2" not in base64.urlsafe_b64decode(token)
    assert vault.encrypt(SECRET) != token, "two that are the same can't be told to be"
    assert vault.decrypt(vault.encrypt("")) == ""


def test_the_file_is_its_owners_alone_and_holds_one_key_at_first(vault: Vault) -> None:
    assert vault.path.stat().st_mode & 0o777 == 0o600
    assert len(keys_of(vault)) == 1


def test_the_first_key_encrypts_and_all_decrypt(vault: Vault) -> None:
    old = vault.encrypt(SECRET)
    vault.add_key()
    new = vault.encrypt(SECRET)
    first, second = (Fernet(key) for key in keys_of(vault))
    assert first.decrypt(new) == second.decrypt(old) == SECRET.encode()
    assert vault.decrypt(old) == vault.decrypt(new) == SECRET


def test_a_file_that_another_process_changed_counts_at_once(vault: Vault) -> None:
    other = Vault(vault.path)
    assert other.decrypt(vault.encrypt(SECRET)) == SECRET
    vault.add_key()
    assert other.decrypt(vault.encrypt(SECRET)) == SECRET
    token = other.encrypt(SECRET)
    vault.drop_old_keys()
    assert vault.decrypt(token) == SECRET


def test_a_token_is_renewed_once_and_then_needs_the_new_key_alone(vault: Vault) -> None:
    old = vault.encrypt(SECRET)
    assert vault.renew(old) == old
    vault.add_key()
    new = vault.renew(old)
    assert new != old
    assert vault.renew(new) == new
    vault.drop_old_keys()
    assert (vault.decrypt(new), vault.opens(new), vault.opens(old)) == (SECRET, True, False)


def test_what_no_key_opens_says_what_to_do_and_is_left_as_it_is(vault: Vault, tmp_path: Path) -> None:
    lost = Vault(tmp_path / "other")
    lost.begin()
    token = lost.encrypt(SECRET)
    with pytest.raises(SecretsClosed, match="add the key that it was stored with"):
        vault.decrypt(token)
    assert (vault.renew(token), vault.opens(token)) == (token, False)
    vault.path.write_text(vault.path.read_text() + lost.path.read_text())
    assert vault.decrypt(token) == SECRET


def test_a_file_that_is_missing_says_what_to_do_until_it_is_back(vault: Vault) -> None:
    token, keys = vault.encrypt(SECRET), vault.path.read_text()
    vault.path.unlink()
    for use in (lambda: vault.encrypt("x"), lambda: vault.decrypt(token), lambda: vault.renew(token), vault.add_key, vault.drop_old_keys):
        with pytest.raises(SecretsClosed, match="put it back from the backup"):
            use()
    assert "missing" in (vault.trouble() or "")
    vault.path.write_text(keys)
    assert (vault.decrypt(token), vault.trouble()) == (SECRET, None)


@pytest.mark.parametrize("text", ["", "\n\n", "not a key\n", "a" * 43 + "=\nshort\n", "ä\n", "\0"])
def test_a_file_that_holds_no_keys_says_so(vault: Vault, text: str) -> None:
    vault.path.write_text(text)
    with pytest.raises(SecretsClosed, match="no key"):
        vault.encrypt("x")


def test_a_file_that_cant_be_read_says_why(vault: Vault) -> None:
    vault.path.unlink()
    vault.path.mkdir()
    with pytest.raises(SecretsClosed, match="Is a directory"):
        vault.encrypt("x")


def test_empty_lines_and_spaces_around_a_key_do_no_harm(vault: Vault) -> None:
    token = vault.encrypt(SECRET)
    vault.path.write_text(f"\n  {keys_of(vault)[0]} \r\n\n")
    assert vault.decrypt(token) == SECRET
