"""Runs cases, each a sentence, in their order: each goes on from what the one before left. Ends at the first fault."""
import time
import traceback


class Skipped(Exception):
    """What this machine cannot do, and what it lacks."""


def skip(what, name, why):
    """A line that tests/skipped.awk counts."""
    print(f"---- {what}::{name} stdout ----\nskipped: {why}", flush=True)


def report(what, names, *given):
    """Runs every `case_` of these, and gives the exit status."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, case in [(name[5:], case) for name, case in names.items() if name.startswith("case_")]:
        begun = time.monotonic()
        try:
            case(*given)
        except Skipped as why:
            counts["skipped"] += 1
            skip(what, name, why)
        except Exception:
            counts["failed"] += 1
            print(f"{name} FAILED\n{traceback.format_exc()}", flush=True)
            break
        else:
            counts["passed"] += 1
            print(f"{name} {time.monotonic() - begun:.2f} s", flush=True)
    print(f"{what}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not sum(counts.values()) else 0
