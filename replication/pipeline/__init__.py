"""The stages from source to paper: each module says what a stage reads, runs and writes."""

from replication.pipeline import (
    analysis_stage,
    attribution_stage,
    fetch_stage,
    figures_stage,
    page_stage,
    panel_stage,
    paper_stage,
)

STAGES = tuple(
    module.STAGE
    for module in (
        fetch_stage,
        panel_stage,
        attribution_stage,
        analysis_stage,
        figures_stage,
        paper_stage,
        page_stage,
    )
)
