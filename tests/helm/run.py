"""Every test of the chart: each case is a sentence. Prints each, goes on after a fault, and ends with how many there were.

Cases that the arguments name run alone.
"""
import importlib, pathlib, sys, time, traceback
from chart import HELM, Skipped

FILES = ("shape", "rendered", "security", "settings", "refused", "secrets", "upgrades", "notes", "documents", "program")


def skip(name, why):
    """A line that tests/skipped.awk counts."""
    print(f"---- helm::{name} stdout ----\nskipped: {why}", flush=True)


def cases_of(module):
    wanted = [(name[5:], case) for name, case in vars(module).items() if name.startswith("case_")]
    return [(name, case) for name, case in wanted if not sys.argv[1:] or name in sys.argv[1:]]


def report(what, cases, *given):
    """Runs the cases, and gives the exit status."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, case in cases:
        begun = time.monotonic()
        try:
            case(*given)
        except Skipped as why:
            counts["skipped"] += 1
            skip(name, why)
        except Exception:
            counts["failed"] += 1
            print(f"{name} FAILED\n{traceback.format_exc()}", flush=True)
        else:
            counts["passed"] += 1
            print(f"{name} {time.monotonic() - begun:.2f} s", flush=True)
    print(f"{what}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not sum(counts.values()) else 0


def main():
    if not pathlib.Path(HELM).exists():
        skip("all", "Go is missing, which builds helm: install it with  apt-get install golang")
        print("helm: 0 passed, 0 failed, 1 skipped")
        return 0
    return report("helm", [case for file in FILES for case in cases_of(importlib.import_module(f"cases.{file}"))])


if __name__ == "__main__":
    sys.exit(main())
