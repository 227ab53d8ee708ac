"""Two of OpenMined's tools used directly: TenSEAL (`encrypted`) and PyDP (`counted`), from the extra `privacy`.

Its third, private set intersection, stands beside the one that lessons write out: `fedlab.vertical.intersection`.
"""

from fedlab.openmined.counted import epsilon_of, private_counts
from fedlab.openmined.encrypted import Encrypted, encrypted_mean

__all__ = ["Encrypted", "encrypted_mean", "epsilon_of", "private_counts"]
