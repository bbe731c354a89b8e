"""Where the repository lies, and the files of it that tests read."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
STYLE = REPOSITORY / "workflow" / "figure_style.mplstyle"
