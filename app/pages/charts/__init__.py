"""Charts as SVG that the server makes: pure functions from figures to markup. Their colours are the style sheet's business.

Each has a title and a description with its numbers, and at most one path a status however many executions there are.
"""

from app.pages.charts.bar import bar
from app.pages.charts.bars import bars
from app.pages.charts.grid import grid
from app.pages.charts.histogram import histogram
from app.pages.charts.timeline import timeline

__all__ = ["bar", "bars", "grid", "histogram", "timeline"]
