"""``python grader.py class DIR``: grade what a class has handed in, and show what it has not understood."""

from __future__ import annotations

import argparse
import re
import sys
from concurrent.futures import Executor
from pathlib import Path
from typing import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..classroom import page, pool, records
from ..classroom.submissions import Submission, find
from ..course.edition import handed_out
from ..course.phases import Phase
from ..i18n import LANGUAGES, choose
from ..reports import markdown
from ..settings import jobs, seed_option
from .options import GRADED, INTERRUPTED, USAGE, Parser
from .release import phases_option

EXAMPLES = """\
examples:
  python grader.py class handed-in                      a folder, an archive or single files a student
  python grader.py class handed-in --phases 1-3 --jobs 4 --seed random
  python grader.py class handed-in --resume             go on after an interruption; nothing is graded twice
  python grader.py class handed-in --scheduler tcp://10.0.0.5:8786  on a Dask cluster (requirements-class.txt)
  python grader.py class handed-in --shard 3/10         the third tenth: for job arrays

What comes out lies in class-report/ unless --into names another folder: class.html, class.csv, class.jsonl (the results
as they came) and a page a student below reports/.
"""

SUBMISSIONS = 4
"""Submissions that are graded side by side at most, unless --jobs says otherwise."""

DONE = ("{n} submissions. The map of the class: {page}", "提出物 {n} 件。クラスの地図: {page}")
STOPPED = (
    "Stopped. {n} results are kept; go on with --resume.",
    "中断しました。結果 {n} 件は残っています。続きは --resume で。",
)
NOTHING = (
    "{folder} holds no submissions: folders, archives or single files such as name_phase2_attention.py",
    "{folder} に提出物がありません。フォルダ、アーカイブ、"
    "または name_phase2_attention.py のようなファイルを置いてください。",
)
NO_DASK = (
    "--scheduler needs Dask: python -m pip install -r requirements-class.txt",
    "--scheduler には Dask が必要です: python -m pip install -r requirements-class.txt",
)


def shard_option(text: str) -> tuple[int, int]:
    """``3/10`` as (3, 10)."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if not match or not 1 <= int(match.group(1)) <= int(match.group(2)):
        raise argparse.ArgumentTypeError(f"{text!r}: name the share as 3/10, counted from 1")
    return int(match.group(1)), int(match.group(2))


def make_parser() -> Parser:
    """The options of ``class``."""
    parser = Parser(
        prog="python grader.py class",
        description="Grade what a class has handed in, and show what it has not understood.",
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="folder with the submissions")
    add("--phases", type=phases_option, default=None, help="what is graded (default: all)")
    add("--seed", type=seed_option, default=0, metavar="N|random", help="seed of random draws, one for all")
    add("--jobs", type=int, default=None, metavar="N", help="submissions side by side (default: the cores)")
    add("--into", type=Path, default=Path("class-report"), metavar="DIR", help="where results are written")
    add("--csv", type=Path, default=None, metavar="FILE", help="the table (default: class.csv there)")
    add("--reports", type=Path, default=None, metavar="DIR", help="the students' pages (default: reports there)")
    add("--resume", action="store_true", help="keep the results that are there, grade the rest")
    add("--time-limit", type=float, default=None, metavar="S", help="seconds for a submission")
    add("--scheduler", default=None, metavar="ADDRESS", help="of a Dask cluster, as tcp://host:8786")
    add("--shard", type=shard_option, default=(1, 1), metavar="I/N", help="grade the I-th of N shares alone")
    add("--lang", choices=LANGUAGES, default="en", help="language of pages and messages")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Grade the class; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder}: there is no such folder")
    if options.jobs is not None and options.jobs < 1:
        parser.error("--jobs: at least 1")
    phases: tuple[Phase, ...] = options.phases or handed_out()
    console = Console(stderr=True, highlight=False)
    share, shares = options.shard
    submissions = find(options.folder)[share - 1 :: shares]
    if not submissions:
        console.print(choose(NOTHING, options.lang).format(folder=options.folder), markup=False, style="red")
        return USAGE
    try:
        executor = _executor(options)
    except (ImportError, OSError) as error:
        why = choose(NO_DASK, options.lang) if isinstance(error, ImportError) else str(error)
        console.print(why, markup=False, style="red")
        return USAGE
    options.into.mkdir(parents=True, exist_ok=True)
    log = options.into / "class.jsonl"
    settings = pool.Settings(tuple(phase.id for phase in phases), options.seed, options.lang, options.time_limit)
    left = _begin_log(log, submissions, settings, options.resume)
    status = GRADED
    try:
        _grade(left, len(submissions), settings, executor, log, console)
    except KeyboardInterrupt:
        console.print(choose(STOPPED, options.lang).format(n=len(records.read(log))), markup=False)
        status = INTERRUPTED
    finally:
        pool.end_sessions()
        executor.shutdown(wait=False)
    _write(options, records.read(log), phases)
    if status == GRADED:
        told = choose(DONE, options.lang).format(n=len(submissions), page=options.into / "class.html")
        console.print(told, markup=False, style="bold", soft_wrap=True)
    return status


def _executor(options: argparse.Namespace) -> Executor:
    """Where the work is done: threads here, or a cluster; the same interface."""
    if options.scheduler is None:
        return pool.local_executor(options.jobs or jobs(SUBMISSIONS))
    from distributed import Client

    return Client(options.scheduler, timeout="20s").get_executor()


def _begin_log(log: Path, submissions: Sequence[Submission], settings: pool.Settings, resume: bool) -> list[Submission]:
    """Begin the file of results with what is kept from an earlier run; return what is left to grade."""
    phases = settings.of_course()
    wanted = {s.name: records.digest(s.files, settings.seed, phases) for s in submissions if not s.problem}
    found = records.read(log) if resume else []
    kept = [record for record in found if record["report"] and wanted.get(record["name"]) == record["digest"]]
    log.write_text("", encoding="utf-8")
    for record in kept:
        records.append(log, record)
    there = {record["name"] for record in kept}
    return [submission for submission in submissions if submission.name not in there]


def _grade(
    left: Sequence[Submission], total: int, settings: pool.Settings, executor: Executor, log: Path, console: Console
) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        done, failed = total - len(left), 0
        line = bar.add_task("class", total=total, completed=done)
        for record in pool.grade_all(left, settings, executor):
            records.append(log, record)
            done, failed = done + 1, failed + (record["report"] is None)
            bar.update(line, completed=done, description=f"class ({failed} not graded)" if failed else "class")
            if not console.is_terminal:
                print(f"{done}/{total} {record['name']}: {_in_short(record)}", file=sys.stderr, flush=True)


def _in_short(record: records.Record) -> str:
    report = record["report"]
    return f"{report['score']:g} / {report['max_score']:g}" if report else record["problem"]


def _write(options: argparse.Namespace, found: Sequence[records.Record], phases: Sequence[Phase]) -> None:
    """The table, a page and a Markdown file a student, the map of the class."""
    pages = options.reports or options.into / "reports"
    pages.mkdir(parents=True, exist_ok=True)
    found = sorted(found, key=lambda record: record["name"])
    records.write_csv(options.csv or options.into / "class.csv", found, phases)
    named = [{**record, "page": _file_name(record["name"], number)} for number, record in enumerate(found)]
    for record in named:
        page.write_student(pages / f"{record['page']}.html", record, phases, options.lang)
        text = record["markdown"] or f"{markdown.escape(record['problem'])}\n"
        (pages / f"{record['page']}.md").write_text(text, encoding="utf-8")
    page.write_class(options.into / "class.html", named, phases, options.lang, "" if options.reports else "reports")


def _file_name(name: str, number: int) -> str:
    """A name that every file system takes, and no two students share."""
    return f"{number + 1:03d}-{re.sub(r'[^A-Za-z0-9._-]+', '-', name)[:60].strip('-.')}"
