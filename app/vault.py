"""The vault: what the record keeps secret is encrypted with keys that lie outside of it, in a file of the instance folder.

The file has a key a line. The first encrypts and all decrypt, so that keys can be changed while everything goes on. It is read again
whenever it has changed: what other processes put into it counts at once.
"""

from pathlib import Path
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.errors import SecretsClosed
from app.files import write_private

KEYS_NAME = "secret-keys"

_MISSING = (
    "The file secret-keys is missing from the instance folder, so secrets can be neither stored nor read: put it back from the backup. "
    "If it is gone for good, `flask --app wsgi rotate-key --lost` begins a new one, and secrets are to be given anew."
)
_DAMAGED = (
    "The file secret-keys in the instance folder can't be used ({}), so secrets can be neither stored nor read: put it back from the backup, "
    "a key a line, readable by the user that Estivador runs as."
)
_UNOPENED = (
    "No key in the file secret-keys of the instance folder decrypts this secret: add the key that it was stored with as a line of that file "
    "(the backup has it), or give the secret anew."
)


class _Keys(NamedTuple):
    """The keys as the file had them when it looked like `stamp`."""

    stamp: tuple[int, int, int]
    lines: tuple[str, ...]
    all: MultiFernet
    first: Fernet


class Vault:
    """Encrypts and decrypts text with the keys in the file `path`. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: _Keys | None = None

    def encrypt(self, text: str) -> str:
        """Return `text` as a token that only these keys open; raise SecretsClosed where there is no usable key."""
        return self._keys().first.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Return the text of a token; raise SecretsClosed where no key opens it."""
        try:
            return self._keys().all.decrypt(token).decode()
        except InvalidToken:
            raise SecretsClosed(_UNOPENED) from None

    def opens(self, token: str) -> bool:
        """Whether a key opens the token; raise SecretsClosed where there is no usable key."""
        return _opens(self._keys().all, token)

    def renew(self, token: str) -> str:
        """Return a token as the first key makes it; unchanged where that made it, and where no key opens it. Raises SecretsClosed as opens()."""
        keys = self._keys()
        return keys.all.rotate(token).decode() if _opens(keys.all, token) and not _opens(keys.first, token) else token

    def trouble(self) -> str | None:
        """Return what is the matter with the file of keys, and what to do; None where all is well."""
        try:
            self._keys()
        except SecretsClosed as error:
            return error.message
        return None

    def begin(self) -> None:
        """Make the file with its first key."""
        write_private(self.path, _new_line())

    def add_key(self) -> None:
        """Put a new key before those that are there: it encrypts from now on."""
        write_private(self.path, _new_line() + "".join(f"{line}\n" for line in self._keys().lines))

    def drop_old_keys(self) -> None:
        """Leave the first key alone in the file."""
        write_private(self.path, f"{self._keys().lines[0]}\n")

    def _keys(self) -> _Keys:
        """Return the keys, read again where the file is not the one that was read last."""
        try:
            status = self.path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
            known = self._known
            if known is None or known.stamp != stamp:
                known = self._known = _read(self.path.read_text("ascii"), stamp)
        except FileNotFoundError:
            raise SecretsClosed(_MISSING) from None
        except OSError as error:
            raise SecretsClosed(_DAMAGED.format(error.strerror)) from None
        except ValueError:
            raise SecretsClosed(_DAMAGED.format("a line of it is no key")) from None
        return known


def _read(text: str, stamp: tuple[int, int, int]) -> _Keys:
    """Read a file of keys; raise ValueError where it holds none, or what is none."""
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    fernets = [Fernet(line) for line in lines]
    return _Keys(stamp, lines, MultiFernet(fernets), fernets[0])


def _opens(keys: Fernet | MultiFernet, token: str) -> bool:
    try:
        keys.decrypt(token)
    except InvalidToken:
        return False
    return True


def _new_line() -> str:
    return f"{Fernet.generate_key().decode()}\n"
