"""The crawl of the Hub's list of models: what arrives, what is kept, and what is gone on with."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import duckdb
import huggingface_hub
import pyarrow as pa
import pytest
import yaml
from crawls import LONG, TODAY, Desk, desk
from record_files import WHOLE
from rich.console import Console

from replication.cli import hub as commands
from replication.definitions import load_definitions
from replication.errors import ContractError, OutputError, SourceError
from replication.files import sha256_file
from replication.sources import manifest
from replication.sources.crawl import Crawl, Progress, choose, reader, remarks, store
from replication.sources.crawl.rows import FIELDS, schema
from replication.sources.records.joining import read_located
from replication.sources.records.one_record import Located
from replication.sources.snapshots.extract import extract
from replication.validation.synthetic.server import hub
from replication.validation.synthetic.server_api import PATH, Hold, PageFault, synthetic_models

ROOT = Path(__file__).resolve().parents[1]
CHILD = """
import sys
from pathlib import Path
from replication.sources.crawl import Crawl, fetch

crawl = Crawl("all", page_size=10)
fetch(crawl, Path(sys.argv[1]), today="2026-11-25", progress=lambda p: print(p.pages, flush=True))
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a place to crawl 35 models in pages of ten."""
    with desk(tmp_path, monkeypatch) as found:
        yield found


@pytest.mark.slow
def test_every_model_arrives(place: Desk) -> None:
    """The snapshot holds each model once, with the fields that the list states, typed."""
    place.run()
    rows = place.rows()
    assert rows.keys() == {model["_id"] for model in place.server.models.rows}
    for model in place.server.models.rows:
        expected = {name: model[name] for name in FIELDS}
        expected["createdAt"] = datetime.fromisoformat(model["createdAt"])
        expected["lastModified"] = datetime.fromisoformat(model["lastModified"])
        assert rows[model["_id"]] == expected
    assert not place.pages.exists()


@pytest.mark.slow
def test_types_of_the_snapshot(place: Desk) -> None:
    """Columns and types are those of the Hub's weekly snapshots, counters in 64 bits."""
    place.run()
    path = place.folder / "models" / TODAY / "models.parquet"
    found = pa.parquet.read_schema(path)
    assert found.equals(schema())
    assert found.field("createdAt").type == pa.timestamp("us", tz="UTC")
    assert found.field("downloadsAllTime").type == pa.int64()


@pytest.mark.slow
def test_a_crawl_is_a_snapshot_that_extracts(place: Desk, tmp_path: Path) -> None:
    """The extract of a crawl has the ids, counts, times and parents of the list."""
    place.run()
    target = tmp_path / "extract.parquet"
    found = extract(place.folder / "models" / TODAY / "models.parquet", target, TODAY)
    assert (found.rows, found.missing) == (35, ())
    with duckdb.connect() as connection:
        got = connection.execute(f"SELECT * FROM '{target}' ORDER BY repository").fetchall()
    for (repository, name, created, rolling, counter, parents), model in zip(
        got, place.server.models.rows, strict=True
    ):
        assert (repository, name) == (model["_id"], model["id"])
        assert created == datetime.fromisoformat(model["createdAt"]).timestamp()
        assert (rolling, counter) == (model["downloads"], model["downloadsAllTime"])
        assert parents == (model["baseModels"] and model["baseModels"]["models"][0]["id"])


@pytest.mark.slow
def test_a_crawl_is_a_record(place: Desk) -> None:
    """The snapshot of a crawl is read as a list of the whole Hub, without what it does not count."""
    place.server.models.rows[7]["downloads"] = None
    place.server.models.rows[8]["id"] = "a/" + "b" * 300
    file = place.folder / place.run().filename
    list_ = replace(WHOLE, date=date.fromisoformat(TODAY))
    located = Located(list_, WHOLE.paths[0], file.parent, (file,))
    found, summaries = read_located([located], load_definitions())
    assert summaries["whole"].rows == 35
    models = [m for n, m in enumerate(place.server.models.rows) if n not in {7, 8}]
    read = found.observations.set_index("name")["value"].to_dict()
    assert read == {m["id"]: m["downloads"] for m in models}
    bases = found.models.set_index("name")["base_models"]
    assert bases.to_dict() == {
        m["id"]: (m["baseModels"] or {"models": [{"id": ""}]})["models"][0]["id"] for m in models
    }
    left_out = found.defects.set_index("check").loc["crawled-without-name-or-count"]
    assert left_out["rows"] == 2


@pytest.mark.slow
def test_what_is_asked_of_the_hub(place: Desk) -> None:
    """Each page is asked for once, with the fields that are needed and in an order that stands."""
    place.run()
    assert len(place.queries) == 4
    asked = parse_qsl(place.queries[0])
    assert ("sort", "createdAt") in asked
    assert ("limit", "10") in asked
    assert {value for key, value in asked if key == "expand[]"} == {
        *("author", "baseModels", "createdAt", "downloads", "downloadsAllTime", "lastModified"),
        *("library_name", "likes", "pipeline_tag", "tags"),
    }


@pytest.mark.slow
def test_manifest_and_record(place: Desk) -> None:
    """The manifest describes the file, the record the crawl."""
    found = place.run()
    path = place.folder / "models" / TODAY / "models.parquet"
    assert manifest.read(path.parent) == found
    assert (found.source, found.revision, found.accessed) == ("hub", TODAY, TODAY)
    assert found.extent == "all"
    assert (found.sha256, found.bytes, found.rows) == (
        sha256_file(path),
        path.stat().st_size,
        35,
    )
    assert found.client == f"huggingface_hub {huggingface_hub.__version__}"
    record = place.record()
    assert record["scope"] == {"mode": "all", "limit": 0, "namespaces": []}
    assert (record["pages"], record["rows"], record["models"]) == (4, 35, 35)
    assert (record["duplicates"], record["without_counter"]) == (0, 0)
    first, last = (datetime.fromisoformat(record[name]) for name in ("first_page", "last_page"))
    assert first.tzinfo == UTC
    assert first <= last


@pytest.mark.slow
@pytest.mark.parametrize("page_size", [1, 7, 35, 36, 1000])
def test_the_size_of_a_page_changes_nothing(place: Desk, page_size: int) -> None:
    """The snapshot has the same bytes whatever the size of its pages."""
    place.run(page_size=page_size)
    again = replace(place, folder=place.folder.with_name("again"))
    again.run()
    assert again.rows() == place.rows()
    files = [p.folder / "models" / TODAY / "models.parquet" for p in (place, again)]
    assert sha256_file(files[0]) == sha256_file(files[1])


@pytest.mark.slow
@pytest.mark.parametrize(("top", "requests"), [(1, 1), (10, 1), (11, 2), (25, 3), (35, 4), (99, 4)])
def test_top(place: Desk, top: int, requests: int) -> None:
    """The top are the models with the most downloads, and no page beyond them is asked for."""
    assert place.run(mode="top", limit=top).extent == f"top {top}"
    ranked = sorted(place.server.models.rows, key=lambda m: m["downloads"], reverse=True)
    assert place.rows().keys() == {model["_id"] for model in ranked[:top]}
    assert len(place.queries) == requests
    assert ("sort", "downloads") in parse_qsl(place.queries[0])
    assert ("limit", str(min(top, 10))) in parse_qsl(place.queries[0])


def test_top_of_a_server_that_gives_more(place: Desk) -> None:
    """Where a page holds more models than were asked for, the top still has its number.

    A row that corrects one of the top counts all the same.
    """
    models = place.server.models.rows
    place.fault(body=json.dumps([*models, {**models[0], "likes": 99}]).encode())
    assert place.run(mode="top", limit=3).rows == 3
    assert place.rows().keys() == {model["_id"] for model in models[:3]}
    assert place.rows()[models[0]["_id"]]["likes"] == 99


@pytest.mark.slow
def test_namespaces(place: Desk) -> None:
    """The models of each namespace arrive, in pages, and a name without any is recorded."""
    found = place.run(mode="namespaces", namespaces=("owner-1", "Nobody", "OWNER-2"), page_size=5)
    assert {row["author"] for row in place.rows().values()} == {"owner-1", "owner-2"}
    assert found.rows == 12 + 11
    assert found.extent == "namespaces: owner-1, Nobody, OWNER-2"
    assert place.record()["without_models"] == ["Nobody"]
    assert place.record()["pages"] == 3 + 1 + 3
    assert [dict(parse_qsl(q))["author"] for q in place.queries][3] == "Nobody"


def test_no_models_at_all(place: Desk) -> None:
    """A crawl of nothing is refused, because an empty reading is none."""
    with pytest.raises(SourceError, match="list of models is empty"):
        place.run(mode="namespaces", namespaces=("Nobody",))
    assert not (place.folder / "models").exists()


@pytest.mark.slow
@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_an_interrupted_crawl_goes_on(place: Desk, tmp_path: Path, page: int) -> None:
    """Only the missing pages are asked for, and the snapshot is that of a crawl in one piece."""
    place.stop_after(page)
    assert not (place.folder / "models").exists()
    assert len(place.queries) == page
    place.run(today="2026-11-26")
    assert len(place.queries) == 4
    whole = replace(place, folder=tmp_path / "whole")
    whole.run()
    assert place.rows() == whole.rows()
    assert place.record()["pages"] == whole.record()["pages"]


@pytest.mark.slow
def test_a_killed_crawl_goes_on(tmp_path: Path) -> None:
    """A process that is killed without warning loses at most the page that was under way."""
    hold = Hold()
    with hub({}, models=synthetic_models(200)) as server:
        server.models.faults.append(PageFault(after=7, hold=hold))
        variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
        variables |= {"NO_PROXY": "*", "HF_ENDPOINT": server.endpoint, "HF_HOME": str(tmp_path)}
        command = [sys.executable, "-c", CHILD, str(tmp_path / "record")]
        with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as child:
            assert hold.reached.wait(LONG)
            child.send_signal(signal.SIGKILL)
            assert child.stdout is not None
            assert child.stdout.read().split() == [str(page) for page in range(1, 8)]
        hold.released.set()
        before = [seen.path for seen in server.requests].count(PATH)
        done = subprocess.run(
            command, env=variables, capture_output=True, text=True, check=True, timeout=LONG
        )
    assert done.stdout.split() == [str(page) for page in range(8, 21)]
    assert before == 8
    assert [seen.path for seen in server.requests].count(PATH) == before + 13
    assert (
        pa.parquet.read_metadata(tmp_path / "record/models/2026-11-25/models.parquet").num_rows
        == 200
    )


@pytest.mark.slow
def test_a_page_without_its_state_counts_for_nothing(
    place: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that dies between a page and its state asks for that page again."""
    place.stop_after(2)

    def die(path: Path, value: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_json", die)
        with pytest.raises(KeyboardInterrupt):
            place.run()
    assert (place.pages / "000003.jsonl.gz").is_file()
    place.run()
    assert len(place.queries) == 2 + 1 + 2
    assert len(place.rows()) == 35


@pytest.mark.slow
def test_a_snapshot_without_its_end_is_made_again(
    place: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that dies before the pages are removed makes the same snapshot without a request."""

    def die(self: store.Store) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store.Store, "drop_pages", die)
        with pytest.raises(KeyboardInterrupt):
            place.run()
    before = sha256_file(place.folder / "models" / TODAY / "models.parquet")
    assert place.run().sha256 == before
    assert len(place.queries) == 4
    assert not place.pages.exists()


@pytest.mark.slow
def test_pages_are_the_same_bytes_every_time(place: Desk, tmp_path: Path) -> None:
    """A page on disk has no time stamp of its own."""
    other = replace(place, folder=tmp_path / "other")
    place.stop_after(2)
    other.stop_after(2)
    for name in ("000001.jsonl.gz", "000002.jsonl.gz"):
        content = (place.pages / name).read_bytes()
        assert content == (other.pages / name).read_bytes()
        assert content[4:8] == bytes(4)  # where gzip keeps the time
    assert sorted(p.name for p in place.pages.iterdir()) == [
        "000001.jsonl.gz",
        "000002.jsonl.gz",
        "state.json",
    ]


@pytest.mark.slow
def test_the_same_day_asks_nothing(place: Desk) -> None:
    """A folder that holds today's crawl is kept; the next day has a crawl of its own."""
    first = place.run()
    assert place.run() == first
    assert len(place.queries) == 4
    place.run(today="2026-12-02")
    assert len(place.queries) == 8
    assert sorted(p.name for p in (place.folder / "models").iterdir()) == [TODAY, "2026-12-02"]


@pytest.mark.slow
def test_a_damaged_snapshot_is_crawled_again(place: Desk) -> None:
    """A file that is not what its manifest says is replaced."""
    found = place.run()
    (place.folder / "models" / TODAY / "models.parquet").write_bytes(b"damaged")
    assert place.run() == found
    assert len(place.queries) == 8


def test_readings_of_other_extent_do_not_mix(place: Desk) -> None:
    """A folder of one extent takes no crawl of another, on that day or on any."""
    place.run(mode="top", limit=5)
    for today in (TODAY, "2026-12-02"):
        with pytest.raises(SourceError, match=f"crawl of {TODAY}.* another extent"):
            place.run(today=today)
    assert len(place.queries) == 1


def test_another_crawl_is_not_gone_on_with(place: Desk) -> None:
    """Pages of another extent or of another Hub are neither used nor removed."""
    place.stop_after(2)
    with pytest.raises(SourceError, match="another crawl is under way") as caught:
        place.run(mode="top", limit=5)
    assert "begin anew" in caught.value.remedy
    huggingface_hub.constants.ENDPOINT = "https://hub.example"
    with pytest.raises(SourceError, match="another crawl is under way"):
        place.run()
    assert (place.pages / "000002.jsonl.gz").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(("today", "old"), [("2026-11-27", False), ("2026-11-28", True)])
def test_an_old_crawl_is_not_gone_on_with(place: Desk, today: str, old: bool) -> None:
    """After two days the pages would be a reading of no one day."""
    place.stop_after(1)
    if old:
        with pytest.raises(SourceError, match="too old"):
            place.run(today=today)
    else:
        assert place.run(today=today).revision == TODAY


@pytest.mark.slow
def test_pages_may_get_smaller_on_the_way(place: Desk) -> None:
    """A crawl that fails on large pages goes on with smaller ones."""
    place.stop_after(2)
    place.run(page_size=4)
    assert [dict(parse_qsl(query))["limit"] for query in place.queries] == ["10"] * 2 + ["4"] * 4
    assert len(place.rows()) == 35


@pytest.mark.slow
def test_models_that_move_are_kept_as_they_were_last(place: Desk) -> None:
    """A model that falls behind while the crawl goes on comes twice; its last row is kept."""
    models = place.server.models.rows

    def move(progress: Progress) -> None:
        if progress.pages == 1:
            models[0].update(downloads=5, downloadsAllTime=77)
            models[3].update(downloads=6)

    place.run(mode="top", limit=99, progress=move)
    assert place.rows()[models[0]["_id"]]["downloadsAllTime"] == 77
    record = place.record()
    assert (record["rows"], record["models"], record["duplicates"]) == (37, 35, 2)


@pytest.mark.parametrize("damage", ["state", "label", "type", "page", "row", "gone"])
def test_damaged_pages(place: Desk, damage: str) -> None:
    """What is on disk is not believed either."""
    place.stop_after(2)
    state = json.loads((place.pages / "state.json").read_text())
    if damage == "page":
        (place.pages / "000001.jsonl.gz").write_bytes(b"damaged")
    elif damage == "row":
        (place.pages / "000001.jsonl.gz").write_bytes(gzip.compress(b'{"_id": 3}\n'))
    elif damage == "gone":
        (place.pages / "000002.jsonl.gz").unlink()
    else:
        changed = {
            "state": {"no": 1},
            "label": {**state, "label": "../x"},
            "type": {**state, "pages": "2"},
        }
        (place.pages / "state.json").write_text(json.dumps(changed[damage]))
    with pytest.raises(SourceError, match="damaged") as caught:
        place.run()
    assert "crawl again" in caught.value.remedy
    assert len(place.queries) == 2


def test_a_folder_that_cannot_be_written(place: Desk) -> None:
    """A folder that cannot be made is an error of the disk."""
    place.folder.write_text("a file where the folder should be")
    with pytest.raises(OutputError):
        place.run()


@pytest.mark.slow
def test_a_wrong_page_leaves_the_pages_before_it(place: Desk) -> None:
    """The pages before one that is no list of models are kept, and the crawl goes on after them."""
    wrong = [{**model, "downloads": "many"} for model in synthetic_models(6)]
    place.fault(after=2, body=json.dumps(wrong).encode())
    with pytest.raises(
        ContractError, match=r"6 malformed rows among 6, .*page 3, row 1: field downloads is text"
    ):
        place.run()
    place.run()
    assert len(place.queries) == 3 + 2
    assert len(place.rows()) == 35


ODD = {
    "id missing": {"id": None},
    "id long": {"id": "a/" + "b" * 298},
    "id without owner": {"id": "gpt2"},
    "downloads negative": {"downloads": -1},
    "downloads text": {"downloads": "5"},
    "createdAt garbage": {"createdAt": "yesterday"},
    "baseModels a list": {"baseModels": [{"id": "a/b"}]},
    "baseModels odd": {"baseModels": {"relation": "finetune", "models": [{"id": None}]}},
    "_id short": {"_id": "123"},
    "_id missing": {"_id": None},
}


@pytest.mark.slow
@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_an_odd_row_does_not_end_a_crawl(place: Desk, change: dict[str, Any]) -> None:
    """The row is kept with an empty cell, or left out for want of an `_id`, and told of."""
    (field,) = change
    models = sorted(place.server.models.rows, key=lambda m: m["createdAt"], reverse=True)
    page = models[10:20]
    page[4] = models[14] | change
    place.fault(after=1, body=json.dumps(page).encode())
    place.stop_after(2)
    place.run()
    out = field == "_id"
    assert len(place.queries) == 4
    assert len(place.rows()) == 35 - out
    if not out:
        row = place.rows()[models[14]["_id"]]
        assert [name for name in FIELDS if row[name] is None and models[14][name]] == (
            [field] if models[14][field] else []
        )
    record = place.record()
    assert record["bad_cells"] == {field: 1}
    (told,) = record["malformed"]
    assert (told["page"], told["row"], told["field"]) == (2, 5, field)
    assert told["repository"] == ("" if out else models[14]["_id"])
    (said,) = remarks(place.folder, TODAY)
    assert f"page 2, row 5: field {field} is" in said
    target = place.folder / "extract.parquet"
    assert extract(place.folder / place.run().filename, target, TODAY).rows == 35 - out


@pytest.mark.slow
def test_what_the_command_prints(place: Desk) -> None:
    """The command names where the reading is, and what it lacks."""
    place.server.models.refused = frozenset({"downloadsAllTime"})
    place.server.models.rows[3]["likes"] = "many"
    place.server.models.rows[4]["tags"] = "many"
    printed, said = StringIO(), list[str]()
    commands.crawl(
        place.folder,
        choose(None, "owner-0,owner-1,Nobody", everything=False),
        console=Console(file=printed, width=500),
        say=said.append,
    )
    first, *others = printed.getvalue().splitlines()
    assert first.startswith("crawl  24 models → ")
    odd = "page 1, row 11: field likes is text where a whole number from 0 to 1e+12 must stand"
    assert others == [
        "crawl  the Hub refuses the fields downloadsAllTime: the all-time counters are missing",
        f"crawl  2 cells that cannot be right left empty; the first: {odd}; crawl.json names them",
        "crawl  no models in Nobody",
    ]
    assert said[-1].endswith(", without downloadsAllTime")


def test_null_counts_are_no_fault(place: Desk) -> None:
    """A count that the list does not state is null, and a model alone may have none at all."""
    for model in place.server.models.rows:
        model["downloads"] = None
    place.server.models.rows[30].update(id="lonely/model", downloadsAllTime=None)
    place.run(mode="namespaces", namespaces=("lonely", "owner-1"))
    assert place.record()["malformed"] == []
    assert place.record()["without_counter"] == 1


def test_only_so_many_odd_rows_are_told_one_by_one(place: Desk) -> None:
    """All are counted; the record names the first of them."""
    for model in place.server.models.rows[::7]:
        model.update(dict.fromkeys(("likes", "author", "tags", "pipeline_tag"), -1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "MOST_NAMED", 3)
        place.run(page_size=35)
    cells = dict.fromkeys(("author", "likes", "pipeline_tag", "tags"), 5)
    assert place.record()["bad_cells"] == cells
    assert len(place.record()["malformed"]) == 3


def test_progress(place: Desk) -> None:
    """Every page is told, with the time left where the total is known."""
    place.run(mode="top", limit=25)
    assert [p.pages for p in place.told] == [1, 2, 3]
    assert [p.models for p in place.told] == [10, 20, 25]
    assert all(p.total == 25 and p.rate > 0 for p in place.told)
    assert place.told[-1].left == 0


def test_progress_in_words() -> None:
    """A line says pages, models, rate, time left and a wait; it leaves out what is not known."""
    assert str(Progress(3, 2_500, 10_000, 250.0, 12.4)) == (
        "page 3, 2,500 of 10,000 models, 250 a second, about 30 s left, waiting 12 s"
    )
    assert str(Progress(3, 2_500, None, 250.0)) == "page 3, 2,500 models, 250 a second"
    assert Progress(3, 2_500, 10_000, 0.0).left is None


def test_choose() -> None:
    """The command line names one extent."""
    assert choose(300, "", everything=False) == Crawl("top", limit=300)
    assert choose(None, "", everything=True) == Crawl("all")
    chosen = choose(None, "Qwen, deepseek-ai,qwen", everything=False)
    assert chosen == Crawl("namespaces", namespaces=("qwen", "deepseek-ai"))


@pytest.mark.parametrize(
    ("top", "namespaces", "everything", "words"),
    [
        (None, "", False, "give one of"),
        (5, "", True, "give one of"),
        (5, "a", False, "give one of"),
        (0, "", False, "at least 1"),
        (-3, "", False, "at least 1"),
        (None, "a,,b", False, "must name"),
        (None, "a/b", False, "must name"),
        (None, "../x", False, "must name"),
    ],
)
def test_choose_refuses(top: int | None, namespaces: str, everything: bool, words: str) -> None:
    """An extent that is not clear or makes no sense is refused before anything happens."""
    with pytest.raises(SourceError, match=words):
        choose(top, namespaces, everything=everything)


@pytest.mark.parametrize(
    "changes",
    [
        {"page_size": 0},
        {"page_size": 1_001},
        {"max_pages": 0},
        {"max_bytes": 0},
        {"page_seconds": 0},
    ],
)
def test_bounds_are_checked(place: Desk, changes: dict[str, Any]) -> None:
    """Bounds that allow nothing are refused without a request."""
    with pytest.raises(SourceError, match="must be"):
        place.run(**changes)
    assert place.queries == []


def test_workflow_of_the_weekly_record() -> None:
    """The workflow reads only, runs once a week, and takes the token from the secrets alone."""
    text = (ROOT / ".github/workflows/weekly-record.yml").read_text("utf-8")
    flow = yaml.safe_load(text)
    assert flow["permissions"] == {"contents": "read"}
    (schedule,) = flow[True]["schedule"]  # YAML 1.1 reads the key `on` as true
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert all(part.isdigit() for part in (minute, hour, weekday))
    assert (day, month) == ("*", "*")
    (job,) = flow["jobs"].values()
    assert {step["uses"] for step in job["steps"] if "uses" in step} == {
        *("actions/checkout@v4", "actions/setup-python@v5", "actions/upload-artifact@v4")
    }
    assert text.count("secrets.") == 1
    assert [step["env"] for step in job["steps"] if "env" in step] == [
        {"HF_TOKEN": "${{ secrets.HF_TOKEN }}"}
    ]
    assert any("make crawl" in step.get("run", "") for step in job["steps"])
