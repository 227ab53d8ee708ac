"""fedlab_widgets: the lab, ipywidgets over fedlab, and what the lessons show beside it.

from fedlab_widgets import Lab
Lab()
"""

from fedlab_widgets.claims import claims
from fedlab_widgets.lab import Lab
from fedlab_widgets.lesson import show, show_bars, show_lines, show_source
from fedlab_widgets.predict import predict
from fedlab_widgets.tasks import Task

__all__ = ["Lab", "Task", "claims", "predict", "show", "show_bars", "show_lines", "show_source"]
