"""The Markdown table and the JSON."""
from __future__ import annotations

import dataclasses
import json
import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import load
from comparison import Result
from ratios import median
from sides import HERE, Stop

PACKAGES = [
    "torch", "torchvision", "numpy", "onnx", "onnxruntime", "faiss-cpu", "anomalib", "timm",
    "efficientnet_lite_pytorch"]


def machine() -> dict[str, Any]:
    processor = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    return {
        "processor": processor, "cores": os.cpu_count(), "system": platform.platform(),
        "load": round(os.getloadavg()[0], 2)}


def commit() -> str:
    """Of the repository, for a program may have been linked with an older one's."""
    def git(*arguments: str) -> str:
        found = subprocess.run(
            ["git", "-C", str(HERE), *arguments], capture_output=True, text=True, check=False)
        return found.stdout.strip()
    return (git("rev-parse", "--short=9", "HEAD") or "unknown") + ("+" if git("status", "--porcelain") else "")


def description(programs: Path, threads: int, devices: dict[str, str], arguments: list[str]) -> dict[str, Any]:
    said = subprocess.run(
        [str(programs / "flawless"), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "schema": "peers/2", "date": datetime.now(timezone.utc).isoformat(timespec="seconds"), "arguments": arguments,
        "machine": machine(), "flawless": said, "commit": commit(), "devices": devices, "threads": threads,
        "python": platform.python_version(), "versions": {name: version(name) for name in PACKAGES}}


def duration(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.0f} s"
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def ratio_text(result: Result, ours: str) -> str:
    ratio = result.ratio(ours)
    if ratio is None:
        return "-"
    if ratio.lower is None or ratio.upper is None:
        return f"{'below ' if result.best_peer in result.stopped else ''}{ratio.median:.2f} (once)"
    return f"{ratio.median:.2f} ({ratio.lower:.2f} … {ratio.upper:.2f})"


def side_text(result: Result, name: str) -> str:
    text = ("more than " if name in result.stopped else "") + duration(median(result.seconds[name]))
    peak = result.peak_bytes.get(name)
    return f"{text}, {peak >> 20} MiB" if peak else text


def table(results: list[Result], devices: list[str]) -> str:
    header = ["", *(f"{device}" for device in devices), "best peer", "other peers",
              *(f"{device} / best peer" for device in devices), "others' load", "agreement"]
    lines = [header, ["---"] * len(header)]
    for result in results:
        best = result.best_peer
        others = [name for name in result.seconds if name not in result.ours and name != best]
        sides = [f"flawless {device}" for device in devices]
        lines.append([
            result.name + (f" ({result.note})" if result.note else ""),
            *(side_text(result, name) for name in sides),
            f"{best}: {side_text(result, best)}" if best else "-",
            "; ".join(f"{name}: {side_text(result, name)}" for name in others) or "-",
            *(ratio_text(result, name) for name in sides),
            f"{100 * result.others:.0f} %" + (" (too much)" if result.others > load.QUIET else ""),
            "; ".join(dict.fromkeys(result.agreements.values())) or "-"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def markdown(about: dict[str, Any], results: list[Result], problems: list[str], devices: list[str]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    named = "; ".join(f"{name}: {text}" for name, text in about["devices"].items())
    text = f"""# Flawless and its peers

{about["date"]}, commit {about["commit"]}, {about["machine"]["processor"]}, {about["machine"]["cores"]} cores,
{about["threads"]} threads for every side, load {about["machine"]["load"]} at the start. {named}.
Python {about["python"]}, {versions}.

Medians of times measured in turn. The ratio is our time over the best peer's, below 1 where Flawless is faster: the
median of paired ratios, and the interval of the sign test (95 % or more). Others' load is the part of all cores' time
that other processes took meanwhile: where it is too much, the row says nothing, for threads that wait for each other in
busy loops, as most peers' do, lose more to others than ours.

{table(results, devices)}"""
    if problems:
        text += "\n" + "".join(f"- not compared: {problem}\n" for problem in problems)
    return text


def kept(folder: Path, about: dict[str, Any]) -> dict[str, Result]:
    """The rows of an earlier run, by name.

    - Raises: Stop when that run was of another program, machine or version.
    """
    path = folder / "peers.json"
    if not path.exists():
        return {}
    document = json.loads(path.read_text())
    for what in ("schema", "flawless", "devices", "threads", "versions"):
        if document[what] != about[what]:
            raise Stop(f"{path} was made with another value of '{what}'; run without --again, or name another folder.")
    names = [field.name for field in dataclasses.fields(Result)]
    return {row["name"]: Result(**{name: row[name] for name in names}) for row in document["rows"]}


def write(
        folder: Path, about: dict[str, Any], results: list[Result], problems: list[str], devices: list[str]) -> None:
    """After every row, so that an interrupted run leaves what it had."""
    rows = []
    for result in results:
        ratios = {name: result.ratio(name) for name in result.ours}
        rows.append(dataclasses.asdict(result) | {
            "best_peer": result.best_peer,
            "ratios": {name: ratio and dataclasses.asdict(ratio) for name, ratio in ratios.items()}})
    document = about | {"rows": rows, "problems": problems}
    for name, text in (
            ("peers.json", json.dumps(document, indent=1) + "\n"),
            ("peers.md", markdown(about, results, problems, devices))):
        temporary = folder / f".{name}.new"
        temporary.write_text(text)
        temporary.replace(folder / name)
