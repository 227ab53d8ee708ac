"""fedlab: the kit in which people learn federated learning by moving sliders."""

from fedlab.experiment import Experiment
from fedlab.federation import Round, State, run
from fedlab.history import History

__all__ = ["Experiment", "History", "Round", "State", "run"]
