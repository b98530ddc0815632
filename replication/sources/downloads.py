"""The snapshots of a Hub dataset, fetched one by one through its client.

Two ways bring a snapshot here. *Whole* (`transport = "files"`) asks for the file, checks its size
and its SHA-256 against what the Hub states, and drops it once it is extracted. *Ranges*
(`transport = "ranges"`) asks only for the column chunks that are needed: faster where the file is
wide and the connection slow, since the few columns are a tenth of the bytes; slower, and dear,
where the file has many row groups, because every chunk of every row group is one request against
the limit of the Hub's resolver (3,000 in five minutes for anonymous readers). A file that is read
in ranges is never seen whole, so that its hash is what the Hub states and is not checked.

What is on its way lies in a folder of the run, one folder a snapshot, in the layout of the client's
cache: what a run that was killed left there is bounded, is used again where it is whole, and cannot
be mistaken for the user's own copies.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from replication.errors import HashMismatchError, HubError, SourceError
from replication.files import sha256_file
from replication.sources.extract import COLUMNS, footer, require_readable
from replication.sources.listing import Listing, Remote, ask

if TYPE_CHECKING:
    from pyarrow.parquet import FileMetaData, ParquetFile

_AGAIN = "run again; if it stays so, check HF_ENDPOINT, your proxy and your mirror"

T = TypeVar("T")


class Downloads:
    """Brings the snapshots of one listing into a folder and takes them away again.

    Parameters
    ----------
    listing
        The dataset at its commit.
    folder
        Folder of what is on its way.
    stop
        Ends every download in progress when it is set.
    """

    def __init__(self, listing: Listing, folder: Path, stop: Event) -> None:
        self._listing = listing
        self._folder = folder
        self._stop = stop
        self._footers: dict[str, FileMetaData] = {}
        # The client's second cache, which would hold up to 10 GB of what is read once.
        os.environ.setdefault("HF_XET_CHUNK_CACHE_SIZE_BYTES", "0")

    def tidy(self, files: Iterable[Remote]) -> None:
        """Remove what a run that was killed left, but for whole copies of `files`."""
        due = {file.label for file in files}
        for path in self._folder.glob("*"):
            if path.name not in due:
                shutil.rmtree(path, ignore_errors=True)
        for path in self._folder.rglob("*.incomplete"):
            path.unlink(missing_ok=True)

    def arrived(self) -> int:
        """Bytes in the folder, while others write and remove in it."""
        walked = os.walk(self._folder)  # passes over what is gone meanwhile, as rglob does not
        paths = (Path(here) / name for here, _, names in walked for name in names)
        return sum(_size(path) for path in paths if not path.is_symlink())

    def drop(self, file: Remote) -> None:
        """Remove the local copy of a snapshot."""
        shutil.rmtree(self._folder / file.label, ignore_errors=True)

    def whole(self, file: Remote) -> Path:
        """Return a sound copy of the whole file, after one clean retry where it is not sound.

        A sound copy in the user's own cache is used where it lies.

        Raises
        ------
        HubError
            The Hub refused, failed or could not be reached, or sent another length.
        HashMismatchError
            The content is not what the listing states.
        SourceError
            What arrived is not Parquet.
        OutputError
            The folder cannot be written.
        """
        owned = self._asked(self._of_user, file)
        if owned is not None and _unsound(owned, file) is None:
            return owned
        return self._twice(self._download, file)

    def columns(self, file: Remote) -> Path:
        """Return a copy of only the columns that an extract needs, after one clean retry.

        Raises
        ------
        HubError
            The Hub refused, failed or could not be reached.
        SourceError
            What arrived is not Parquet, or is damaged.
        """
        return self._twice(self._read_columns, file)

    def read_footers(self, files: Iterable[Remote]) -> None:
        """Read the footer of every file in ranges, and refuse one that cannot be read.

        Raises
        ------
        HubError
            The Hub refused, failed or could not be reached.
        SourceError
            What arrived is not Parquet, or is damaged.
        ContractError
            It is no snapshot of models, or a column has a type that cannot be read.
        """
        for file in files:
            found = self._twice(self._read_footer, file)
            self._footers[file.label] = found.metadata
            require_readable(found.schema_arrow, file.filename)

    def _twice(self, way: Callable[[Remote], T | SourceError], file: Remote) -> T:
        """Take one way, and once more from nothing where what arrived is not sound."""
        found = self._asked(way, file)
        if isinstance(found, SourceError):
            self.drop(file)
            found = self._asked(way, file)
        if isinstance(found, SourceError):
            self.drop(file)
            raise found
        return found

    def _asked(self, call: Callable[[Remote], T], file: Remote) -> T:
        """Return what `call` returns, or raise one of this package's errors."""
        listing = self._listing
        return ask(lambda: call(file), listing.repository, listing.revision, file.filename)

    def _of_user(self, file: Remote) -> Path | None:
        """Return the copy in the client's own cache, None where it has none."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(
            self._listing.repository,
            file.filename,
            revision=self._listing.revision,
            repo_type="dataset",
        )
        return Path(found) if isinstance(found, str) else None

    def _download(self, file: Remote) -> Path | SourceError:
        """Download the whole file; return what is wrong with it where it is not sound."""
        from huggingface_hub import hf_hub_download

        try:
            path = hf_hub_download(
                self._listing.repository,
                file.filename,
                repo_type="dataset",
                revision=self._listing.revision,
                cache_dir=self._folder / file.label,
                tqdm_class=_silent(self._stop),
            )
        except OSError as error:
            if type(error) is not OSError or error.errno is not None:
                raise
            return _other_length(file)  # the client's own check, which has no class of its own
        return _unsound(Path(path), file) or Path(path)

    def _read_footer(self, file: Remote) -> ParquetFile | SourceError:
        """Read the footer."""
        return self._opened(file, lambda source: source)

    def _read_columns(self, file: Remote) -> Path | SourceError:
        """Copy the needed columns, one row group after another."""
        target = self._folder / file.label / "columns.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)

        def copied(source: ParquetFile) -> Path:
            self._copy_columns(source, target)
            return target

        return self._opened(file, copied)

    def _opened(self, file: Remote, use: Callable[[ParquetFile], T]) -> T | SourceError:
        """Do something with a file that is read in ranges; say what is wrong where it is damaged."""
        from huggingface_hub import HfFileSystem
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile

        listing = self._listing
        path = f"datasets/{quote(listing.repository)}@{listing.revision}/{file.filename}"
        # One file system a file: its list of folders is not made for several threads.
        system = HfFileSystem(skip_instance_cache=True)
        try:
            with system.open(path, "rb", size=file.bytes, cache_type="none") as stream:
                known = self._footers.get(file.label)
                return use(ParquetFile(stream, pre_buffer=False, metadata=known))
        except (ArrowException, EOFError) as error:
            return SourceError(
                f"{file.filename} cannot be read in ranges ({type(error).__name__}): what arrived "
                "is damaged or is not Parquet",
                f'{_AGAIN}, or use snapshots.transport = "files"',
            )

    def _copy_columns(self, source: ParquetFile, target: Path) -> None:
        """Write the needed columns of every row group to `target`."""
        from pyarrow.parquet import ParquetWriter

        leaves = _leaves(source)
        schema = source.read_row_groups([], leaves).schema  # of no group: nothing is asked for
        with ParquetWriter(target, schema) as writer:
            for group in range(source.num_row_groups):
                if self._stop.is_set():
                    raise InterruptedError
                writer.write_table(source.read_row_group(group, leaves, use_threads=False))


def _unsound(path: Path, file: Remote) -> SourceError | None:
    """Say what is wrong with a copy, None where it is what the listing states."""
    try:
        footer(path, file.filename)
    except SourceError as error:
        return error
    if _size(path) != file.bytes:
        return _other_length(file)
    found = sha256_file(path)
    if found == file.sha256:
        return None
    return HashMismatchError(
        f"{file.filename} has SHA-256 {found[:12]}… where the Hub states {file.sha256[:12]}…",
        f"the content was changed on its way: {_AGAIN}",
    )


def _other_length(file: Remote) -> HubError:
    """Explain a file that ended early or late."""
    return HubError(
        f"the download of {file.filename} ended with another length than the {file.bytes:,} bytes "
        "that the Hub states",
        _AGAIN,
    )


def _size(path: Path) -> int:
    """Bytes of a file, 0 where it is gone meanwhile."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _leaves(source: ParquetFile) -> list[str]:
    """Paths of the column chunks that an extract needs: of baseModels only the names."""
    schema = source.metadata.schema
    paths = [schema.column(n).path for n in range(len(schema))]
    wanted = []
    for path in paths:
        column, _, below = path.partition(".")
        base = column == "baseModels" and below
        if column in COLUMNS and (not base or path.endswith(".id")):
            wanted.append(path)
    return wanted


def _silent(stop: Event) -> type[Any]:
    """Make a progress bar that shows nothing and ends the download when `stop` is set."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    class Silent(tqdm):
        """Hears of every block that arrives."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            options["disable"] = True
            super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:  # noqa: ARG002
            """Count nothing."""
            if stop.is_set():
                raise InterruptedError

    return Silent
