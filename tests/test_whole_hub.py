"""The panel of the whole Hub: its tables hold together and keep every download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd
import pytest
from hub_rows import (
    LABELS,
    Repository,
    day,
    definitions,
    exact,
    hub,
    running,
    snapshots,
    totals,
    window,
)

from replication.definitions import Definitions
from replication.panel import table, tail
from replication.panel.whole_hub.assembly import HubPanel, assemble
from replication.panel.whole_hub.rebuild import Detailed

LEAST = 500
LAST = 7 * (len(LABELS) - 1)
RULES = definitions([
    window("rebuild", 21, LAST - 1),
    window("increments", 105, LAST - 1),
    window("cohort", 10, 150),
])  # fmt: skip
MAKERS = [
    Repository(201, day(-20), 20, "acme/base"),
    Repository(202, day(10), 30, "acme/derived", parents="acme/base"),
    Repository(203, day(40), 22, "beta/tuned", parents="acme/derived"),
    Repository(204, day(50), 2, "beta/tiny", parents="acme/base"),
    Repository(205, day(50), 4, "beta/tiny-2", parents="acme/base"),
]
GROUPS = {"acme": "China", "beta": "USA"}


@dataclass(frozen=True)
class Made:
    """A rebuilt Hub and its panel."""

    rebuilt: Detailed
    found: HubPanel
    definitions: Definitions

    @property
    def rows(self) -> pd.DataFrame:
        """The repositories of the panel by name."""
        return self.found.panel.repositories.set_index("name")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The panel of the hand-made Hub with five more repositories, of two makers."""
    contents = {
        label: [dict(row) for row in rows] for label, rows in snapshots([*hub(), *MAKERS]).items()
    }
    for label in LABELS[:9]:
        for row in contents[label]:
            row["name"] = row["name"].replace("acme/derived", "acme/first-name")
    with running(tmp_path_factory.mktemp("hub"), contents, RULES) as (rebuilt, engine):
        yield Made(rebuilt, assemble(rebuilt, engine, RULES, GROUPS, LEAST), RULES)


@pytest.mark.slow
def test_the_panel_passes_the_check(made: Made) -> None:
    """Every later stage finds the columns, the groups and the counts that it needs."""
    checked = table.check(made.found.panel, made.definitions, "synthetic")
    for name, rows in vars(checked).items():
        pd.testing.assert_frame_equal(rows, getattr(made.found.panel, name))


@pytest.mark.slow
def test_every_download_is_in_the_panel(made: Made) -> None:
    """Windows and variants sum to what was rebuilt, which is exact at a constant rate."""
    panel = made.found.panel
    assert totals(made.rebuilt) == exact([*hub(), *MAKERS], RULES.windows)
    columns = made.rebuilt.totals.columns
    assert panel.variants[columns].sum().equals(made.rebuilt.totals.sum())
    for w in RULES.windows:
        whole = made.rebuilt.totals[f"{w.id}/100/interpolated"].sum()
        assert panel.repositories[w.id].sum() == whole
        assert made.found.chained[w.id].sum() == made.rebuilt.chained[w.id].sum()


@pytest.mark.slow
def test_weeks_add_up_to_the_windows(made: Made) -> None:
    """Weekly downloads inside a window of whole weeks differ from it by rounding alone."""
    weekly = made.found.panel.weekly
    for w in RULES.windows[:2]:
        inside = weekly[(weekly["week"] > f"{w.start}") & (weekly["week"] <= f"{LABELS[-1]}")]
        assert len(inside) > 50
        whole = made.found.panel.repositories[w.id].sum()
        assert abs(inside["downloads"].sum() - whole) <= len(inside) / 2
    assert not weekly.duplicated(["week", "uploader", "origin"]).any()


@pytest.mark.slow
def test_one_row_has_one_identity(made: Made) -> None:
    """Names and identities are unique, and the tables stand in one order."""
    rows = made.found.panel.repositories
    assert rows["name"].is_unique
    assert rows["repository"].is_unique
    assert rows["name"].is_monotonic_increasing
    for other in (made.found.panel.variants, made.found.chained):
        assert other["repository"].tolist() == rows["repository"].tolist()


@pytest.mark.slow
def test_origins_are_traced_through_renames_to_the_root(made: Made) -> None:
    """What derives from a derivative has the root's namespace, whatever the parent was called."""
    rows = made.rows
    assert rows.loc["beta/tuned", ["uploader", "origin", "traced_origin"]].tolist() == [
        "beta", "acme", "acme",
    ]  # fmt: skip
    assert rows.loc["acme/base", ["origin", "traced_origin"]].tolist() == ["acme", ""]
    assert rows.loc["acme/derived", "created"] == "2024-08"


@pytest.mark.slow
def test_the_tail_is_joined_by_uploader_and_origin(made: Made) -> None:
    """Two small repositories of one pair are one row with the sum of their downloads."""
    rows, w = made.rows, RULES.windows[0]
    joined = rows.loc[f"beta/acme/{tail.SMALL}"]
    assert joined[w.id] == sum(r.downloads(w) for r in MAKERS[3:])
    assert joined["repository"] == f"beta/acme/{tail.SMALL}"
    assert "beta/tiny" not in rows.index
    buckets = rows[rows["uploader"].str.startswith("(small namespaces")]
    assert len(buckets) > 1
    assert "newcomer" not in "".join(rows.index)


@pytest.mark.slow
def test_groups_are_the_studys_or_unknown(made: Made) -> None:
    """A namespace without a label of the study has the group Unknown, by either role."""
    rows = made.rows
    groups = ["study_group_uploader", "study_group_origin"]
    assert rows.loc["beta/tuned", groups].tolist() == ["USA", "China"]
    assert rows.loc["new/model", groups].tolist() == ["Unknown", "Unknown"]


@pytest.mark.slow
def test_the_chain_ends_with_what_is_used(made: Made) -> None:
    """Three stretches, then the scale that was used."""
    chain = made.found.chain.set_index("stretch")
    assert chain.index.tolist() == ["births", "month", "quarter", "used"]
    assert chain.loc["used", "factor"] == made.rebuilt.scale.factor
    assert chain.loc["used", "spread"] == made.rebuilt.scale.spread
    assert chain.loc["used", "measured"] == made.rebuilt.scale.measured


@pytest.mark.slow
def test_defects_are_named_with_their_numbers(made: Made) -> None:
    """Every check has one row; the rename and the tail are found, and nothing that is not there."""
    defects = made.found.panel.defects.set_index("check")
    assert defects.index.is_unique
    assert defects.loc["renamed-repositories", "rows"] == 1
    small = made.rebuilt.facts["name"].isin(made.rows.index)
    assert defects.loc["joined-tail", "rows"] == (~small).sum()
    absent = [
        "truncated-snapshots", "repeated-snapshots", "missing-weeks", "duplicate-readings",
        "falling-counters", "frozen-readings", "deleted-repositories", "missed-readings",
    ]  # fmt: skip
    assert (defects.loc[absent, "rows"] == 0).all()
    assert "4.3 times" in defects.loc["rolling-double-count", "where"]


@pytest.mark.slow
def test_everything_that_is_left_out_has_a_row(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Spikes, contradictions, repositories without a name or a date: named, counted, with downloads."""
    contents = {
        label: [dict(row) for row in rows] for label, rows in snapshots([*hub(), *MAKERS]).items()
    }
    for label, rows in contents.items():
        for row in rows:
            if row["name"] == "acme/base":
                row["created"] = None
            if row["name"] == "beta/tuned":
                row["name"] = None
                row["counter"] = row["counter"] and row["counter"] * (
                    1 + 99 * (label == LABELS[20])
                )
            if row["name"] == "new/model" and label >= LABELS[-2]:
                row["counter"] //= 4
    with running(tmp_path_factory.mktemp("odd"), contents, RULES) as (rebuilt, engine):
        found = assemble(rebuilt, engine, RULES, GROUPS, LEAST)
    record = found.panel.defects.set_index("check")
    identity, rows = f"{203:024x}", found.panel.repositories.set_index("name")
    assert rows.loc[identity, ["uploader", "origin", "repository"]].tolist() == [
        "(unnamed)", "acme", identity,
    ]  # fmt: skip
    assert record.loc["unnamed-repositories", ["where", "rows"]].tolist() == [identity, 1]
    assert record.loc["undated-repositories", "rows"] == 1
    assert record.loc["undated-repositories", "where"].endswith(" downloads at any age")
    assert record.loc["spikes", "rows"] == 1
    assert record.loc["spikes", "where"].startswith(f"{identity} {LABELS[20]} (")
    assert record.loc["falling-counters", "rows"] == 1
    assert "downloads too many in all" in record.loc["uncertain-counters", "where"]
    table.check(found.panel, RULES, "synthetic")


@pytest.mark.slow
def test_a_namespace_that_is_large_in_either_role_keeps_its_name(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A small uploader of a large origin is in the origin's bucket, and what the origin uploads is its own."""
    few = [
        Repository(301, day(-20), 1, "root/base"),
        Repository(302, day(10), 30, "big/derived", parents="root/base"),
        Repository(303, day(40), 2, "one/derived", parents="Root/Base"),
        Repository(304, day(40), 2, "two/derived", parents="root/base"),
        Repository(305, day(40), 3, "three/own"),
    ]
    with running(tmp_path_factory.mktemp("roles"), snapshots([*hub(), *few]), RULES) as (
        made_,
        engine,
    ):
        rows = assemble(made_, engine, RULES, {}, LEAST).panel.repositories
    places = {tuple(row) for row in rows[["uploader", "origin"]].to_numpy()}
    sizes = pd.DataFrame({"namespace": ["root", "three"], "largest": [LEAST, 1]})
    of_root, of_three = tail.placed(sizes, LEAST)["bucket"]
    assert {("root", "root"), ("big", "root"), (of_root, "root"), (of_three, of_three)} <= places
    assert not {"one", "two", "three"} & set(rows["uploader"])
    assert of_root.startswith("(small namespaces ")


@pytest.mark.slow
def test_a_hub_without_parents_has_a_panel(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where no repository states a base model, every origin is the uploader."""
    with running(tmp_path_factory.mktemp("bare"), snapshots(hub()), RULES) as (rebuilt, engine):
        rows = assemble(rebuilt, engine, RULES, {}, LEAST).panel.repositories
    assert rows["origin"].equals(rows["uploader"])


@pytest.mark.slow
def test_the_panel_is_written_and_read(
    made: Made, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The tables come back from their files as they were."""
    folder = tmp_path_factory.mktemp("panel")
    made.found.panel.write(folder)
    again = table.check(table.read(folder), made.definitions, "synthetic")
    pd.testing.assert_frame_equal(again.repositories, made.found.panel.repositories)
    texts = dict.fromkeys(
        ("uploader", "origin"), "str"
    )  # each name is held once until it is written
    pd.testing.assert_frame_equal(again.weekly, made.found.panel.weekly.astype(texts))


@pytest.mark.slow
def test_with_no_least_nothing_is_joined(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where every repository is large, each downloaded one stands under its own name."""
    rules = replace(RULES, windows=RULES.windows[:2])
    with running(tmp_path_factory.mktemp("all"), snapshots(MAKERS), rules) as (rebuilt, engine):
        panel = assemble(rebuilt, engine, rules, {}, least=1).panel
    downloaded = [r.name for r in MAKERS if any(r.downloads(w) for w in rules.windows)]
    assert panel.repositories["name"].tolist() == sorted(downloaded)
