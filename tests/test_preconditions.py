"""What an analysis needs of the attributed panel: the words of each refusal, and its very edge."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories

from replication.attribution.preconditions import require_pair, require_reach, require_tracked
from replication.attribution.registry import Registry, load
from replication.errors import DefinitionError, DegenerateDataError
from replication.reach import WEEK

DEFINITIONS = synthetic_definitions()
HEAD = DEFINITIONS.headline
WINDOW = DEFINITIONS.headline_estimand.window.id


@pytest.mark.parametrize("attribution", ["uploader", "origin", "split", "maker"])
def test_one_download_of_each_side_is_enough(attribution: str) -> None:
    """By the roles that the headline credits: under split credit either of two is enough."""
    definitions = replace(DEFINITIONS, headline=replace(HEAD, attribution=attribution))
    roles = ["uploader", "origin"] if attribution == "split" else [attribution]
    others = {"uploader", "origin", "maker"} - set(roles)
    table = synthetic_repositories(DEFINITIONS).iloc[:4]
    table[WINDOW] = [1, 0, 0, 1]
    for role in others:
        table[f"{HEAD.labels}_group_{role}"] = "User"
    for role in roles:
        column = f"{HEAD.labels}_group_{role}"
        table[column] = ["China", "User", "User", "USA"] if role == roles[-1] else "User"
    require_pair(table, definitions)
    for side, place in (("China", 0), ("USA", 3)):
        gone = table.copy()
        gone.iloc[place, gone.columns.get_loc(WINDOW)] = 0
        with pytest.raises(DegenerateDataError) as error:
            require_pair(gone, definitions)
        assert error.value.what == (
            f"no download in {WINDOW} is of a developer of {side}, by {attribution} and the labels "
            f"of the {HEAD.labels}: there is no lead to estimate"
        )
        assert error.value.remedy == (
            "use data that hold developers of China and of the USA, add theirs to "
            "replication/data/registry.csv and namespaces.csv, or choose another [headline]"
        )


def test_tracked_developers_have_a_row() -> None:
    """Those that have none are named once, in order."""
    known = load(DEFINITIONS.group_of)
    require_tracked(known, DEFINITIONS)
    names = {one.developer for one in DEFINITIONS.tracked}
    left = tuple(d for d in known.developers if d.developer not in names)
    with pytest.raises(DefinitionError) as error:
        require_tracked(Registry(left, {}), DEFINITIONS)
    assert error.value.what == (
        "[[tracked]] names a developer that the registry does not hold: " + ", ".join(sorted(names))
    )
    assert error.value.remedy == (
        "write the name as in the column developer of replication/data/registry.csv"
    )


def test_weeks_reach_two_weeks_before_the_first_and_end_where_all_are_grown() -> None:
    """A window may begin two weeks before the first label, and end a week after the last.

    Where the last label is two weeks or less before the youngest repository has passed the age
    limit, the file ends because all have, and no window ends too late.
    """
    window = replace(
        DEFINITIONS.windows[0], kind="increments", start=pd.Timestamp("2025-03-01").date(),
        end=pd.Timestamp("2025-06-01").date(), read_until=None,
    )  # fmt: skip
    definitions = replace(
        DEFINITIONS, windows=(window,), grid_windows=(), published_specifications=()
    )
    first, last = window.start + 2 * WEEK, window.end - WEEK
    weekly = pd.DataFrame({"week": [f"{last}", f"{first}"]})
    young, day = pd.Series(["2024-01", "2025-05"]), pd.Timedelta(days=1)
    require_reach(weekly, young, definitions)

    def refused(first: object, last: object, created: pd.Series) -> DefinitionError:
        with pytest.raises(DefinitionError) as error:
            require_reach(pd.DataFrame({"week": [f"{first}", f"{last}"]}), created, definitions)
        return error.value

    late = first + day.to_pytimedelta()
    assert refused(late, last, young).what == (
        f"{window.id} reaches from {window.start} to {window.last}, and the weeks of downloads are "
        f"from {late} to {last}"
    )
    early = last - day.to_pytimedelta()
    assert refused(first, early, young).remedy == (
        "define windows inside the data in a file for --definitions"
    )
    limit = pd.Timedelta(days=definitions.panel.age_limit_days)
    grown = pd.Timestamp("2024-05-01") + limit
    old = pd.Series(["2024-05", "2023-01"])
    edge = pd.DataFrame({"week": [f"{first}", f"{(grown - 14 * day).date()}"]})
    require_reach(edge, old, definitions)
    assert "to" in refused(first, (grown - 15 * day).date(), old).what
    assert refused(late, (grown - 14 * day).date(), old).what.endswith(f"are from {late} on")
