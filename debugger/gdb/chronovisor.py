# SPDX-License-Identifier: MIT
"""Commands for GDB that know about time.

GDB reads memory and registers into caches and drops them when its target
runs; a server that moves through history by itself leaves them stale. The
commands here move and then flush, so that what GDB shows is what is there.

    (gdb) source chronovisor.py
    (gdb) hv help
"""

import json
import os
import re
import signal
import socket
import struct

import gdb

NS_PER = {"ns": 1, "us": 10 ** 3, "ms": 10 ** 6, "s": 10 ** 9,
          "m": 60 * 10 ** 9}


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


def connection_socket():
    """A copy of GDB's socket to the server; None when it is no socket."""
    connection = gdb.selected_inferior().connection
    there = os.path.basename(getattr(connection, "details", None) or "")
    for name in os.listdir("/proc/self/fd"):
        try:
            copy = socket.socket(fileno=os.dup(int(name)))
            peer = copy.getpeername()
        except OSError:
            continue
        if isinstance(peer, tuple):
            peer = "x:%d" % peer[1]
        if there and there.split(":")[-1] == os.path.basename(
                peer).split(":")[-1]:
            return copy
        copy.close()
    return None


def pass_interrupts_on(line, parent):
    """A child's work: the keyboard's interrupt goes to the server."""
    while os.getppid() == parent:
        got = signal.sigtimedwait({signal.SIGINT, signal.SIGTERM}, 1)
        if got is not None and got.si_signo == signal.SIGTERM:
            break
        if got is not None:
            line.send(b"\x03")
    os._exit(0)


def travel(command):
    """A monitor command that may take long.

    GDB would leave it at Ctrl-C, and take the answer that comes later for that
    to its next question. So GDB does not see the key: a child tells the
    server, which stops and answers as always."""
    line = connection_socket() if os.isatty(0) else None
    if line is None:
        monitor(command)
        return
    keys = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, keys)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            pass_interrupts_on(line, parent)
        finally:
            os._exit(1)
    try:
        monitor(command)
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        line.close()
        signal.sigtimedwait({signal.SIGINT}, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def asked_entry(moment):
    """(entry, offset) of a moment such as n90122+7, or None."""
    found = re.fullmatch(r"n([0-9,]+)(?:\+([0-9,]+))?", moment)
    if found is None:
        return None
    return tuple(int((text or "0").replace(",", ""))
                 for text in found.groups())


def asked_time(moment):
    """Nanoseconds of a moment such as 1.5s or t1.5, or None."""
    found = re.fullmatch(r"(t?)([0-9][0-9,]*(?:\.[0-9]*)?)(ns|us|ms|s|m)?",
                         moment)
    if found is None or bool(found[1]) == bool(found[3]):
        return None
    return int(float(found[2].replace(",", "")) * NS_PER[found[3] or "s"])


def say_arrival(moment, before):
    """That this is not the moment that was asked for, if it is not."""
    here = position()
    if here is None:
        return
    end = os.environ.get("CHV_TRACE_END")
    entry, time_ns = asked_entry(moment), asked_time(moment)
    there = (here["entry"], here["offset"])
    stayed = before is not None and there == (before["entry"],
                                              before["offset"])
    if entry is not None and entry != there:
        if stayed and end and entry > (int(end), 0):
            raise gdb.GdbError("hv seek: %s is behind the end, which is n%s"
                               % (moment, end))
        if not stayed:
            print("There is no %s: this is as near as one gets." % moment)
    elif time_ns is not None and here["share"] == 10000 and \
            time_ns > here["time_ns"]:
        print("The history ends here, before %s." % moment)


def module_text(name):
    """What the server says of a module of the guest's kernel."""
    text = b""
    while True:
        piece = server_packet("qXfer:chv-module:read:%s:%x,%x"
                              % (name, len(text), 0x800))
        if piece[:1] not in (b"m", b"l"):
            raise gdb.GdbError("hv: the server knows nothing of modules here")
        text += piece[1:]
        if piece[:1] == b"l":
            return text.decode("ascii", "replace")


def read_elf(path):
    try:
        with open(path, "rb") as ko:
            image = ko.read()
    except OSError as error:
        raise gdb.GdbError("hv module: %s" % error)
    if image[:6] != b"\x7fELF\x02\x01":
        raise gdb.GdbError("hv module: %s is no ELF file" % path)
    return image


def module_name(image, path):
    """What a module calls itself; its file may be named differently."""
    at = image.find(b"\0name=")
    if at >= 0:
        return image[at + 6:image.index(b"\0", at + 6)].decode("ascii")
    return os.path.basename(path).split(".")[0].replace("-", "_")


def place_sections(image, there):
    """Addresses of a module file's sections, by the symbols @there."""
    start, = struct.unpack_from("<Q", image, 0x28)
    size, count, names = struct.unpack_from("<HHH", image, 0x3a)
    headers = [struct.unpack_from("<IIQQQQIIQQ", image, start + size * i)
               for i in range(count)]

    def text(table, offset):
        begin = headers[table][4] + offset
        return image[begin:image.index(b"\0", begin)].decode("ascii")

    sections = {}
    for header in headers:
        if header[1] != 2:
            continue
        for at in range(header[4], header[4] + header[5], 24):
            name, _, _, index, value, _ = struct.unpack_from(
                "<IBBHQQ", image, at)
            where = there.get(text(header[6], name)) if name else None
            if where is not None and 0 < index < count:
                section = text(names, headers[index][0])
                sections.setdefault(section, int(where, 16) - value)
    return sections


class Hv(gdb.Command):
    """Time travel in a Chronovisor replay: see 'hv help'."""

    def __init__(self):
        super().__init__("hv", gdb.COMMAND_RUNNING, prefix=True)

    def invoke(self, argument, from_tty):
        print("usage: hv COMMAND, one of %s; 'hv help' explains them"
              % ", ".join(name for name, _ in HvCommand.commands))


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
        before = position()
        travel("goto " + argument)
        refresh()
        say_arrival(argument.strip(), before)


class HvBack(HvCommand):
    """Return to where the last seek or continue began."""

    def invoke(self, argument, from_tty):
        travel("back")
        refresh()


class HvForward(HvCommand):
    """Undo one 'hv back'."""

    def invoke(self, argument, from_tty):
        travel("forward")
        refresh()


class HvLast(HvCommand):
    """Go back to the instruction that last changed an expression.

    Usage: hv last EXPRESSION"""

    def invoke(self, argument, from_tty):
        if not argument:
            raise gdb.GdbError("usage: hv last EXPRESSION")
        try:
            value = gdb.parse_and_eval(argument)
        except gdb.error as error:
            raise gdb.GdbError("hv last: %s" % error)
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

    plain = None

    def invoke(self, argument, from_tty):
        on = {"on": True, "off": False}.get(argument.strip())
        if on is None:
            raise gdb.GdbError("usage: hv prompt on|off")
        if on and gdb.prompt_hook is not show_prompt:
            # What the hook returns replaces the prompt for good.
            HvPrompt.plain = gdb.parameter("prompt")
            gdb.prompt_hook = show_prompt
        elif not on and gdb.prompt_hook is show_prompt:
            gdb.prompt_hook = show_plain_prompt


def show_plain_prompt(current):
    gdb.prompt_hook = None
    return HvPrompt.plain


def show_prompt(current):
    where = position()
    if where is None:
        return HvPrompt.plain
    if where["share"] is None:
        return "(live %s) " % where["moment"]
    return "(%.2f%% %s) " % (where["share"] / 100.0, where["moment"])


class HvModule(HvCommand):
    """Load a kernel module's debug information where the guest has it.

    Usage: hv module FILE.ko [NAME]
    The guest has to stand where the module is loaded. Without arguments the
    modules that are loaded are listed."""

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if not words:
            print(module_text("").rstrip())
            return
        image = read_elf(words[0])
        name = words[1] if len(words) > 1 else module_name(image, words[0])
        there = dict(reversed(line.split(None, 1))
                     for line in module_text(name).splitlines())
        if not there:
            raise gdb.GdbError("hv module: the guest has no module '%s' here: "
                               "see 'hv module', or name it" % name)
        sections = place_sections(image, there)
        if ".text" not in sections:
            raise gdb.GdbError("hv module: %s is not the module that the guest "
                               "has: no function of it is there" % words[0])
        others = " ".join("-s %s %#x" % item for item in sections.items()
                          if item[0] != ".text")
        gdb.execute("add-symbol-file %s %#x %s" % (
            words[0], sections[".text"], others), to_string=True)
        print("%s: at %#x" % (name, sections[".text"]))


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
        travel("goto " + ("c" + number if number else "start"))
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
    HvModule("module")
    Checkpoint()
    InfoCheckpoints()
    DeleteCheckpoint()
    Restart()


register()
gdb.execute("source " + os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "orc.py"))
