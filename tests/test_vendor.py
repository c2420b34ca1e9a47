import hashlib
import re

from app.config import ROOT

VENDOR = ROOT / "app" / "static" / "vendor"
ROW = re.compile(r"^\| (\S+) \| (\S+) \|.*\| ([0-9a-f]{64}) \|", re.M)


def test_every_vendored_file_is_listed_with_its_sum_and_has_its_licence_beside_it() -> None:
    rows = ROW.findall((VENDOR / "VENDOR.md").read_text())
    present = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir() if path.suffix in (".js", ".css", ".svg")}
    assert {name: checksum for name, _, checksum in rows} == present
    for name, version, _ in rows:
        assert version in name
        assert [path for path in VENDOR.glob(f"*{version}.LICENSE") if name.startswith(path.name.split(f"-{version}")[0])], f"{name} has no licence beside it"
