"""Scopes by name: which task the shipped rules give a repository, and which size its name states."""

from __future__ import annotations

import csv
import io
import os
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from released_files import EXAMPLES, ROOT, real_file

from replication.attribution import scope
from replication.attribution.scope import AT_MOST, OVER, TASKS, TEXT_GENERATION, UNKNOWN, TaskRule
from replication.definitions import load_definitions
from replication.errors import RegistryError

DEFINITIONS = load_definitions()
SHIPPED = scope.load()
PANEL = scope.DEFAULT.with_name("repositories.csv")
HEADER = "rule,pattern,task,reason,source,date_read"
PLAIN = {
    "rule": "family",
    "pattern": "*/family-*",
    "task": TEXT_GENERATION,
    "reason": "language models",
    "source": "https://family.example/about",
    "date_read": "2026-11-23",
}
TAGS = {
    "text-generation": {TEXT_GENERATION},
    "image-text-to-text": {"vision-language"},
    "feature-extraction": {"embedding"},
    "text-to-image": {"image"},
    "image-to-image": {"image"},
    "text-classification": {"embedding", "other"},
    "automatic-speech-recognition": {"speech-audio", "vision-language"},  # Phi-4 sees and hears
}
"""Tasks that each of the Hub's own tags may stand for."""


def rule(name: str, pattern: str, task: str = TEXT_GENERATION) -> TaskRule:
    """A synthetic rule."""
    return TaskRule(**(PLAIN | {"rule": name, "pattern": pattern, "task": task}))


def tasks(names: list[str], *rules: TaskRule) -> list[str]:
    """Tasks of some names."""
    return scope.task_of(pd.Series(names, dtype="str"), rules).tolist()


def stated(*names: str) -> list[float]:
    """Parameter counts that some names of models state."""
    return scope.parameters_of(pd.Series([f"owner/{name}" for name in names])).tolist()


def loaded(folder: Path, *rows: dict[str, str]) -> tuple[TaskRule, ...]:
    """Load rules from synthetic rows."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, HEADER.split(","), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "tasks.csv"
    path.write_bytes(stream.getvalue().encode())
    return scope.load(path)


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """The bundled panel's repositories with their tasks and parameter counts."""
    table = pd.read_csv(PANEL, keep_default_na=False)
    names = table["name"]
    return table.assign(task=scope.task_of(names, SHIPPED), billions=scope.parameters_of(names))


@pytest.fixture(scope="module")
def hub() -> pd.DataFrame:
    """The real descriptions of Hub repositories, or skip the tests that need them."""
    folder = Path(os.environ.get("REPLICATION_DATA") or ROOT.parent / "shared" / "data")
    path = folder / "hub_stats" / "hub_stats_frozen.parquet"
    if not path.is_file():
        pytest.skip("the Hub's descriptions are not here: set REPLICATION_DATA to their folder")
    return pd.read_parquet(path, columns=["id", "pipeline_tag", "safetensors"])


def test_every_shipped_rule_decides_something_in_the_panel(panel: pd.DataFrame) -> None:
    """No rule is idle, and every task but none other has one."""
    scope.require_used(panel["name"], SHIPPED)
    assert {row.task for row in SHIPPED} == set(TASKS)
    assert all(row.date_read <= "2026-11-23" for row in SHIPPED)


def test_nearly_all_downloads_of_every_window_have_a_task(panel: pd.DataFrame) -> None:
    """At least 99 % of the downloads, whichever the window."""
    for window in DEFINITIONS.windows:
        known = panel.loc[panel["task"] != UNKNOWN, window.id].sum()
        assert known >= 0.99 * panel[window.id].sum(), window.id


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("unslothai/vram-16", "other"),
        ("Qwen/Qwen2.5-7B-Instruct", TEXT_GENERATION),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "vision-language"),
        ("Qwen/Qwen3-Embedding-0.6B", "embedding"),
        ("deepseek-ai/Janus-Pro-7B", "vision-language"),
        ("Snowflake/snowflake-arctic-embed-m", "embedding"),
        ("Snowflake/snowflake-arctic-instruct", TEXT_GENERATION),
        ("openbmb/MiniCPM-Llama3-V-2_5", "vision-language"),
        ("ICTNLP/Llama-3.1-8B-Omni", "speech-audio"),
        ("OuteAI/OuteTTS-0.2-500M-GGUF", "speech-audio"),
        ("cfahlgren1/flux-qwen-capybara", "image"),
        ("calcuis/wan-gguf", "video"),
        ("tencent/Hunyuan3D-2", "other"),
        ("Comfy-Org/HunyuanVideo_repackaged", "video"),
        ("mlx-community/gemma-3-1b-it-qat-4bit", TEXT_GENERATION),
        ("lmstudio-community/gemma-3n-E4B-it-text-GGUF", TEXT_GENERATION),
        ("lmstudio-community/gemma-3n-E4B-it-MLX-4bit", "vision-language"),
        ("mistralai/Mistral-7B-Instruct-v0.3", TEXT_GENERATION),
        ("amazon/chronos-t5-tiny", "time-series"),
        ("nobody/knows", UNKNOWN),
    ],
)
def test_shipped_rules_go_from_the_part_to_the_family(name: str, task: str) -> None:
    """What sees, speaks, draws or embeds is told from the language models of its family."""
    assert tasks([name], *SHIPPED) == [task]


def test_the_first_rule_that_matches_decides() -> None:
    """Order is precedence; a name that no rule matches is unknown; the index is that of the names."""
    part, family = rule("part", "*/family-vl-*", "vision-language"), rule("family", "*/Family-*")
    names = ["a/family-vl-1", "a/family-1", "a/other"]
    assert tasks(names, part, family) == ["vision-language", TEXT_GENERATION, UNKNOWN]
    assert tasks(names, family, part) == [TEXT_GENERATION, TEXT_GENERATION, UNKNOWN]
    assert tasks(names) == [UNKNOWN] * 3
    assert tasks([], part) == []
    series = pd.Series(names, index=[7, 5, 7])
    assert scope.task_of(series, [part, family]).index.equals(series.index)


def test_tasks_agree_with_the_standard_librarys_matching(panel: pd.DataFrame) -> None:
    """A loop over names and patterns with fnmatch is a second implementation."""
    for name, task in zip(panel["name"], panel["task"], strict=True):
        fits = [r for r in SHIPPED if fnmatchcase(name.lower(), r.pattern.lower())]
        assert task == (fits[0].task if fits else UNKNOWN), name


def test_a_task_does_not_depend_on_the_other_names(panel: pd.DataFrame) -> None:
    """In another order every name keeps its task and its size."""
    mixed = panel["name"].sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(scope.task_of(mixed, SHIPPED).sort_index(), panel["task"])
    again = scope.parameters_of(mixed).sort_index()
    pd.testing.assert_series_equal(again, panel["billions"], check_names=False)


def test_an_idle_rule_is_an_error_that_names_it() -> None:
    """It matches nothing, or only what earlier rules decide; the data without it pass."""
    names = pd.Series(["a/family-vl-1", "a/other"])
    part, family = rule("part", "*/family-vl-*"), rule("family", "*/family-*")
    scope.require_used(names, [part])
    with pytest.raises(
        RegistryError, match=r"tasks\.csv: rule 'family' \(\*/family-\*\) decides no"
    ):
        scope.require_used(names, [part, family])
    with pytest.raises(RegistryError, match="'typo'") as caught:
        scope.require_used(names, [rule("typo", "*/famly-*"), part])
    assert "pattern" in caught.value.remedy


def test_rules_are_read_in_their_order(tmp_path: Path) -> None:
    """The order of the rows is that of precedence."""
    found = loaded(tmp_path, *[PLAIN | {"rule": name} for name in ("zeta", "alpha", "mid.1")])
    assert [row.rule for row in found] == ["zeta", "alpha", "mid.1"]
    assert found[0] == TaskRule(**(PLAIN | {"rule": "zeta"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": "first"}, "rule 'first' has two rows"),
        ({"rule": ""}, "rule has no plain name"),
        ({"rule": "two words"}, "rule has no plain name"),
        ({"pattern": "family"}, "pattern is not owner/name"),
        ({"pattern": "a/b/c"}, "pattern is not owner/name"),
        ({"task": "text"}, "task 'text' is unknown"),
        ({"task": UNKNOWN}, "task 'unknown' is unknown"),
        ({"task": ""}, "task '' is unknown"),
        ({"reason": ""}, "no reason or source"),
        ({"source": ""}, "no reason or source"),
        ({"date_read": "23 Nov 2026"}, "date_read '23 Nov 2026' is not a date"),
        ({"reason": "=1+1"}, "reason starts with '=', like a formula"),
    ],
)
def test_a_malformed_rule_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    """The message names the file, the line and what is wrong with it, and what to do."""
    with pytest.raises(RegistryError) as caught:
        loaded(tmp_path, PLAIN | {"rule": "first"}, PLAIN | change)
    assert caught.value.what == f"tasks.csv, line 3: {message}"
    assert len(caught.value.remedy) > 5
    assert caught.value.remedy[0].islower()  # it goes on after "remedy: "


def test_missing_or_misread_rules_are_a_named_error(tmp_path: Path) -> None:
    """No file, or another header: no traceback."""
    with pytest.raises(RegistryError, match=r"^cannot read none\.csv: No such file"):
        scope.load(tmp_path / "none.csv")
    path = tmp_path / "tasks.csv"
    path.write_text("rule,task\n", encoding="utf-8")
    with pytest.raises(
        RegistryError, match=r"^tasks\.csv, line 1: the header is not rule,pattern,"
    ):
        scope.load(path)


def test_parameter_counts_that_names_state() -> None:
    """Billions, millions and mixtures, wherever they stand in the name."""
    by_name = {
        "Qwen2.5-0.5B-Instruct": 0.5,
        "Qwen2-1.5b": 1.5,
        "7B": 7,
        "saiga_llama3_8b_gguf": 8,
        "Mixtral-8x7B-v0.1": 56,
        "mixtral-8X22b": 176,
        "Qwen3-235B-A22B-MLX-4bit": 235,
        "zephyr-orpo-141b-A35b-v0.1": 141,
        "Llama-4-Scout-17B-16E-Instruct": 17,
        "gemma-3n-E4B-it": 4,
        "gemma-3n-e2b": 2,
        "bloom-560m": 0.56,
        "SmolLM2-135M": 0.135,
        "bloom-7b1": 7.1,
        "Qwen2.5-7B-Instruct-1M-GGUF": 7,
        "gemma-2B-10M": 2,
        "Llama-3.2-8X3B-MOE-18.4B-GGUF": 18.4,
        "Mistral-Small-3.1-24B-Instruct-2503-GPTQ-4b-128g": 24,
        "Llama-3_1-Nemotron-Ultra-253B-v1": 253,
    }
    assert stated(*by_name) == pytest.approx(list(by_name.values()), rel=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "model-4bit",
        "model-8bit",
        "model-MLX-bf16",
        "model-v2.5",
        "model-8K",
        "Phi-3-mini-128k-instruct",
        "model-Q4_K_M",
        "model-IQ3_M",
        "model-FP8",
        "Devstral-Small-2507",
        "Kimi-VL-A3B-Thinking",
        "Qwen1.5-MoE-A2.7B",
        "stablelm-2-1_6b",
        "DFN5B-CLIP",
        "phi-4",
        "model-0B",
        "model-1.7b1",
        "5CFCFBzJXZrekYxL1MedYwgQ6nhX5ycM6eTmVUTNBco3bGPp_vgg",
        "",
    ],
)
def test_what_is_no_parameter_count(name: str) -> None:
    """Bits, lengths, versions, dates and active parameters alone state no count."""
    assert np.isnan(stated(name)[0])


def test_the_owner_states_no_size() -> None:
    """Only what follows the slash is read; the index is that of the names."""
    names = pd.Series(["lab-7B/model", "lab-7B/model-3B"], index=[4, 4])
    found = scope.parameters_of(names)
    assert np.isnan(found.iloc[0])
    assert found.iloc[1] == 3
    assert found.index.equals(names.index)
    assert scope.parameters_of(pd.Series([], dtype="str")).tolist() == []


@pytest.mark.slow
@EXAMPLES
@given(
    st.integers(1, 99_999).map(lambda tenths: tenths / 10),
    st.sampled_from("bB"),
    st.sampled_from(["-", "_Instruct-", "-v2.5-", "-4bit-", "-A3B-", "-128k-", "-1M-"]),
)
@example(0.1, "b", "-")
def test_a_count_is_read_back_among_other_marks(billions: float, unit: str, after: str) -> None:
    """A count set between a family's name and a mark is that count."""
    assert stated(f"Family2.5-{billions:g}{unit}{after}GGUF") == [float(f"{billions:g}")]


def test_size_classes_meet_at_the_limit() -> None:
    """A count equal to the limit is within it; no count is its own class."""
    parameters = pd.Series([7.9, 8, 8.1, np.nan], index=[3, 1, 2, 3])
    classes = scope.size_class(parameters, 8)
    assert classes.tolist() == [AT_MOST, AT_MOST, OVER, UNKNOWN]
    assert classes.index.equals(parameters.index)


def test_stated_sizes_are_those_of_the_weights(hub: pd.DataFrame) -> None:
    """The Hub counts what the files hold: the class by name is right for at least 98 %."""
    held = pd.Series([(cell or {}).get("total") for cell in hub["safetensors"]], dtype=float) / 1e9
    named = scope.parameters_of(hub["id"])
    both = (held > 0) & named.notna()
    same = (held[both] <= 8.5) == (named[both] <= 8.5)  # 8B is 8.03 billion
    assert both.sum() > 2000
    assert same.mean() >= 0.98


def test_tasks_are_those_of_the_hubs_own_tags(panel: pd.DataFrame, hub: pd.DataFrame) -> None:
    """Every repository of the panel whose tag the Hub gives has a task that fits it."""
    rows = panel.merge(hub.dropna(subset="pipeline_tag"), left_on="name", right_on="id")
    rows = rows[rows["task"] != UNKNOWN]
    odd = [r.name for r in rows.itertuples() if r.task not in TAGS[r.pipeline_tag]]
    assert len(rows) > 50
    assert odd == []


def test_text_generation_agrees_with_the_studys_annotation(panel: pd.DataFrame) -> None:
    """Both call the same repositories text to text, by 97 % of downloads; 99 % less telemetry."""
    released = pd.read_parquet(real_file(), columns=["_id", "merged_modality"])
    stated = released.drop_duplicates("_id").set_index("_id")["merged_modality"]
    same = (panel["repository"].map(stated) == "Text --> Text") == (
        panel["task"] == TEXT_GENERATION
    )
    telemetry = panel["name"].str.startswith("unslothai/")
    for window in DEFINITIONS.windows:
        downloads = panel[window.id]
        assert downloads[same].sum() >= 0.97 * downloads.sum(), window.id
        rest, agreed = downloads[~telemetry], downloads[same & ~telemetry]
        assert agreed.sum() >= 0.99 * rest.sum(), window.id
