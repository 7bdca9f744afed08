"""The options, in a file that needs nothing but Python: Tools/peers looks at them before it makes an environment.

    python3 options.py OPTIONS      prints the folder of wheels and torch's index; status 2 where the options are wrong
"""
from __future__ import annotations

import argparse
from pathlib import Path

import turns


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="Tools/peers", description="Times Flawless and its peers in turn, on the same inputs.")
    parser.add_argument("--programs", type=Path, help=argparse.SUPPRESS)
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
    parser.add_argument("--peer-limit", type=float, default=None, metavar="S",
                        help="stop a peer's single run after so many seconds; the table then says that it took longer")
    parser.add_argument("--again", action="store_true",
                        help="keep the rows of FOLDER/peers.json that nobody disturbed, and time the others again")
    parser.add_argument("--quick", action="store_true", help="6 short rounds, small coresets: whether all of it works")
    parser.add_argument("--wheels", metavar="FOLDER", default="", help="where pip shall look for wheels as well")
    parser.add_argument("--torch-index", metavar="URL", default="https://download.pytorch.org/whl/cpu",
                        help="of torch without CUDA (default: PyTorch's own)")
    parser.add_argument("-o", "--output", type=Path, default=Path("flawless-peers"), metavar="FOLDER",
                        help="of peers.md and peers.json (default: flawless-peers)")
    found = parser.parse_args()
    if found.pairs < turns.LEAST_PAIRS:
        parser.error(f"--pairs must be at least {turns.LEAST_PAIRS}: fewer have no interval.")
    if found.threads < 1 or found.row_seconds <= 0 or found.coreset_rows < 100 or found.pictures < 10:
        parser.error("--threads and --row-seconds must be positive, --coreset-rows at least 100, --pictures 10.")
    if found.peer_limit is not None and found.peer_limit < 10:
        parser.error("--peer-limit must be at least 10 seconds.")
    if found.wheels and not Path(found.wheels).is_dir():
        parser.error(f"There is no folder {found.wheels} with wheels.")
    if found.quick:
        found.pairs, found.row_seconds, found.coreset_rows, found.pictures = turns.LEAST_PAIRS, 20, 2048, 10
    return found


if __name__ == "__main__":
    # What the script itself needs, a line each.
    given = parsed()
    print(given.wheels, given.torch_index, sep="\n")
