"""Times Flawless and its peers in turn: what Tools/peers runs in its environment."""
from __future__ import annotations

import argparse
import fnmatch
import sys
from pathlib import Path

import comparison
import report
import rows
import turns
import whole_runs
from sides import Setting, Sides, Stop, environment


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="Tools/peers", description=__doc__)
    parser.add_argument("--programs", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rows", default="*", metavar="GROUP,…", help="groups of rows, with * for any text")
    parser.add_argument("--list", action="store_true", help="print the rows with their groups, and time nothing")
    parser.add_argument("--devices", default="opencl,cpu", metavar="NAME,…", help="of Flawless (default: opencl,cpu)")
    parser.add_argument("--pairs", type=int, default=15, metavar="COUNT", help="rounds of each row (default: 15)")
    parser.add_argument("--row-seconds", type=float, default=150, metavar="S",
                        help="a row that needs more than this for 6 rounds is run once; rounds that others disturb "
                             "are measured again for as long (default: 150)")
    parser.add_argument("--threads", type=int, default=2, metavar="COUNT", help="of every side (default: 2)")
    parser.add_argument("--coreset-rows", type=int, default=16384, metavar="COUNT",
                        help="of the coreset row (default: 16384; 163856 takes an hour)")
    parser.add_argument("--pictures", type=int, default=50, metavar="COUNT",
                        help="of the PatchCore rows (default: 50; 200 take an hour)")
    parser.add_argument("--quick", action="store_true", help="6 short rounds, small coresets: whether all of it works")
    parser.add_argument("-o", "--output", type=Path, default=Path("flawless-peers"), metavar="FOLDER",
                        help="of peers.md and peers.json (default: flawless-peers)")
    found = parser.parse_args()
    if found.pairs < turns.LEAST_PAIRS:
        parser.error(f"--pairs must be at least {turns.LEAST_PAIRS}: fewer have no interval.")
    if found.threads < 1 or found.row_seconds <= 0 or found.coreset_rows < 100 or found.pictures < 10:
        parser.error("--threads and --row-seconds must be positive, --coreset-rows at least 100, --pictures 10.")
    if found.quick:
        found.pairs, found.row_seconds, found.coreset_rows, found.pictures = turns.LEAST_PAIRS, 20, 2048, 10
    return found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def chosen(patterns: str, groups: list[str]) -> set[str]:
    found = {group for pattern in patterns.split(",") for group in fnmatch.filter(groups, pattern)}
    if not found:
        raise Stop(f"No group of rows is called '{patterns}'; there are {', '.join(dict.fromkeys(groups))}.")
    return found


def main() -> None:
    given = arguments()
    folder = given.output.resolve()
    (folder / "work").mkdir(parents=True, exist_ok=True)
    setting = Setting(given.programs, folder / "work", given.threads, given.devices.split(","),
                      environment(given.threads))
    effort = turns.Effort(given.pairs, given.row_seconds, 0.005 if given.quick else 0.05)
    small = rows.all_rows(setting, rows.Sizes(given.coreset_rows))
    whole = whole_runs.all_rows(setting, given.pictures)
    groups = chosen(given.rows, [row.group for row in [*small, *whole]])
    selected = [row for row in [*small, *whole] if row.group in groups]
    if given.list:
        print("\n".join(f"{row.group}: {row.name}" for row in selected))
        return
    results: list[comparison.Result] = []
    problems: list[str] = []
    sides = Sides(setting)
    try:
        devices = {device: sides.ours(device).description["device"] for device in setting.devices}
        about = report.description(given.programs, given.threads, devices, sys.argv[1:])
        for row in selected:
            say(f"{row.group}: {row.name}")
            try:
                if isinstance(row, rows.Row):
                    results.append(comparison.compare(row, sides, effort, say))
                else:
                    # Processes of their own: those that answer must not hold memory or threads beside them.
                    sides.close()
                    results.append(row.compare(effort, say))
            except (comparison.Disagreement, Stop) as problem:
                sides.close()
                problems.append(f"{row.name}: {problem}")
                say(f"  {problem}")
            report.write(folder, about, results, problems, setting.devices)
    finally:
        sides.close()
    print((folder / "peers.md").read_text())
    if problems:
        raise Stop(f"{len(problems)} of {len(selected)} rows could not be compared; {folder}/peers.md says why.")


if __name__ == "__main__":
    try:
        main()
    except Stop as reason:
        say(str(reason))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
