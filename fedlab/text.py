"""Every sentence that a learner sees goes through `say`: the English text is its key, its values are named parts.

    say("{parties:,} parties cannot share {examples:,} examples.", parties=12_000, examples=5_000)

Another language is then one catalogue, from English sentences to its own with the same parts in them, and touches no
code. Texts that stand in a class (a kind's title, a setting's lesson) are keys as well: they are said when shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_catalogue: Mapping[str, str] = {}


def say(sentence: str, /, **parts: Any) -> str:
    """The sentence in the learner's language, with its parts (as in `str.format`) filled in."""
    text = _catalogue.get(sentence, sentence)
    return text.format(**parts) if parts else text


def speak(catalogue: Mapping[str, str]) -> Mapping[str, str]:
    """Take the sentences from this catalogue from now on; what is not in it stays English. Returns the one before."""
    global _catalogue
    before, _catalogue = _catalogue, catalogue
    return before
