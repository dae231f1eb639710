"""The `actlab` command: finds the subcommand, and turns a refusal into one line and an exit code.

Exit codes: 0 done; 1 refused, with one line on stderr; 2 bad usage; 130 interrupted.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from actlab.errors import ActlabError, suggest

SECTIONS: Final = {
    "Choose an activation": ("compare",),
    "Understand one": ("list", "show", "plot"),
    "Look after the installation": ("doctor",),
}
"""Section of the help page -> its commands; the command `x` is `actlab.cli.x.command`."""

COMMANDS: Final = tuple(name for names in SECTIONS.values() for name in names)

DONE, REFUSED, INTERRUPTED = 0, 1, 130  # click itself gives 2 for bad usage


class Commands(click.Group):
    """The subcommands, each imported when it is asked for, so that `actlab list` stays light."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Give the command names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's file; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"actlab.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown command with the closest one that exists."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            ctx.fail(f"there is no command {name!r}{suggest(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section of the help page per job of the user."""
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            rows = [(name.ljust(width), self._summary(ctx, name, formatter.width - width)) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)

    def _summary(self, ctx: click.Context, name: str, room: int) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(room) if command else ""


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  actlab compare                          a report on six functions
  actlab compare --data my.csv --target y on your own data
  actlab show mish                        what it is and what it is good for
  actlab plot relu gelu --derivative      curves as a picture
  actlab show --define "bump=x*exp(-x*x)" your own formula

\b
Parameters follow a colon: leaky_relu:negative_slope=0.2
Help on one command: actlab COMMAND --help""",
)
@click.version_option(package_name="actlab", message="%(package)s %(version)s")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of a refusal.")
@click.pass_context
def group(ctx: click.Context) -> None:
    """The workbench for neural-network activation functions."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : the words after `actlab`; those of the process when left out

    Returns
    -------
    int, 0 done, 1 refused, 2 bad usage, 130 interrupted
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    _write_what_the_terminal_can()
    try:
        code = group.main(args=list(arguments), prog_name="actlab", standalone_mode=False, obj=arguments)
        sys.stdout.flush()  # a closed pipe must be noticed here, not when the interpreter ends
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return REFUSED
    except (ActlabError, OSError) as error:
        if "--debug" in arguments or not (message := _one_line(error)):
            raise
        click.echo(message, err=True)
        return REFUSED
    return code if isinstance(code, int) else DONE


def _write_what_the_terminal_can() -> None:
    """Write `?` for characters that the terminal's encoding lacks, instead of failing half-way."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _one_line(error: ActlabError | OSError) -> str:
    """Say what was refused; nothing for a failure of the system that names no file."""
    if isinstance(error, ActlabError):
        return str(error)
    return f"actlab: the file must be usable; got {error.filename!r}; {error.strerror}" if error.filename else ""


def _silence_stdout() -> None:
    """Send the rest to nowhere: the reader, `head` for instance, has left and Python would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
