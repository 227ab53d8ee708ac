"""fedlab_widgets: the lab, ipywidgets over fedlab.

from fedlab_widgets import Lab
Lab()
"""

from fedlab_widgets.lab import Lab

__all__ = ["Lab"]
