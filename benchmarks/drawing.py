"""What the lab sends its page in a default run of 20 rounds: kilobytes of all widget messages, by widget.

python -m benchmarks.drawing
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from typing import Any

from benchmarks.common import RESULTS, report, save
from benchmarks.frontend import FrontEnd


class Counting(FrontEnd):
    """Counts the bytes of what widgets say, by the kind of widget."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()

    def _take(self, message: dict[str, Any]) -> None:
        if message["msg_type"].startswith("comm"):
            state = self.states.get(message["content"].get("comm_id"), {})
            kind = str(state.get("_anywidget_id") or state.get("_model_name"))
            self.sent[kind] += len(json.dumps(message["content"]))
        super()._take(message)


def main() -> None:
    with closing(Counting()) as page:
        page.show_lab()
        page.sent.clear()
        page.run_default()
        kilobytes = {kind: size / 1e3 for kind, size in page.sent.most_common()}
    total = sum(kilobytes.values())
    rows = [["all", f"{total:.1f}"], *([kind, f"{size:.1f}"] for kind, size in kilobytes.items())]
    report("A default run of 20 rounds: what the kernel sends", ["widget", "kB"], rows)
    save(RESULTS / "drawing.json", {"kB of a run": total, "kB by widget": kilobytes})


if __name__ == "__main__":
    main()
