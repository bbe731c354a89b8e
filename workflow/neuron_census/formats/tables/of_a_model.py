"""The tables that every model of a census has, as `results/{name}/{model}.parquet`."""

from __future__ import annotations

from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.coverage import COVERAGE, SEEN_NGRAMS
from neuron_census.formats.tables.looser import LOOSER
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.positions import POSITIONS

TABLES = (
    CENSUS,
    TRIGGERS,
    PROJECTIONS,
    SPECTRA,
    POSITIONS,
    LOOSER,
    CONTEXTS,
    COVERAGE,
    SEEN_NGRAMS,
)
