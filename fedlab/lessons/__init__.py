"""What the lessons in `notebooks/` need beside the science: exercises that check themselves, claims that are checked.

Three switches, all environment variables. `FEDLAB_CHECK=1` is for CI and for making the saved outputs: labs run by
themselves, predictions lock nothing, heavy cells take their short form. Learners never see it. `FEDLAB_PREDICT=0` and
`FEDLAB_SHORT=1` are for teachers: questions are still asked, but Run does not wait for the answer; heavy cells do less.

In a notebook, importing this makes `%%needs_tensorflow`, `%%needs_flower` and `%%needs_privacy` known, for cells that
are left out where these are not installed.
"""

from fedlab.lessons import needs
from fedlab.lessons.claims import Claim, claim
from fedlab.lessons.progress import train, watch
from fedlab.lessons.switches import checking, size

needs.offer()

__all__ = ["Claim", "checking", "claim", "size", "train", "watch"]
