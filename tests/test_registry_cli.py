"""`who` and `registry`: what they print, and how they fail."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from command_line import assert_one_message, environment, invoke, replication
from released_files import ROOT, real_file, synthetic_release, write

from replication.attribution import coverage, query, registry
from replication.attribution.namespace_counts import namespace_counts
from replication.definitions import load_definitions
from replication.errors import SourceError
from replication.sources import bundled

REGISTRY = registry.load(load_definitions().group_of)


def told(*arguments: str | Path, code: int = 0) -> str:
    """What a command prints, in one line of words."""
    done = invoke(*arguments)
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


@pytest.mark.slow
def test_who_tells_a_namespace_with_its_evidence() -> None:
    """Country, group, alternative, evidence and date of the developer behind a namespace."""
    words = told("who", "Qwen")
    row = REGISTRY.by_name["Alibaba (Qwen)"]
    for part in ("Alibaba (Qwen)", "CN → China", "HK:", row.evidence_url, row.date_read):
        assert part in words


@pytest.mark.slow
def test_who_tells_the_date_of_a_page_where_it_is_known() -> None:
    """The date that the page bears stands beside the day of reading; without it there is none."""
    row = next(d for d in REGISTRY.developers if d.date_of_copy)
    assert f"read {row.date_read}; dated {row.date_of_copy})" in told("who", row.namespaces[0])
    assert "dated" not in told("who", "Qwen").partition("evidence")[2]


@pytest.mark.slow
def test_who_finds_a_name_whatever_its_case() -> None:
    """The Hub's spelling is found."""
    assert told("who", "qwen/qwq-32b").startswith("Qwen/QwQ-32B")


@pytest.mark.slow
def test_who_tells_every_credit_of_a_repository() -> None:
    """Uploader, origin, maker and the other maker of a repackaged distilled model, with the rules."""
    words = told("who", "bartowski/DeepSeek-R1-Distill-Qwen-14B-GGUF")
    for part in (
        "uploader bartowski: bartowski (User; User)",
        "origin Qwen: Alibaba (Qwen) (China; China)",
        "maker deepseek-ai: DeepSeek (China; China)",
        "base maker Qwen: Alibaba (Qwen) (China; China)",
        "half to bartowski, half to Alibaba (Qwen)",
        "rule bartowski (repackaged)",
        "rule r1-distill-qwen (distillation)",
        "cohort-2025-08: 8,037,097 downloads as uploader (Cohort created",
    ):
        assert part in words


@pytest.mark.slow
def test_who_tells_an_older_name_and_an_owner() -> None:
    """A renamed namespace says so with its evidence, a subsidiary names its parent."""
    assert "THUDM renamed" in told("who", "THUDM")
    assert "parent IBM (US)" in told("who", "RedHatAI")


@pytest.mark.slow
def test_who_tells_a_repository_that_the_panel_lacks() -> None:
    """Its namespace's developer is told, and the rules that its name matches."""
    words = told("who", "unsloth/No-Such-Model-GGUF")
    assert "no such repository in the panel: unsloth/No-Such-Model-GGUF" in words
    assert "developer Unsloth" in words
    assert "rule unsloth (repackaged)" in words
    assert "credited under each rule" not in words


@pytest.mark.slow
def test_who_does_not_know() -> None:
    """An unknown name exits with 1 and offers near ones."""
    done = invoke("who", "Qwenn")
    assert_one_message(done.exit_code, done.stderr, "knows 'Qwenn'")
    assert "did you mean Qwen" in done.stderr


@pytest.mark.slow
def test_check_counts_what_holds() -> None:
    """The shipped tables hold, and the numbers are those of the files."""
    words = told("registry", "check")
    unknown = sum(d.country == "unknown" for d in REGISTRY.developers)
    assert f"{len(REGISTRY.developers):,} developers" in words
    assert f"{unknown} say unknown" in words


def test_check_refuses_a_malformed_row(tmp_path: Path) -> None:
    """Exit 1, with file, line, what is wrong and the remedy."""
    text = registry.DEFAULT.read_text(encoding="utf-8")
    path = tmp_path / "registry.csv"
    path.write_text(text.replace(",CN,", ",XX,", 1), encoding="utf-8")
    done = invoke("registry", "check", "--registry", path)
    assert_one_message(done.exit_code, done.stderr, "registry.csv, line")
    assert "'XX'" in done.stderr
    assert "remedy: use ISO 3166-1" in " ".join(done.stderr.split())


@pytest.mark.slow
def test_coverage_of_counts_by_hand(tmp_path: Path) -> None:
    """Of 100 synthetic downloads 50 are Qwen's, 20 a person's, 10 without evidence, 20 unknown."""
    path = tmp_path / "counts.csv"
    names = ["Qwen", "bartowski", "reducto", "nobody-knows"]
    pd.DataFrame({"namespace": names, "downloads": [50, 20, 10, 20]}).to_csv(path, index=False)
    row = coverage.of_counts(namespace_counts(path), REGISTRY).iloc[0]
    assert (row["registered"], row["evidenced"]) == (80.0, 70.0)
    assert row["organisations_registered"] == 100 * 60 / 80
    assert row["organisations_evidenced"] == 100 * 50 / 80
    assert "75.00" in told("registry", "coverage", "--data", path, "--min", "75")
    assert "below the minimum" in told(
        "registry", "coverage", "--data", path, "--min", "76", code=1
    )
    words = told("registry", "coverage", "--data", path, "--min", "75", "--evidence", code=1)
    assert "62.50 % is below the minimum" in words


def test_missing_is_the_work_list(tmp_path: Path) -> None:
    """What has no row or no evidence, largest first, and nothing else."""
    path = tmp_path / "counts.csv"
    names = ["Qwen", "bartowski", "reducto", "nobody-knows"]
    pd.DataFrame({"namespace": names, "downloads": [50, 20, 10, 20]}).to_csv(path, index=False)
    rows = coverage.missing(namespace_counts(path), REGISTRY)
    assert list(zip(rows["namespace"], rows["status"], strict=True)) == [
        ("nobody-knows", "no row"),
        ("reducto", "unknown"),
    ]
    assert list(rows["percent"]) == [20.0, 10.0]
    assert "nobody-knows" in told("registry", "missing", "--data", path)


def test_the_bundled_panel_is_covered() -> None:
    """Every uploader of the panel has a row."""
    told("registry", "coverage", "--min", "99.5")


def test_a_released_file_counts_the_last_reading(tmp_path: Path) -> None:
    """Of a cumulative counter the last reading counts once, by uploader and by origin."""
    release = synthetic_release()
    path = write(release, tmp_path / "release.parquet")
    counts = namespace_counts(path)
    last = release.sort_values("time").groupby("_id")["downloadsAllTime"].last().sum()
    assert counts["downloadsAllTime"].sum() == last
    assert counts["downloadsAllTime by origin"].sum() == last


def test_the_panel_s_table_counts_every_window() -> None:
    """Without a file the bundled repositories are counted, by window."""
    counts = namespace_counts(bundled.FOLDER / "repositories.csv")
    assert "cohort-2025-08" in counts
    assert counts.index.name == "namespace"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("none.csv", None, "cannot read none.csv"),
        ("odd.csv", "a,b\n1,2\n", "none of the columns"),
        ("words.csv", "namespace\nQwen\n", "no column of numbers"),
        ("bad.parquet", "no parquet", "cannot read bad.parquet"),
        ("header.csv", "namespace,downloads\n", "no column of numbers"),
        ("zero.csv", "namespace,downloads\nQwen,0\n", "counts nothing"),
        ("less.csv", "namespace,downloads\nQwen,1\nfoo,-1\n", "row 2: downloads is not a count"),
        ("nan.csv", "namespace,downloads\nQwen,nan\n", "row 1: downloads is not a count"),
        ("rounded.csv", "namespace,downloads\nQwen,3.14E+07\n", "row 1: downloads is not a count"),
        ("huge.csv", "namespace,downloads\nQwen,1e308\n", "row 1: downloads is not a count"),
        ("comma.csv", 'namespace,downloads\nQwen,"1,000"\n', "row 1: downloads is not a count"),
        ("blank.csv", "namespace,downloads\n,5\n", "row 1: namespace is empty"),
        ("wide.csv", "namespace,downloads\nQwen,1,2,3\n", "cannot read wide.csv"),
    ],
)
def test_a_file_that_cannot_be_counted(
    tmp_path: Path, name: str, text: str | None, what: str
) -> None:
    """The message names the file and what would do."""
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=what):
        namespace_counts(tmp_path / name)
    assert invoke("registry", "coverage", "--data", tmp_path / name).exit_code == 1


def test_names_that_look_like_gaps_or_numbers_are_names(tmp_path: Path) -> None:
    """NA, null and 007 are namespaces like others."""
    path = tmp_path / "odd.csv"
    path.write_text("namespace,downloads\nNA,10\nnull,5\n007,1\nQwen,4\n", encoding="utf-8")
    counts = namespace_counts(path)
    assert counts["downloads"].to_dict() == {"NA": 10, "null": 5, "007": 1, "Qwen": 4}


@pytest.mark.slow
@pytest.mark.parametrize("percent", ["nan", "-1", "101", "inf", "many"])
def test_a_minimum_is_a_percentage(percent: str) -> None:
    """Anything else is a misspelt command, so that no gate passes by accident."""
    assert invoke("registry", "coverage", "--min", percent).exit_code == 2


@pytest.mark.slow
def test_lines_and_samples_are_positive() -> None:
    """No line, and more developers than there are, are refused; just the drawn are printed."""
    assert invoke("registry", "missing", "--most", "0").exit_code == 2
    assert invoke("registry", "sample", "--n", "0").exit_code == 2
    assert "draw from 1 to" in told("registry", "sample", "--n", "100000", code=1)
    lines = invoke("registry", "sample", "--n", "5").stdout.splitlines()
    assert lines[0] == "unit,namespaces,size,probability,sampled"
    assert len(lines) == 6
    assert all(line.endswith(",yes") for line in lines[1:])
    every = invoke("registry", "sample", "--n", "5", "--frame").stdout.splitlines()
    assert [line for line in every[1:] if line.endswith(",yes")] == lines[1:]
    assert len(every) > 100


@pytest.mark.slow
def test_a_table_is_never_cut_or_obeyed(tmp_path: Path) -> None:
    """Numbers are shown whole, however narrow the terminal; a name that is none is spelt out."""
    path = tmp_path / "odd.csv"
    path.write_text("namespace,downloads\nnobody-knows-x,123456789\n", encoding="utf-8")
    done = replication("registry", "missing", "--data", path, env=environment(COLUMNS="30"))
    assert "nobody-knows-x" in done.stdout
    assert "123,456,789" in done.stdout
    path.write_text('namespace,downloads\n"a\x1b[31m",5\n', encoding="utf-8")
    done = invoke("registry", "missing", "--data", path)
    assert_one_message(done.exit_code, done.stderr, "row 1: namespace holds no name of the Hub")
    assert r"'a\x1b[31m'" in " ".join(done.stderr.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "Alibaba (Qwen)", "alibaba (qwen)", "ALIBABA", " Qwen ", "qwen", "@Qwen", "'Qwen'", "`Qwen`",
        "\u200bQwen\ufeff", "https://huggingface.co/Qwen/", "hf.co/qwen", "http://www.hf.co/Qwen",
        "HTTPS://HUGGINGFACE.CO/QWEN", "https://huggingface.co/Qwen/models?p=2",
        "https://huggingface.co/models?author=Qwen&sort=downloads", "huggingface.co/Qwen#models",
        "https://huggingface.co/organizations/Qwen/activity/all", "//huggingface.co/Qwen",
    ],
)  # fmt: skip
def test_who_takes_what_people_paste(name: str) -> None:
    """A developer's name, blanks, quotes and an address of the Hub lead to the namespace."""
    assert told("who", name).startswith("Qwen developer Alibaba (Qwen)")


@pytest.mark.parametrize(
    "address",
    [
        "https://huggingface.co/{}", "http://huggingface.co/{}/", "www.huggingface.co/{}", "hf.co/{}",
        "https://huggingface.co/{}/tree/main", "https://huggingface.co/{}/blob/main/config.json",
        "https://huggingface.co/{}?library=transformers", "https://huggingface.co/{}#usage",
        "https://huggingface.co/{}/resolve/main/x.gguf?download=true", "<https://hf.co/{}>",
        "https://huggingface.co/models/{}", "https://huggingface.co/api/models/{}", "hf://{}@main/x",
        "hf.co/{}:Q4_K_M", "git@hf.co:{}.git", "https://user:token@huggingface.co/{}", '"{}"', "{}/",
        "{}/tree/main", "{}@main", "models/{}", "{}?x=y", "{}.git", "  {}\n",
    ],
)  # fmt: skip
def test_an_address_is_cut_after_its_name(address: str) -> None:
    """Whatever stands before and after owner/name, the name is the same."""
    name = "bartowski/DeepSeek-R1-Distill-Qwen-14B-GGUF"
    assert query.name_of(address.format(name)) == name


@pytest.mark.slow
def test_who_answers_an_address_as_the_name() -> None:
    """The credits and the 8.0 M downloads of the repository, not those of nobody."""
    name = "bartowski/DeepSeek-R1-Distill-Qwen-14B-GGUF"
    assert told("who", f"https://huggingface.co/{name}/tree/main") == told("who", name)
    assert "8,037,097 downloads" in told("who", f"hf.co/{name}?library=x")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("https://huggingface.co/datasets/Qwen/x", "is a data set, not a model"),
        ("datasets/Qwen/x", "is a data set, not a model"),
        ("hf.co/spaces/Qwen/x", "is a Space, not a model"),
        ("https://huggingface.co/collections/Qwen/x", "is a collection, not a model"),
        ("https://github.com/QwenLM/Qwen", "is no address of the Hub"),
        ("https://huggingface.co/", "holds no name of the Hub"),
        ("https://huggingface.co/models", "holds no name of the Hub"),
        ("Qwen /QwQ-32B", "holds no name of the Hub"),
        ("Qwen/Qw\u043e-32B", r"holds no name of the Hub"),
        ("\x1b[31mQwen", r"'\x1b[31mQwen' holds no name of the Hub"),
        ("/", "holds no name of the Hub"),
        ("", "no name is asked for"),
        ("'' ", "no name is asked for"),
        ("Dun Zhang", "may be Dun Zhang (dunzhang, Stella), Dun Zhang (infgrad)"),
    ],
)
def test_who_says_what_it_cannot_answer(text: str, what: str) -> None:
    """What is no model, no address or no name of the Hub is not answered as if it were."""
    done = invoke("who", text)
    assert_one_message(done.exit_code, done.stderr, what.split(maxsplit=1)[0])
    assert what in " ".join(done.stderr.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "namespace"),
    [("Kimi", "moonshotai"), ("Zhipu", "zai-org"), ("zhipu ai", "zai-org"), ("TII", "tiiuae"),
     ("tii", "tiiuae"), ("moonshot ai", "moonshotai"), ("Technology Innovation", "tiiuae")],
)  # fmt: skip
def test_who_knows_developers_by_their_other_names(name: str, namespace: str) -> None:
    """Names in brackets, first words, and a word that one note alone has."""
    assert told("who", name).startswith(f"{namespace} developer ")


@pytest.mark.slow
def test_a_namespace_goes_before_a_developer() -> None:
    """MIT is a namespace, and a word in brackets of two developers."""
    assert told("who", "mit").startswith("MIT developer Massachusetts Institute of Technology")


@pytest.mark.slow
def test_who_says_what_the_panel_lacks() -> None:
    """A repository that is not in the panel has no downloads there, not none."""
    words = told("who", "Qwen/No-Such-Model")
    assert "developer Alibaba (Qwen)" in words
    assert "no such repository in the panel: Qwen/No-Such-Model" in words
    assert "downloads as uploader" not in words
    assert "not an uploader of the panel" not in words
    near = told("who", "qwen/qwq-32")
    assert "no such repository in the panel: Qwen/qwq-32" in near
    assert "did you mean Qwen/QwQ-32B" in near
    assert "developer Alibaba (Qwen)" in told("who", "Qwen")  # the remedy


@pytest.mark.slow
def test_who_offers_first_what_begins_with_the_name() -> None:
    """Before names that are spelt as nearly."""
    assert "did you mean Qwen/Qwen2.5-7B-Instruct" in told("who", "Qwen/Qwen2.5-7B")


@pytest.mark.slow
def test_who_wraps_its_lines_and_cuts_no_address() -> None:
    """Notes of several hundred letters are read on a terminal."""
    lines = invoke("who", "Qwen").stdout.splitlines()
    assert max(map(len, lines)) <= 96
    assert REGISTRY.by_name["Alibaba (Qwen)"].evidence_url in " ".join(lines).split()


@pytest.mark.slow
def test_a_split_between_one_developer_is_no_split() -> None:
    """Where uploader and origin are the same, the whole is credited to it."""
    assert "split wholly to Alibaba (Qwen)" in told("who", "Qwen/QwQ-32B")


@pytest.mark.slow
def test_what_cannot_be_judged_passes_no_gate(tmp_path: Path) -> None:
    """Of individuals alone no coverage of organisations can be said; without a minimum it is shown."""
    path = tmp_path / "one.csv"
    path.write_text("namespace,downloads\nbartowski,5\n", encoding="utf-8")
    assert "100.00" in told("registry", "coverage", "--data", path)
    words = told("registry", "coverage", "--data", path, "--min", "50", code=1)
    assert "counts no downloads of organisations" in words


@pytest.mark.slow
def test_the_remedy_of_a_low_coverage_is_a_command(tmp_path: Path) -> None:
    """It lists what lowers the coverage."""
    path = tmp_path / "low.csv"
    path.write_text("namespace,downloads\nnobody-knows,5\n", encoding="utf-8")
    done = invoke("registry", "coverage", "--data", path, "--min", "50")
    command = " ".join(done.stderr.split()).split("`")[1].split()
    assert "nobody-knows" in told(*command)


@pytest.mark.parametrize("index", ["model", "_id"])
def test_an_index_of_pandas_is_a_column(tmp_path: Path, index: str) -> None:
    """Names and ids are found where pandas stored them as the index."""
    release = synthetic_release()
    expected = namespace_counts(write(release, tmp_path / "release.parquet"))
    release.set_index(index).to_parquet(tmp_path / "index.PARQUET")
    pd.testing.assert_frame_equal(namespace_counts(tmp_path / "index.PARQUET"), expected)


def test_check_tells_that_older_names_are_missing(tmp_path: Path) -> None:
    """A copy of the registry alone lacks namespaces.csv, and `check` says so."""
    path = tmp_path / "registry.csv"
    path.write_text(registry.DEFAULT.read_text(encoding="utf-8"), encoding="utf-8")
    assert "there is no namespaces.csv beside it" in told("registry", "check", "--registry", path)


@pytest.mark.slow
def test_the_released_file_is_covered() -> None:
    """Rows for 99.5 % of what is not an individual's account; the mirror alone lacks evidence."""
    rows = coverage.of_counts(namespace_counts(real_file()), REGISTRY)
    assert (rows["organisations_registered"] >= 99.5).all()
    assert (rows["organisations_evidenced"] >= 95.0).all()


def test_the_largest_models_of_the_hub_are_covered() -> None:
    """Rows with evidence for 97 % of the downloads of the Hub's 300 most downloaded models."""
    folder = Path(os.environ.get("REPLICATION_DATA") or ROOT.parent / "shared" / "data")
    path = folder / "coverage" / "namespaces.csv"
    if not path.is_file():
        pytest.skip("the list of the Hub's largest namespaces is not here: set REPLICATION_DATA")
    rows = coverage.of_counts(namespace_counts(path), REGISTRY).set_index("weight")
    assert rows.loc["top300_downloads_30d", "registered"] >= 99.0
    assert rows.loc["top300_downloads_30d", "evidenced"] >= 97.0
