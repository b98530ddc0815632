"""The command line: what it teaches, what it prints, and how it fails."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
from command_line import (
    STAGE_NAMES,
    assert_one_message,
    contents,
    environment,
    files_in,
    invoke,
    parts_in,
    replication,
    small_definitions,
    stages_told,
)
from conftest import Finished
from released_files import synthetic_release, write

from replication import __version__, kinds
from replication.cli import registry_text
from replication.cli.app import app
from replication.definitions import PACKAGED
from replication.files import PART
from replication.run import ROOT
from replication.sources.counters.contract import COLUMNS

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")


@pytest.mark.slow
def test_help_names_every_command() -> None:
    """`--help` exits with 0 and tells every stage, the other commands and the exit codes."""
    done = replication("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("all", *STAGE_NAMES, "bundle", "verify", "version"):
        assert re.search(rf"^\W*{name} +\w", done.stdout, flags=re.MULTILINE), name
    at = [done.stdout.index(head) for head in ("Look up", "claim", "Rebuild", "fetch", "Maintain")]
    assert at == sorted(at)
    assert "0 done, 1 the data, the Hub or a check failed, 2" in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("name", ["all", *STAGE_NAMES])
def test_help_of_a_stage_teaches(name: str) -> None:
    """The help of a stage says what it does and explains each of its options."""
    done = invoke(name, "--help")
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    for option in ("--data", "--out", "--definitions", "--revision", "--force"):
        assert re.search(rf"{option} .*?[a-z]{{3}}", words), option
    assert "SOURCE|PATH" in words
    summaries = kinds.STAGES | {"all": "Run every stage"}
    assert summaries[name].split(",")[0].split()[0] in words


@pytest.mark.parametrize(("name", "needed"), [("bundle", "--from"), ("verify", "clean folder")])
def test_help_of_the_other_commands(name: str, needed: str) -> None:
    """The commands beside the stages have help of their own."""
    done = invoke(name, "--help")
    assert done.exit_code == 0
    assert needed in " ".join(done.stdout.split())


def test_no_command_shows_help() -> None:
    """Without a command the help is shown, and the exit code says that nothing was done."""
    done = invoke()
    assert done.exit_code == 2
    assert "Look up" in done.output


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("fetsch", "fetsch"),
        ("all --dta bundled", "--dta"),
        ("all --data", "--data"),
        ("fetch panel", "panel"),
        ("bundle", "--from"),
    ],
)
def test_misspelt_command(line: str, named: str) -> None:
    """An unknown command, option or argument exits with 2 and is named."""
    done = invoke(*line.split())
    assert done.exit_code == 2
    assert named in done.stderr
    assert done.stdout == ""


def test_version() -> None:
    """`version` prints the version and nothing else."""
    assert invoke("version").stdout == f"{__version__}\n"


def test_pipe_gets_plain_text(finished: Finished) -> None:
    """A run in a pipe prints one plain line a stage, where the results are, and no warning."""
    assert "\x1b" not in finished.stdout
    assert "\r" not in finished.stdout
    assert tuple(stages_told(finished.stdout)) == STAGE_NAMES
    assert finished.stdout.splitlines()[-1].endswith(str(finished.out))
    assert finished.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_pipe_that_knows_few_letters(tmp_path: Path, encoding: str) -> None:
    """A pipe whose encoding lacks the check mark, as on Windows, does not stop a run."""
    env = environment(PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    done = replication("fetch", "--out", tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "fetch" in done.stdout


@pytest.mark.slow
@posix
def test_reader_that_goes_away(tmp_path: Path) -> None:
    """A reader that closes the pipe early, such as `head`, causes no traceback."""
    command = [sys.executable, "-m", "replication", "fetch", "--out", str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=pipe, stderr=pipe) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        told = run.stderr.read().decode()
        run.wait(timeout=60)
    assert "Traceback" not in told
    assert parts_in(tmp_path) == []


@pytest.mark.slow
def test_folder_with_brackets_is_printed_as_it_is(tmp_path: Path) -> None:
    """A path is not mistaken for markup."""
    out = tmp_path / "[bold]new" / "[" / "a]"
    done = invoke("fetch", "--out", out)
    assert done.exit_code == 0, done.output
    assert str(out) in done.stdout


def write_inputs(folder: Path) -> None:
    """Files that are not a released file, each in its own way."""
    header = ",".join(COLUMNS)
    row = "0123456789abcdef01234567,a/b,2025-03-05,2025-03-01,{},a,a,USA,USA"
    texts = {
        "notes.txt": "hello",
        "text.parquet": "not Parquet at all",
        "empty.parquet": "",
        "empty.csv": "",
        "other.csv": "a,b\n1,2\n",
        "quote.csv": '"a,b\n1,2\n',
        "words.csv": f"{header}\n{row.format('many')}\n",
        "header.csv": f"{header}\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "bytes.csv").write_bytes(bytes(range(128, 256)))
    (folder / "folder.parquet").mkdir()


# What is given as data, what the message says, and the stage that finds it.
WRONG_DATA = {
    "absent.parquet": ("there is no file", "fetch"),
    "folder.parquet": ("holds no snapshot", "fetch"),
    "notes.txt": ("neither .parquet nor .csv", "fetch"),
    "text.parquet": ("not readable as .parquet", "fetch"),
    "empty.parquet": ("not readable as .parquet", "fetch"),
    "bytes.csv": ("not readable as .csv", "fetch"),
    "empty.csv": ("holds no rows", "fetch"),
    "quote.csv": ("not readable as .csv", "fetch"),
    "other.csv": ("has no column _id", "panel"),
    "words.csv": ("downloadsAllTime", "panel"),
    "header.csv": ("holds no rows", "fetch"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG_DATA)
def test_wrong_data(tmp_path: Path, name: str) -> None:
    """Data that are no released file end in one message, and nothing is computed from them."""
    write_inputs(tmp_path)
    what, stage = WRONG_DATA[name]
    out = tmp_path / "out"
    done = invoke("all", "--data", tmp_path / name, "--out", out)
    assert_one_message(done.exit_code, done.stderr, what)
    assert name in done.stderr
    assert list(stages_told(done.stdout)) == ([] if stage == "fetch" else ["fetch"])
    assert parts_in(out) == []
    allowed = () if stage == "fetch" else ("build/source/", "build/stages/fetch", "results/man")
    assert [n for n in files_in(out) if not n.startswith(allowed or "none")] == []


@pytest.mark.slow
def test_error_of_a_process(tmp_path: Path) -> None:
    """A failure in a process of its own: code 1, two plain lines on stderr, on stdout at most that it takes long."""
    done = replication("all", "--data", tmp_path / "absent.parquet", "--out", tmp_path / "out")
    assert_one_message(done.returncode, done.stderr, "absent.parquet")
    assert len(done.stderr.splitlines()) == 2
    assert "\x1b" not in done.stderr
    assert [line for line in done.stdout.splitlines() if "so far" not in line] == []
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGE_NAMES[1:])
def test_stage_before_its_predecessors(tmp_path: Path, name: str) -> None:
    """A stage whose inputs were not made names the missing file and what makes it."""
    done = invoke(name, "--out", tmp_path)
    remedy = assert_one_message(done.exit_code, done.stderr, "is missing")
    assert "make all" in remedy
    assert files_in(tmp_path) == []


BROKEN_STUDY = {
    "replicates = 10_000": ('replicates = "many"', "replicates"),
    "chunk = 500 ": ("chunks = 500 ", "chunks"),
    "seed = 20251203": ("seed = -1", "seed"),
    "level = 0.95": ("level = nan", "level"),
    "start = 2024-08-27": ("start = 2024-08-27T00:00:00", "start"),
    "end = 2025-12-10": ("end = 2019-12-10", "ends before it starts"),
    'attribution = "uploader"': ('attribution = "uplaoder"', "attribution"),
    'labels = "study"': ('labels = "studies"', "labels"),
    'estimand = "cohort-2025-08"': ('estimand = "cohort"', "headline.estimand"),
    "[inference]": ("[inference", "not TOML"),
    "[family]": ("[families]", "famil"),
}


@pytest.mark.slow
@pytest.mark.parametrize("old", BROKEN_STUDY)
def test_broken_study_file(tmp_path: Path, old: str) -> None:
    """A broken --definitions file is refused before any work, and the message names what is wrong."""
    new, what = BROKEN_STUDY[old]
    text = PACKAGED.read_text(encoding="utf-8")
    assert old in text
    definitions = tmp_path / "broken.toml"
    definitions.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = invoke("all", "--definitions", definitions, "--out", tmp_path / "out")
    assert_one_message(done.exit_code, done.stderr, what)
    assert "broken.toml" in done.stderr
    assert not (tmp_path / "out").exists()


def test_no_study_file(tmp_path: Path) -> None:
    """A --definitions file that is not there is named."""
    done = invoke("fetch", "--definitions", tmp_path / "absent.toml", "--out", tmp_path / "out")
    assert_one_message(done.exit_code, done.stderr, "absent.toml")


@pytest.mark.slow
def test_other_definitions_than_the_bundled_panel(tmp_path: Path) -> None:
    """The bundled panel is refused where the definitions ask for another window or age limit."""
    for old, new in {"end = 2025-12-10": "end = 2025-12-17", "_days = 365": "_days = 90"}.items():
        definitions = small_definitions(tmp_path / "other.toml", {old: new})
        done = invoke("all", "--definitions", definitions, "--out", tmp_path / "out")
        remedy = assert_one_message(done.exit_code, done.stderr, new.split(" = ")[1])
        assert "DATA=" in remedy
        assert not (tmp_path / "out").exists()


def test_definitions_without_a_window_that_a_claim_needs(tmp_path: Path) -> None:
    """A study file that drops a window by which a claim is judged is refused by name."""
    text = small_definitions(tmp_path / "fewer.toml").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^(?=\[\[)", text)
    kept = [part for part in parts if '"increments-2025-12"' not in part]
    assert len(kept) == len(parts) - 4  # the estimand, its published cell, and two bridges
    (tmp_path / "fewer.toml").write_text("".join(kept), encoding="utf-8")
    done = invoke("all", "--definitions", tmp_path / "fewer.toml", "--out", tmp_path / "out")
    assert_one_message(done.exit_code, done.stderr, "increments-2025-12, which is not defined")
    assert list(stages_told(done.stdout)) == []


@pytest.mark.parametrize("below", ["", "sub/folder"])
def test_folder_that_cannot_be_made(tmp_path: Path, below: str) -> None:
    """Where --out cannot be written, as below a regular file, the message says so."""
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    done = invoke("all", "--out", tmp_path / "file" / below)
    assert_one_message(done.exit_code, done.stderr, "cannot write")
    assert files_in(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


def limited(*arguments: str | Path, size: int) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process that cannot write a file of more than `size` bytes."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return replication(*arguments, preexec_fn=limit)


@pytest.mark.slow
@posix
def test_full_disk(tmp_path: Path) -> None:
    """A disk that fills up ends in one message, no part of a file stays, and a rerun works."""
    out = tmp_path / "out"
    done = limited("fetch", "--out", out, size=10_000)
    assert_one_message(done.returncode, done.stderr, "cannot write")
    assert files_in(out) == []
    assert invoke("fetch", "--out", out).exit_code == 0
    assert "build/source/repositories.csv" in files_in(out)


@pytest.mark.slow
@posix
def test_full_disk_while_the_paper_is_made(tmp_path: Path, finished: Finished) -> None:
    """A disk that fills up under the temporary folder leaves the old paper as it was."""
    out = finished.copy(tmp_path / "out")
    before = contents(out)
    done = limited("paper", "--force", *finished.arguments, "--out", out, size=60_000)
    assert_one_message(done.returncode, done.stderr, "cannot ")
    assert contents(out) == before
    assert parts_in(out) == []


DAMAGE = ["", "{", "[]", "null", "3", '"text"', "{}", '{"key": 1, "outputs": {"a": 1}}', "\udcff"]


@pytest.mark.slow
@pytest.mark.parametrize("text", DAMAGE)
def test_damaged_record_of_a_stage(tmp_path: Path, text: str) -> None:
    """A record of a stage that cannot be read counts as a stage that has not run."""
    assert "unchanged" not in invoke("fetch", "--out", tmp_path).stdout
    assert stages_told(invoke("fetch", "--out", tmp_path).stdout) == {"fetch": "unchanged"}
    record = tmp_path / "build" / "stages" / "fetch.json"
    sound = record.read_bytes()
    record.write_text(text, encoding="utf-8", errors="surrogateescape")
    done = invoke("fetch", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert stages_told(done.stdout)["fetch"] != "unchanged"
    assert record.read_bytes() == sound


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"source": "file"}', "\udcff"])
def test_damaged_manifest(tmp_path: Path, finished: Finished, text: str) -> None:
    """A damaged manifest of the data is named, and the remedy that is given works."""
    first = invoke("fetch", *finished.arguments, "--out", tmp_path)
    assert first.exit_code == 0, first.output
    source = tmp_path / "build" / "source"
    (source / "manifest.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    for stage in ("panel", "fetch"):
        done = invoke(stage, *finished.arguments, "--out", tmp_path)
        remedy = assert_one_message(done.exit_code, done.stderr, "manifest.json is damaged")
    assert str(source) in remedy
    for path in source.iterdir():
        path.unlink()
    source.rmdir()
    assert invoke("fetch", *finished.arguments, "--out", tmp_path).exit_code == 0
    assert json.loads((source / "manifest.json").read_text())["source"] == "file"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "name"), [("figures", "results/estimates.csv"), ("paper", "results/numbers.json")]
)
def test_damaged_result(tmp_path: Path, finished: Finished, stage: str, name: str) -> None:
    """A result that cannot be read is named by the stage that needs it, with what remakes it."""
    out = finished.copy(tmp_path / "out")
    (out / name).write_bytes(b"")
    done = invoke(stage, *finished.arguments, "--out", out)
    remedy = assert_one_message(done.exit_code, done.stderr, f"{Path(name).name} is damaged")
    assert "make all" in remedy


def interrupted(folder: Path, how: signal.Signals) -> tuple[int, str]:
    """Code and errors of a run that gets a signal at its analysis, once all its processes have ended."""
    definitions = small_definitions(
        folder / "definitions.toml", {"replicates = 200": "replicates = 1_000_000"}
    )
    command = [sys.executable, "-u", "-m", "replication", "all", "--definitions", str(definitions)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, "--out", str(folder / "out")],
        cwd=ROOT,
        env=environment(),
        stdout=pipe,
        stderr=pipe,
        encoding="utf-8",
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if "✓" in line and "attribution" in line:
                run.send_signal(how)
                break
        told = run.communicate(timeout=60)[1]  # until no process holds the pipes
        return run.returncode, told


@pytest.mark.slow
@posix
def test_interrupt(tmp_path: Path) -> None:
    """Ctrl-C ends with 130 and a line that says how to go on; what is written is whole."""
    code, told = interrupted(tmp_path, signal.SIGINT)
    assert code == 130, told
    assert "run again" in told
    assert "Traceback" not in told
    assert not list((tmp_path / "out").rglob(f"*{PART}"))
    assert "build/stages/attribution.json" in files_in(tmp_path / "out")


@pytest.mark.slow
@posix
def test_a_kill_ends_the_second_process_too(tmp_path: Path) -> None:
    """It would compute for minutes."""
    code, told = interrupted(tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert "Traceback" not in told


def test_revision_must_be_a_name_of_the_hub(tmp_path: Path) -> None:
    """What names no commit, branch or tag is refused before anything is asked of the network."""
    done = invoke("fetch", "--data", "released", "--revision", "../main", "--out", tmp_path)
    assert_one_message(done.exit_code, done.stderr, "'../main'")
    assert files_in(tmp_path) == []


def test_bundle_of_a_wrong_file(tmp_path: Path) -> None:
    """`bundle` from something that is no released file leaves nothing behind."""
    write_inputs(tmp_path)
    done = invoke("bundle", "--from", tmp_path / "text.parquet", "--folder", tmp_path / "panel")
    assert_one_message(done.exit_code, done.stderr, "text.parquet")
    assert not (tmp_path / "panel").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "Bundled"], "'Bundled' is not bundled, records, released, snapshots or a path"),
        (["--data", ""], "'' is not bundled, records, released, snapshots or a path"),
        (["--revision", "0" * 40], "a revision goes with --data released"),
        (["--records", "."], "a folder of records goes with --data records, released or a"),
        (["--data", ".", "--records", "."], "a folder of records goes with --data records"),
        (["--engine", "spark"], "an engine goes with snapshots"),
    ],
)
def test_a_misspelt_source_is_a_misspelt_command(arguments: list[str], told: str) -> None:
    """Nothing runs, the exit code is 2, and the message says what to write."""
    result = invoke("fetch", *arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.output.replace("│", " ").split())


def test_records_go_with_a_released_file(tmp_path: Path) -> None:
    """The window of a released file is rebuilt from a folder of records."""
    write(synthetic_release(), tmp_path / "release.parquet")
    done = invoke(
        "fetch",
        "--data",
        tmp_path / "release.parquet",
        "--records",
        tmp_path,
        "--out",
        tmp_path / "o",
    )
    assert_one_message(done.exit_code, done.stderr, "record")


def test_a_reader_who_has_read_enough_is_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed pipe ends the command without a word, as `who Qwen | head -1` does."""
    monkeypatch.setattr(registry_text, "who", Mock(side_effect=BrokenPipeError(errno.EPIPE, "")))
    with pytest.raises(SystemExit):
        app(["who", "Qwen"])
    assert capsys.readouterr().err == ""
