"""Times our functions against PyTorch, JAX, NumPy, SciPy and numexpr, and says which goals are reached."""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import actlab
from benchmarks import documents, machine, peers
from benchmarks.bench import Bench
from benchmarks.figures import Figure, short
from benchmarks.peers.ours import OURS
from benchmarks.section import Section
from benchmarks.sections import SECTIONS
from benchmarks.tables import as_text, of_section, of_verdicts, verdicts


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sections, print their tables and the summary, write the files that were asked for."""
    options = _parser().parse_args(arguments)
    present, absent = peers.load()
    about = {**machine.description(), "command": _command(options)}
    print(f"{about['date']}, {about['processor']}, load {about['load']} at the start\n{about['versions']}")
    print("ratios: the peer's time / ours, above 1 we are faster; medians of paired, interleaved timings")
    for name, package in absent.items():
        print(f"not measured: {name}, which is not installed ({sys.executable} -m pip install {package})")
    bench = Bench(present, options.functions, options.rounds, options.size, options.full)
    for peer in (OURS, *present.values()):
        peer.set_threads(1)
    machine.settle_allocator()
    results = [(section, _run(section, bench)) for section in SECTIONS if section.letter in options.only]
    summary = of_verdicts(results)
    if summary.rows:
        print(f"\n{as_text(summary)}")
    if options.csv:
        documents.write_csv(options.csv, results)
    if options.json:
        documents.write_json(options.json, results, about)
    for path in options.markdown:
        documents.write_markdown(path, results, about)


def _run(section: Section, bench: Bench) -> list[Figure]:
    """Measure a section and print its table, its progress on stderr."""
    start, figures = time.perf_counter(), []
    for figure in section.measure(bench):
        figures.append(figure)
        _progress(f"{section.letter} {len(figures)}: {figure.function} {figure.what} {figure.peer} {figure.size}")
    _progress("")
    print(f"\n{section.letter}  {section.title}")
    if figures:
        print(as_text(of_section(section, figures)))
    for verdict in verdicts(section, figures):
        goal = f", to reach {verdict.to_reach}: {verdict.text}" if verdict.goal.bound is not None else ""
        print(f"  {verdict.goal.text}: {verdict.measured}{goal}")
    if section.note:
        print(f"  {section.note}")
    print(f"{section.letter}: {time.perf_counter() - start:.0f} s{_noise(figures)}", file=sys.stderr)
    sys.stdout.flush()
    return figures


def _noise(figures: Sequence[Figure]) -> str:
    spreads = [figure.spread for figure in figures if not math.isnan(figure.spread)]
    return f"; the middle half of a pair's ratios spans {statistics.median(spreads):.0%}" if spreads else ""


def _progress(text: str) -> None:
    """One line that is written over, where somebody is looking."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _command(options: argparse.Namespace) -> str:
    """What to type to get the same table."""
    usual = _parser().parse_args([])
    words = {
        "--only": ",".join(options.only) if options.only != usual.only else "",
        "--functions": ",".join(options.functions) if options.functions != usual.functions else "",
        "--size": ",".join(map(short, options.size)),
        "--rounds": str(options.rounds) if options.rounds != usual.rounds else "",
    }
    given = " ".join([f"{option} {word}" for option, word in words.items() if word] + ["--full"] * options.full)
    return f'make bench ARGS="{given}"' if given else "make bench"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__, epilog=_letters())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    usual = "".join(section.letter for section in SECTIONS)
    parser.add_argument("--only", type=_sections, default=usual, metavar="A,B", help="sections to run (default: all)")
    parser.add_argument("--functions", type=_functions, default=tuple(actlab.names()), metavar="NAME,...")
    parser.add_argument("--rounds", type=_rounds, default=31, help="paired timings of each pair (default 31)")
    parser.add_argument("--size", type=_sizes, default=(), metavar="1e5,...", help="instead of a section's own sizes")
    parser.add_argument("--full", action="store_true", help="also what takes minutes: a whole default comparison")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures and goals")
    markdown = parser.add_argument("--markdown", type=_document, action="append", default=[], metavar="FILE")
    markdown.help = "fill in the tables between the markers of this document"
    return parser


def _letters() -> str:
    return "sections:\n" + "\n".join(f"  {section.letter}  {section.title}" for section in SECTIONS)


def _document(text: str) -> Path:
    path = Path(text)
    try:
        documents.check(path)
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return path


def _sections(text: str) -> str:
    known = [section.letter for section in SECTIONS]
    chosen = text.upper().replace(",", "")
    if not chosen or not set(chosen) <= set(known):
        raise argparse.ArgumentTypeError(f"must be among {','.join(known)}; got {text}")
    return chosen


def _functions(text: str) -> tuple[str, ...]:
    try:
        return tuple(actlab.get(name).name for name in text.split(","))
    except actlab.ActlabError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:  # noqa: PLR2004 - quartiles need two
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 2; got {text}")
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(float(word)) for word in text.split(","))
    except (ValueError, OverflowError):
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"must be numbers of elements such as 1e5,3e7; got {text}")
    return sizes


if __name__ == "__main__":
    main()
