"""The whole line: from a synthetic released file to the paper, interrupted, and on the real file."""

from __future__ import annotations

import html
import json
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pypdf
import pytest
from command_line import (
    STAGE_NAMES,
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
from released_files import real_file, write

from replication import files, tables
from replication.definitions import load_definitions
from replication.kinds import BUNDLED
from replication.pipeline import STAGES
from replication.plots import FIGURES
from replication.report import conditions, documents, prose, render
from replication.report.numbers import ABSENT
from replication.run import ROOT, Run
from replication.sources import manifest
from replication.stages import execute

HEADLINE = {"estimand": "cohort-2025-08", "attribution": "uploader", "labels": "study"}
WINDOW_END = pd.Timestamp("2025-08-27")
KILLS = 6
killable = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")


def text_of_pages(folder: Path) -> str:
    """Text of the HTML of a run's documents, with single spaces and without images and styles."""
    paths = [folder / "paper" / f"{x.name}.html" for x in documents.documents(whole=False)]
    pages = "".join(path.read_text(encoding="utf-8") for path in paths)
    page = re.sub(r"<(style|svg|script)\b.*?</\1>", "", pages, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


def numbers_of(folder: Path) -> dict[str, dict[str, Any]]:
    """The numbers of the text that a run collected."""
    found: dict[str, dict[str, Any]] = files.read_json(folder / "results" / "numbers.json")
    return found


def first_stages(run: Run, count: int) -> Path:
    """Run the first stages in this process and return the folder of the results."""
    for stage in STAGES[:count]:
        assert execute(stage, run, lambda _: None)
    return run.results


def test_every_output_exists(finished: Finished) -> None:
    """A run leaves every table, every figure in three formats, and both documents in every form."""
    made = set(files_in(finished.out))
    assert {f"results/{table.file}" for table in tables.of(whole=False)} <= made
    assert "results/numbers.json" in made
    assert {f"figures/{n}.{end}" for n in FIGURES for end in ("svg", "pdf", "png")} <= made
    assert {f"paper/{name}" for name in documents.outputs()} <= made
    committed = {path.name for path in files.present(ROOT / "results") if path.suffix != ".md"}
    assert {Path(name).name for name in made if name.startswith("results/")} == committed
    assert parts_in(finished.out) == []


def test_shares_are_the_truth(finished: Finished) -> None:
    """The headline's shares are those of the synthetic counters, worked out another way."""
    release = finished.release
    last = release[release["time"] == WINDOW_END]
    by_group = last.groupby("merged_country_groups_single")["downloadsAllTime"].sum()
    by_origin = last.groupby("merged_derived_country_groups_single")["downloadsAllTime"].sum()
    table = files.read_csv(finished.out / "results" / "estimates.csv")
    rows = table[(table[list(HEADLINE)] == pd.Series(HEADLINE)).all(axis=1)]
    origin = table[
        (table[list(HEADLINE)] == pd.Series({**HEADLINE, "attribution": "origin"})).all(axis=1)
    ]
    for group in ("China", "USA", "France"):
        truth = by_group[group] / by_group.sum()
        assert set(rows.loc[rows["group"] == group, "point"]) == {float(f"{truth:.12g}")}
        truth = by_origin[group] / by_origin.sum()
        assert set(origin.loc[origin["group"] == group, "point"]) == {float(f"{truth:.12g}")}
    total = numbers_of(finished.out)["head-total"]["value"]
    assert total == by_group.sum()


def test_manifest_proves_the_data(finished: Finished) -> None:
    """The manifest beside the results names the file, its size, its rows and its hash."""
    found = manifest.read(finished.out / "results")
    assert found is not None
    assert (found.source, found.filename) == ("file", finished.data.name)
    assert found.sha256 == files.sha256_file(finished.data)
    assert (found.rows, found.bytes) == (len(finished.release), finished.data.stat().st_size)
    assert str(finished.data.parent) not in json.dumps(found.to_dict())


def test_outputs_name_no_folder(finished: Finished) -> None:
    """No text that a run writes names the folder in which it was made."""
    for name, content in contents(finished.out).items():
        assert str(finished.out.parent).encode() not in content, name


def test_the_page_is_of_this_run(finished: Finished) -> None:
    """It says what this run found, in as many combinations of choices as its tables have."""
    page = (finished.out / "page" / "index.html").read_text(encoding="utf-8")
    said = files.read_json(finished.out / "paper" / "in_short.json")
    for one in said["in_short"]:
        assert html.escape(one["text"], quote=False) in page
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    for source, table in zip(
        data["sources"], ("window_specifications", "specifications"), strict=True
    ):
        rows = files.read_csv(finished.out / "results" / f"{table}.csv")
        assert len(source["specifications"]["lead"]) == len(rows)


def test_pdf_has_pages(finished: Finished) -> None:
    """The PDF is one, has pages with text, and shows the title and the headline's share."""
    path = finished.out / "paper" / "paper.pdf"
    assert path.read_bytes().startswith(b"%PDF")
    pages = pypdf.PdfReader(path).pages
    assert len(pages) >= 4
    text = " ".join(pages[0].extract_text().split())
    assert load_definitions().paper.title in text
    assert " ".join(numbers_of(finished.out)["w-china"]["display"].split()) in text


@pytest.mark.parametrize(
    "name", [x for x in documents.outputs() if x.endswith(("tex", "html", "md"))]
)
def test_no_key_is_left(finished: Finished, name: str) -> None:
    """No key, no path of an image that is not there and no failed citation is left in the text."""
    text = (finished.out / "paper" / name).read_text(encoding="utf-8")
    assert prose.keys(text) == []
    assert not re.search(r"\\?\{\\?\{[\w:.-]+\\?\}\\?\}", text)
    assert "???" not in text
    for figure in re.findall(r"\{([.]*/?figures/[^}]*)\}", text):
        assert (finished.out / "paper" / figure).is_file()


def test_page_stands_alone(finished: Finished) -> None:
    """The pages load nothing from elsewhere, and hold every figure."""
    pages = [finished.out / "paper" / f"{x.name}.html" for x in documents.documents(whole=False)]
    page = "".join(path.read_text(encoding="utf-8") for path in pages)
    loaded = re.findall(r"<(?:img|script|link|source)\b[^>]*?(?:src|href)=\"([^\"]{0,40})", page)
    assert [address for address in loaded if not address.startswith("data:")] == []
    shown = set(re.findall(prose.FIGURE, documents.text(ROOT / "paper")))
    assert len(re.findall(r"<figure\b", page)) >= len(shown) == len(FIGURES)


def test_numbers_of_the_page_come_from_the_results(finished: Finished) -> None:
    """Every number that the text uses stands in the page as numbers.json displays it."""
    numbers, page = numbers_of(finished.out), text_of_pages(finished.out)
    used = [key for key in prose.keys(documents.text(ROOT / "paper")) if key in numbers]
    assert len(used) > 50
    for key in used:
        assert " ".join(numbers[key]["display"].split()) in page, key


@pytest.mark.slow
def test_text_holds_no_number_of_its_own(finished: Finished, tmp_path: Path) -> None:
    """Where numbers.json displays something else, so does the text: no number is typed there."""
    results = Path(shutil.copytree(finished.out / "results", tmp_path / "results"))
    numbers = numbers_of(finished.out)
    marked = {
        key: {**number, "display": f"mark{n}x"} for n, (key, number) in enumerate(numbers.items())
    }
    files.write_json(results / "numbers.json", marked)
    text, decided = "", conditions.of
    for whose in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(conditions, "of", lambda *a, own=whose: {**decided(*a), "own": own})
            definitions = load_definitions(finished.definitions)
            text += "".join(render.source_texts(ROOT / "paper", results, definitions).values())
    assert {number["display"] for number in marked.values()} <= set(re.findall(r"mark\d+x", text))


def test_what_other_data_lack_is_said(finished: Finished) -> None:
    """A number about a developer whom the data lack is said to be absent, in JSON and in text."""
    numbers = numbers_of(finished.out)
    for key in ("head-without-qwen", "head-without-meta", "quiet-lead"):
        assert numbers[key]["value"] is None
        assert numbers[key]["display"] == ABSENT
    assert text_of_pages(finished.out).count(ABSENT) >= 3
    assert not re.search(
        r"\b(?:nan|None|NaN|inf)\b", " ".join(n["display"] for n in numbers.values())
    )


@pytest.mark.slow
def test_csv_gives_the_results_of_parquet(finished: Finished, tmp_path: Path) -> None:
    """The same synthetic data as CSV give the same tables, byte for byte."""
    data = write(finished.release, tmp_path / "synthetic.csv")
    results = first_stages(Run(str(data), tmp_path / "out", finished.definitions), 3)
    for name in ("defects.csv", "coverage.csv", "unattributed.csv", "disagreements.csv"):
        assert (results / name).read_bytes() == (finished.out / "results" / name).read_bytes()
    for name in ("panel/repositories.csv", "panel/weekly.csv", "attributed/weekly.csv"):
        made = tmp_path / "out" / "build" / name
        assert made.read_bytes() == (finished.out / "build" / name).read_bytes()


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the bundled panel with few replicates, as far as the analysis."""
    folder = tmp_path_factory.mktemp("bundled")
    fewer = {"replicates = 200": "replicates = 20", "chunk = 100 ": "chunk = 20 "}
    return first_stages(
        Run(BUNDLED, folder / "out", small_definitions(folder / "small.toml", fewer)), 4
    )


@pytest.mark.slow
def test_bundled_run_equals_the_run_on_the_real_file(bundled: Path, tmp_path: Path) -> None:
    """The bundled panel and the released file behind it give the same tables, byte for byte."""
    data, definitions = real_file(), bundled.parents[1] / "small.toml"
    results = first_stages(Run(str(data), tmp_path / "out", definitions), 4)
    tables = contents(bundled, lambda name: name.endswith(".csv"))
    assert len(tables) > 10
    assert contents(results, lambda name: name.endswith(".csv")) == tables
    ours, theirs = (manifest.read(folder) for folder in (bundled, results))
    assert ours is not None
    assert theirs is not None
    assert (ours.sha256, ours.rows, ours.bytes) == (theirs.sha256, theirs.rows, theirs.bytes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "defects.csv",
        "coverage.csv",
        "unattributed.csv",
        "disagreements.csv",
        "exclusions.csv",
        "leave_one_out.csv",
    ],
)
def test_committed_results_are_what_the_code_makes(bundled: Path, name: str) -> None:
    """What hangs on no replicates is committed as this code makes it of the bundled panel."""
    assert (bundled / name).read_bytes() == (ROOT / "results" / name).read_bytes()


# Ends the process without warning at the n-th file that is about to be moved into its place.
KILLED_AT_FILE = """
import os, signal, sys
left, sync = int(sys.argv.pop(1)), os.fsync

def fsync(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)

os.fsync = fsync
from replication.cli.app import main
main()
"""


def killed_after(seconds: float, *arguments: str | Path) -> int:
    """Start the command line, end it without warning after a while, and return its code."""
    command = [sys.executable, "-m", "replication", *map(str, arguments)]
    pipe = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=pipe, stderr=pipe) as run:
        try:
            return run.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            run.kill()
            return run.wait()


def assert_same_as_uninterrupted(out: Path, finished: Finished) -> None:
    """Check that a run gave the bytes of the finished run, whatever was left unfinished before."""
    days = [manifest.read(folder / "build" / "source") for folder in (out, finished.out)]
    if len({found.accessed for found in days if found}) > 1:
        pytest.skip("midnight passed between the two runs, and the manifest tells the day")
    made, model = contents(out), contents(finished.out)
    assert made == {name: content for name, content in model.items() if name in made}
    for record in (out / "build" / "stages").glob("*.json"):
        assert files.PART not in record.read_text(encoding="utf-8")


@pytest.mark.slow
@killable
def test_killed_at_random_moments(finished: Finished, tmp_path: Path) -> None:
    """A run that is killed again and again and then let finish gives the same bytes."""
    arguments = ["all", *finished.arguments, "--out", tmp_path / "out"]
    chance = random.Random(20251203)
    codes = [killed_after(chance.uniform(0.2, 1.5), *arguments) for _ in range(KILLS)]
    assert -signal.SIGKILL in codes
    done = replication(*arguments)
    assert done.returncode == 0, done.stderr
    assert tuple(stages_told(done.stdout)) == STAGE_NAMES
    assert_same_as_uninterrupted(tmp_path / "out", finished)
    assert contents(tmp_path / "out").keys() == contents(finished.out).keys()


@pytest.mark.slow
@killable
def test_killed_while_a_file_is_written(finished: Finished, tmp_path: Path) -> None:
    """A run that dies just before a file is whole leaves the part, which the next one sweeps."""
    out = tmp_path / "out"
    for stage, nth in (("fetch", 1), ("fetch", 2), ("panel", 2), ("attribution", 4)):
        arguments = [stage, *finished.arguments, "--out", str(out)]
        done = replication(str(nth), *arguments, start=("-c", KILLED_AT_FILE))
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert len(parts_in(out)) == 1
        assert not (out / "build" / "stages" / f"{stage}.json").exists()
        if nth > 1:
            assert replication(*arguments).returncode == 0
            assert parts_in(out) == []
    assert_same_as_uninterrupted(out, finished)
    for name in STAGE_NAMES[:3]:
        told = stages_told(invoke(name, *finished.arguments, "--out", out).stdout)
        assert told == {name: "unchanged"}


@killable
def test_git_ignores_what_a_killed_run_leaves(tmp_path: Path) -> None:
    """What a killed run leaves in the repository is ignored by git, and `make clean` removes it."""
    part = f"results/.estimates.csv.abc{files.PART}"
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git repository")
    done = subprocess.run([git, "check-ignore", part], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
    assert re.search(rf"find .*results.*{files.PART}' -delete", (ROOT / "Makefile").read_text())
