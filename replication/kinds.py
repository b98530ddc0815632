"""Names of the stages, the sources and the engines: what a run can be asked for.

It imports nothing, so that the terminal knows them before any library is loaded.
"""

BUNDLED, RELEASED, SNAPSHOTS, RECORDS = "bundled", "released", "snapshots", "records"
SOURCES = {
    BUNDLED: "the panel, no network",
    RECORDS: "the public records of the published window, anew",
    RELEASED: "the dataset on the Hub",
    SNAPSHOTS: "the Hub's weekly ones, many gigabytes",
}
"""Sources that are named by a word, and what each is; any other is a path."""
DUCKDB, SPARK = "duckdb", "spark"
STAGES = {
    "fetch": "Bring the data into the run's folder, with a manifest.",
    "panel": "Check and mend the counters, or check the bundled panel, and record the defects.",
    "attribution": "Credit every download to a developer and a country group.",
    "analysis": "Estimate shares with intervals and bounds, judge the claims, and collect the numbers.",
    "figures": "Draw every figure as SVG, PDF and PNG, in every form.",
    "paper": "Render the paper and, for the bundled run, the generated parts of the README.",
    "page": "Write the page on which a reader changes the choices.",
}
"""What each stage does, in their order."""
