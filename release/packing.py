"""Packed files whose bytes follow from their contents alone: fixed order, times, owners and modes."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from replication.files import replaced, write_bytes

Entry = tuple[str, bytes, int]
"""Path inside, content, mode."""
_LEVEL = 9


def zipped(path: Path, entries: Iterable[Entry], when: datetime, *, stored: bool = False) -> None:
    """Write a zip file; `stored` leaves the contents as they are, where they are compressed already."""
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with replaced(path) as temporary, zipfile.ZipFile(temporary, "w") as packed:
        for name, content, mode in entries:
            about = zipfile.ZipInfo(name, when.timetuple()[:6])
            about.create_system, about.external_attr = 3, (0o100000 | mode) << 16
            packed.writestr(about, content, method, _LEVEL)


def tarred(path: Path, entries: Iterable[Entry], when: datetime) -> None:
    """Write a tar file compressed by gzip."""
    plain, small = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as packed:
        for name, content, mode in entries:
            about = tarfile.TarInfo(name)
            about.size, about.mode, about.mtime = len(content), mode, int(when.timestamp())
            packed.addfile(about, io.BytesIO(content))
    with gzip.GzipFile("", "wb", _LEVEL, small, mtime=0) as stream:
        stream.write(plain.getvalue())
    write_bytes(path, small.getvalue())


def of_zip(path: Path) -> list[Entry]:
    """Files of a zip file in its order."""
    with zipfile.ZipFile(path) as packed:
        return [
            (one.filename, packed.read(one), 0o644) for one in packed.infolist() if not one.is_dir()
        ]


def of_tar(path: Path) -> list[Entry]:
    """Files of a tar file by name."""
    with tarfile.open(path) as packed:
        files = [(one, packed.extractfile(one)) for one in packed.getmembers()]
        found = [(one.name, stream.read(), 0o644) for one, stream in files if stream]
    return sorted(found)
