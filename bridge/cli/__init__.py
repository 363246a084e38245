"""The command line. Every command lives in a file of its own, loaded when it is called: --help loads none.

Data goes to stdout, talk to stderr; an error is one sentence, a hint, and the contract's exit code.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

import click

from bridge import __version__

# Name: module and what it does; the help shows these without importing anything.
COMMANDS: Final = {
    "run": ("run", "Start the daemon: ports, page, socket."),
    "generate": ("generate", "Make a groove without a daemon, as a .mid file or JSON."),
    "compose": ("compose", "Make a song without a daemon, as one .mid file or JSON."),
    "refine": ("refine", "Change a groove by words, and only what they speak of."),
    "analyze": ("analyze", "Hear an audio file, and get grooves that fit it."),
    "ctl": ("ctl", "Send a request to the running daemon."),
    "doctor": ("doctor", "Say what works, what is missing, and how to mend it."),
    "learn": ("learn", "Bind a control by moving it."),
    "ports": ("ports", "List the MIDI ports."),
    "costs": ("costs", "What was paid, by tier, provider, model or day."),
    "monitor": ("monitor", "Watch the running daemon live."),
    "export": ("export", "Write a pattern of the library as a .mid file."),
    "config": ("config", "Show or change settings, and where each comes from."),
    "keys": ("keys", "Which providers have a key; store or remove one."),
    "service": ("service", "Start drumbridge when you log in."),
    "schema": ("small", "Print the control channel's API document."),
    "open": ("small", "Open the page in the browser."),
    "token": ("small", "Print the access token."),
    "completion": ("small", "Print the shell's completion script."),
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """Import a command's file and return the command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"bridge.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name + "_command")
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """Write the table without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib  # noqa: PLC0415 - for mistakes only

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]}?" if near else " `drumbridge --help` lists them."
            raise click.UsageError(f"there is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="drumbridge")
def main() -> None:
    """A drummer for every DAW, controller and script."""


def command(name: str, **options: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Return click's decorator for a command whose help is the table's line."""
    return click.command(name, short_help=COMMANDS[name][1], **options)
