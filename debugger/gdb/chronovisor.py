# SPDX-License-Identifier: MIT
"""Commands for GDB that know about time.

GDB reads memory and registers into caches and drops them when its target
runs; a server that moves through history by itself leaves them stale. The
commands here move and then flush, so that what GDB shows is what is there.

    (gdb) source chronovisor.py
    (gdb) hv help
"""

import json

import gdb


def server_packet(text):
    """Send one packet; the reply as bytes, b"" when it is not known."""
    connection = gdb.selected_inferior().connection
    if connection is None or not hasattr(connection, "send_packet"):
        raise gdb.GdbError("hv: connect first: target remote ADDRESS")
    return connection.send_packet(text.encode("ascii")) or b""


def position():
    """Where the guest stands, as a dictionary; None when unknown."""
    try:
        reply = server_packet("qChv:position")
        return json.loads(bytes.fromhex(reply.decode("ascii")))
    except (gdb.error, gdb.GdbError, ValueError):
        return None


def refresh():
    """Drop what GDB remembers of the guest and show where it is now."""
    gdb.execute("maintenance flush register-cache", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)
    try:
        gdb.execute("frame")
    except gdb.error as error:
        print(error)


def monitor(line):
    gdb.execute("monitor " + line)


class Hv(gdb.Command):
    """Time travel in a Chronovisor replay: see 'hv help'."""

    def __init__(self):
        super().__init__("hv", gdb.COMMAND_RUNNING, prefix=True)


class HvCommand(gdb.Command):
    """Base: registers itself under 'hv' with its docstring as help."""

    commands = []

    def __init__(self, name):
        super().__init__("hv " + name, gdb.COMMAND_RUNNING)
        HvCommand.commands.append((name, self.__doc__.splitlines()[0]))


class HvHelp(HvCommand):
    """List these commands."""

    def invoke(self, argument, from_tty):
        for name, text in HvCommand.commands:
            print("hv %-12s %s" % (name, text))


class HvWhen(HvCommand):
    """Say where in its history the guest stands."""

    def invoke(self, argument, from_tty):
        monitor("when")


class HvSeek(HvCommand):
    """Go to a moment: EVENT, nENTRY+OFFSET, 1.5s, 50%, start, end, c1.

    Usage: hv seek MOMENT"""

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("usage: hv seek MOMENT")
        monitor("goto " + argument)
        refresh()


class HvBack(HvCommand):
    """Return to where the last seek or continue began."""

    def invoke(self, argument, from_tty):
        monitor("back")
        refresh()


class HvForward(HvCommand):
    """Undo one 'hv back'."""

    def invoke(self, argument, from_tty):
        monitor("forward")
        refresh()


class HvLast(HvCommand):
    """Go back to the instruction that last changed an expression.

    Usage: hv last EXPRESSION"""

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("usage: hv last EXPRESSION")
        value = gdb.parse_and_eval(argument)
        if value.address is None:
            raise gdb.GdbError("hv last: '%s' is not in memory" % argument)
        where = int(value.address)
        size = value.type.sizeof
        # GDB compares integers; an array it would take for unchanged.
        kinds = {1: "char", 2: "short", 4: "int", 8: "long"}
        if size not in kinds:
            raise gdb.GdbError("hv last: '%s' has %d bytes, give a part of "
                               "1, 2, 4 or 8" % (argument, size))
        others = [b for b in gdb.breakpoints() or () if b.enabled]
        for other in others:
            other.enabled = False
        watch = gdb.Breakpoint("*(%s *) %#x" % (kinds[size], where),
                               gdb.BP_WATCHPOINT, gdb.WP_WRITE)
        try:
            gdb.execute("reverse-continue")
        finally:
            if watch.is_valid():
                watch.delete()
            for other in others:
                other.enabled = True


class HvPrompt(HvCommand):
    """Show the position in GDB's prompt: hv prompt on|off."""

    def invoke(self, argument, from_tty):
        gdb.prompt_hook = show_prompt if argument.strip() != "off" else None


def show_prompt(current):
    where = position()
    if where is None:
        return "(gdb) "
    if where["share"] is None:
        return "(live %s) " % where["moment"]
    return "(%.2f%% %s) " % (where["share"] / 100.0, where["moment"])


class Checkpoint(gdb.Command):
    """Remember this moment; 'restart N' comes back to it.

    Usage: checkpoint [NOTE]"""

    def __init__(self):
        super().__init__("checkpoint", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        monitor("checkpoint add " + argument.replace(" ", "_"))


class InfoCheckpoints(gdb.Command):
    """List the moments that 'checkpoint' has remembered."""

    def __init__(self):
        super().__init__("info checkpoints", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        monitor("checkpoint list")


class DeleteCheckpoint(gdb.Command):
    """Forget one checkpoint: delete checkpoint N."""

    def __init__(self):
        super().__init__("delete checkpoint", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        monitor("checkpoint delete " + argument)


class Restart(gdb.Command):
    """Go to a checkpoint, or with no number to the start.

    Usage: restart [N]"""

    def __init__(self):
        super().__init__("restart", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        number = argument.strip().lstrip("c")
        if number and not number.isdigit():
            raise gdb.GdbError("usage: restart [N], see 'info checkpoints'")
        monitor("goto " + ("c" + number if number else "start"))
        refresh()


def register():
    Hv()
    HvHelp("help")
    HvWhen("when")
    HvSeek("seek")
    HvBack("back")
    HvForward("forward")
    HvLast("last")
    HvPrompt("prompt")
    Checkpoint()
    InfoCheckpoints()
    DeleteCheckpoint()
    Restart()


register()
