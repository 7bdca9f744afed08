"""Times Flawless and its peers in turn: what Tools/peers runs in its environment."""
from __future__ import annotations

import fnmatch
import sys
from pathlib import Path

import comparison
import load
import options
import report
import rows
import turns
import whole_runs
from sides import Setting, Sides, Stop, environment


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def chosen(patterns: str, groups: list[str]) -> set[str]:
    found = {group for pattern in patterns.split(",") for group in fnmatch.filter(groups, pattern)}
    if not found:
        raise Stop(f"No group of rows is called '{patterns}'; there are {', '.join(dict.fromkeys(groups))}.")
    return found


def main() -> None:
    given = options.parsed()
    folder = given.output.resolve()
    (folder / "work").mkdir(parents=True, exist_ok=True)
    setting = Setting(given.programs, folder / "work", given.threads, given.devices.split(","),
                      environment(given.threads), given.peer_limit)
    effort = turns.Effort(given.pairs, given.row_seconds, 0.005 if given.quick else 0.05)
    small = rows.all_rows(setting, rows.Sizes(given.coreset_rows))
    whole = whole_runs.all_rows(setting, given.pictures)
    groups = chosen(given.rows, [row.group for row in [*small, *whole]])
    selected = [row for row in [*small, *whole] if row.group in groups]
    if given.list:
        print("\n".join(f"{row.group}: {row.name}" for row in selected))
        return
    results: dict[str, comparison.Result] = {}
    problems: list[str] = []
    sides = Sides(setting)
    try:
        devices = {device: sides.ours(device).description["device"] for device in setting.devices}
        about = report.description(given.programs, given.threads, devices, sys.argv[1:])
        results = report.kept(folder, about) if given.again else {}
        for row in selected:
            if row.name in results and results[row.name].others <= load.QUIET:
                continue
            say(f"{row.group}: {row.name}")
            try:
                if isinstance(row, rows.Row):
                    results[row.name] = comparison.compare(row, sides, effort, say)
                else:
                    # Processes of their own: those that answer must not hold memory or threads beside them.
                    sides.close()
                    results[row.name] = row.compare(effort, say)
            except (comparison.Disagreement, Stop) as problem:
                sides.close()
                problems.append(f"{row.name}: {problem}")
                say(f"  {problem}")
            # In the order of the rows, whatever was kept.
            ordered = [results[row.name] for row in [*small, *whole] if row.name in results]
            report.write(folder, about, ordered, problems, setting.devices)
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
