"""Every test of the chart: each case is a sentence. Prints each, goes on after a fault, and ends with how many there were.

Cases that the arguments name run alone.
"""
import importlib, sys, time, traceback
from chart import HELM, Skipped
import pathlib

FILES = ("shape", "rendered", "security", "settings", "refused", "secrets", "upgrades", "notes", "documents", "program")


def skip(name, why):
    print(f"---- helm::{name} stdout ----\nskipped: {why}", flush=True)


def run():
    if not pathlib.Path(HELM).exists():
        skip("all", "Go is missing, which builds helm: install it with  apt-get install golang")
        print("helm: 0 passed, 0 failed, 1 skipped")
        return 0
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for file in FILES:
        for name, case in list(vars(importlib.import_module(f"cases.{file}")).items()):
            if not name.startswith("case_") or (sys.argv[1:] and name[5:] not in sys.argv[1:]):
                continue
            begun, name = time.monotonic(), name[5:]
            try:
                case()
            except Skipped as why:
                counts["skipped"] += 1
                skip(name, why)
                continue
            except Exception:
                counts["failed"] += 1
                print(f"{name} FAILED\n{traceback.format_exc()}", flush=True)
                continue
            counts["passed"] += 1
            print(f"{name} {time.monotonic() - begun:.2f} s", flush=True)
    print("helm: {passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(run())
