"""Recovery: a synthetic Hub with every defect comes back, and no mending step is idle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from command_line import assert_one_message, invoke

from replication.errors import VerificationError
from replication.panel.whole_hub.rebuild import Detailed
from replication.validation.recovery import ablation, experiment, report, shares
from replication.validation.recovery.ablation import ABLATIONS
from replication.validation.recovery.report import Recovery
from replication.validation.synthetic.defects import NEVER
from replication.validation.synthetic.truth import seconds

SIZE = 30_000
"""Repositories: in a smaller Hub one repository's burst can move a share by more than the mark."""
NO_WINDOW = ("--window-hubs", "0")
LEFT_OUT = (
    "running maximum of counters that fall",
    "cut in proportion at window and age",
    "chain of 30-day windows",
)


@dataclass(frozen=True)
class Recovered:
    """A synthetic Hub, what was rebuilt of it, and a folder for more."""

    experiment: experiment.Experiment
    full: Detailed
    folder: Path


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Recovered:
    """One synthetic Hub with every defect, rebuilt with every step."""
    folder = tmp_path_factory.mktemp("recovery")
    made = experiment.prepare(1, SIZE, folder, lambda _: None)
    return Recovered(made, experiment.rebuilt(made, folder / "engine"), folder)


@pytest.mark.slow
def test_shares_are_recovered(hub: Recovered) -> None:
    """Within 0.05 points by counters, within the reported error where the chain tells a part."""
    found = shares.recovered(hub.experiment, hub.full)
    counted = found[(found["regime"] == "counters") & found["statistic"].isin(shares.SIDES)]
    assert len(counted) == 4
    assert counted["error"].abs().max() <= 0.05
    rebuilt = found[found["regime"] == "rebuilt"]
    assert len(rebuilt) == 3
    assert (rebuilt["error"].abs() <= rebuilt["allowed"]).all()
    assert 0 < rebuilt["allowed"].max() < 0.5
    assert found["ok"].all()


@pytest.mark.slow
def test_the_truth_is_the_hubs_own(hub: Recovered) -> None:
    """Downloads are those of the Hub in the window, less what no snapshot saw of deleted ones."""
    window = next(w for w in hub.experiment.definitions.windows if w.kind == "increments")
    true = experiment.truth(hub.experiment, window)
    since, until = seconds(window.start), seconds(window.last) + 86_400
    whole = hub.experiment.hub.first_year(since, until)
    kept = hub.experiment.schedule.deleted_at == NEVER
    np.testing.assert_array_equal(true[kept], whole[kept])
    assert (true <= whole).all()
    assert 0 < experiment.unread(hub.experiment, window) < 1


@pytest.mark.slow
def test_every_defect_is_found(hub: Recovered) -> None:
    """The readings leave out the truncated and the repeated snapshot, and know the missing ones."""
    found = {d.check: d for d in hub.full.read.defects}
    assert found["truncated-snapshots"].where == "2025-04-16"
    assert found["repeated-snapshots"].where == "2024-11-13, 2025-01-22, 2025-01-29"
    assert found["missing-weeks"].rows == 6
    assert hub.full.absences[0] > 0
    assert (hub.full.movers[["n_fell", "n_copies"]].sum() > 0).all()


@pytest.mark.slow
def test_without_a_step_more_is_misplaced(hub: Recovered, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these steps is worth something, and no step at all is the full rebuild."""
    some = tuple(a for a in ABLATIONS if a.step in LEFT_OUT)
    monkeypatch.setattr(ablation, "ABLATIONS", some)
    found = ablation.ablated(hub.experiment, hub.full, hub.folder / "engine").set_index("without")
    assert set(found.index) == {"nothing", *LEFT_OUT}
    assert not found.loc["nothing", "worse"]
    assert found.loc[list(LEFT_OUT), "worse"].all()
    assert found.loc["nothing", "misplaced"] < 1
    worst = found["misplaced"].idxmax()
    assert worst == "chain of 30-day windows"


@pytest.mark.parametrize("step", [a for a in ABLATIONS if a.changes], ids=lambda a: a.step)
def test_an_ablation_finds_its_text(step: ablation.Ablation) -> None:
    """Each change is found in the statement that it names, and changes it."""
    from replication.panel.whole_hub.statements import statement

    for name, old, new in step.changes:
        assert ablation._changed(name, statement(name), old, new) != statement(name)


def test_an_ablation_that_finds_nothing_is_an_error() -> None:
    """A statement that was rewritten is not silently left whole."""
    with pytest.raises(VerificationError, match=r"the ablation of gains\.sql finds no 'u\.factor'"):
        ablation._changed("gains", "SELECT 1", "u.factor", "1.0")


@pytest.mark.slow
def test_a_rewritten_statement_stops_the_ablation(
    hub_of_nothing: experiment.Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine of an ablation reads its statements through the check."""
    stale = ablation.Ablation("a step", (("spans", "no such text", ""),))
    with pytest.raises(VerificationError, match=r"spans\.sql"):
        ablation._without(hub_of_nothing, stale, tmp_path / "engine")


@pytest.fixture(scope="module")
def hub_of_nothing(tmp_path_factory: pytest.TempPathFactory) -> experiment.Experiment:
    """A Hub of 200 synthetic repositories."""
    folder = tmp_path_factory.mktemp("small")
    return experiment.prepare(3, 200, folder, lambda _: None)


def recovery(*, ok: bool, worse: bool) -> Recovery:
    """A made-up outcome of two statistics and one step."""
    rows = pd.DataFrame({
        "seed": [1, 1], "window": ["cohort", "rebuild"], "statistic": ["China", "USA"],
        "error": [0.01, -0.4], "allowed": [0.05, 0.3], "ok": [True, ok],
    })  # fmt: skip
    worth = pd.DataFrame({
        "without": ["nothing", "a step"], "misplaced": [0.5, 0.9], "worse": [False, worse],
    })  # fmt: skip
    return Recovery(rows, {1: 0.25}, worth)


def test_missed_marks_are_named() -> None:
    """In words: the Hub, the window and the statistic, and the step that is idle."""
    assert recovery(ok=True, worse=True).missed == []
    assert recovery(ok=False, worse=False).missed == [
        "Hub 1, rebuild, USA: -0.400 points, allowed 0.300",
        "no worse without: a step",
    ]


@pytest.mark.parametrize(
    ("outcome", "code", "named"),
    [
        (recovery(ok=True, worse=True), 0, ""),
        (recovery(ok=False, worse=True), 1, "Hub 1, rebuild, USA"),
        (recovery(ok=True, worse=False), 1, "no worse without: a step"),
    ],
    ids=["all ok", "a share", "a step"],
)
def test_the_command_prints_its_tables(
    outcome: Recovery, code: int, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both tables are printed, and a missed mark is named with exit code 1."""
    asked = []
    monkeypatch.setattr(report, "recover", lambda *args: asked.append(args[:2]) or outcome)
    done = invoke("recovery", "--repositories", "2000", "--hubs", "1", "--kills", "0", *NO_WINDOW)
    assert asked == [(2000, 1)]
    for text in ("synthetic Hubs", "China", "0.010", "0.25 % of the rebuilt window", "a step"):
        assert text in done.stdout
    assert done.exit_code == code
    if code:
        assert_one_message(done.exit_code, done.stderr, named)


@pytest.mark.slow
def test_every_hub_is_recovered_and_cleared(
    hub_of_nothing: experiment.Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each seed has its rows, the first alone is ablated, and nothing is left on the disk."""

    def prepared(seed: int, size: int, folder: Path, _: object) -> experiment.Experiment:
        (folder / "hub").mkdir(parents=True)
        assert size == 200
        return replace(hub_of_nothing, seed=seed)

    monkeypatch.setattr(experiment, "prepare", prepared)
    monkeypatch.setattr(ablation, "ABLATIONS", ABLATIONS[5:6])
    found = report.recover(200, 2, tmp_path)
    assert found.shares["seed"].unique().tolist() == [1, 2]
    assert set(found.unread) == {1, 2}
    assert found.ablation["without"].tolist() == ["nothing", ABLATIONS[5].step]
    assert [*tmp_path.iterdir()] == []


def test_an_id_that_an_ablation_made_up_is_of_no_repository() -> None:
    """A row without a number counts where its id tells one of the Hub, else it is lost."""
    told = {1: "a/model-0000001", 2: None, 99: None}
    facts = pd.DataFrame({"repository": [f"{n:024x}" for n in told], "name": [*told.values()]})
    made, full = SimpleNamespace(hub=range(3)), SimpleNamespace(facts=facts)
    ours = experiment.estimate(made, full, pd.Series([5, 7, 11]))  # type: ignore[arg-type]
    assert ours.tolist() == [0, 5, 7]
