"""fedlab_widgets: the lab, ipywidgets over fedlab, and what the lessons show beside it.

from fedlab_widgets import Lab
Lab()
"""

from fedlab.lessons.tables import show_table
from fedlab_widgets.claims import claims
from fedlab_widgets.classroom import Classroom
from fedlab_widgets.costs import Costs
from fedlab_widgets.digits import DigitPad
from fedlab_widgets.joining import join
from fedlab_widgets.lab import Lab
from fedlab_widgets.leak import Leak
from fedlab_widgets.lesson import show, show_bars, show_file, show_lines, show_source
from fedlab_widgets.paths import Paths
from fedlab_widgets.predict import predict
from fedlab_widgets.tasks import Task
from fedlab_widgets.tour import TourStep
from fedlab_widgets.vertical import Vertical

__all__ = [
    "Classroom",
    "Costs",
    "DigitPad",
    "Lab",
    "Leak",
    "Paths",
    "Task",
    "TourStep",
    "Vertical",
    "claims",
    "join",
    "predict",
    "show",
    "show_bars",
    "show_file",
    "show_lines",
    "show_source",
    "show_table",
]
