"""python -m tests.bench [topic …]: measure all topics, or these, and print the table. Ends with 1 where a figure is not reached."""

import argparse
import sys
import time
import traceback

from tests.bench import bombs, changes, clicks, counts, covered, first_page, large, lists, logs, many, polls
from tests.bench.report import Row, table
from tests.bench.stage import Stage

# Clicks come before whatever runs something in the fresh Estivador.
TOPICS = {
    "first_page": first_page, "lists": lists, "large": large, "clicks": clicks, "polls": polls,
    "changes": changes, "logs": logs, "counts": counts, "covered": covered, "many": many, "bombs": bombs,
}  # fmt: skip


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measures the figures that the pages must reach.")
    parser.add_argument("topic", nargs="*", choices=TOPICS, help="measure these alone")
    chosen = parser.parse_args().topic or list(TOPICS)
    begun = time.monotonic()
    with Stage() as stage:
        rows = [row for topic in TOPICS if topic in chosen for row in _measure(topic, stage)]
    print(table(rows))
    missed = sum(row.reached is False for row in rows)
    print(f"\n{time.monotonic() - begun:.0f} s. " + (f"{missed} NOT reached." if missed else "All reached."))
    return 1 if missed else 0


def _measure(topic: str, stage: Stage) -> list[Row]:
    """Measure one topic; what goes wrong there does not end the others."""
    begun, rows = time.monotonic(), []
    try:
        rows.extend(TOPICS[topic].measure(stage))
    except Exception as error:
        traceback.print_exc()
        rows.append(Row(topic, "", f"could not be measured: {type(error).__name__}", reached=False))
    print(f"{topic}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
