#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The GDB server against GDB itself, and against clients that misbehave.

    gdb_test.py TABLE_SERVER PROGRAM HELPER

Each test starts TABLE_SERVER on PROGRAM's recorded states. The server exits
with an error when a client leaves a breakpoint behind, so every test proves
that as well. Skips, with status 0 and a line, when GDB is not installed.
"""

import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

SERVER, PROGRAM, HELPER = sys.argv[1:4]


class Server:
    """One run of the table server; its socket is in self.address."""

    def __init__(self, *options, tcp=False):
        self.dir = tempfile.mkdtemp(prefix="chv-gdb-test-")
        path = os.path.join(self.dir, "gdb.sock")
        where = ["-t", "0"] if tcp else ["-u", path]
        self.process = subprocess.Popen(
            [SERVER, *options, *where, PROGRAM], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError("server: " + line + self.process.stderr.read())
        self.address = line[len("listening on "):].strip()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        _, self.log = self.process.communicate(timeout=60)
        shutil.rmtree(self.dir)
        if kind is None and self.process.returncode != 0:
            raise AssertionError("server ended with %d:\n%s" % (
                self.process.returncode, self.log))

    def connect(self):
        if ":" in self.address:
            host, port = self.address.rsplit(":", 1)
            sock = socket.create_connection((host, int(port)))
        else:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(self.address)
        sock.settimeout(30)
        return sock


def gdb(server, *commands, extended=True):
    """Run GDB on these commands; its whole output."""
    line = ["gdb", "-nx", "-batch", "-iex", "set auto-load off",
            "-ex", "set confirm off", "-ex", "set pagination off",
            "-ex", "set width 0",
            "-ex", "target %s %s" % (
                "extended-remote" if extended else "remote", server.address)]
    for command in commands:
        line += ["-ex", command]
    done = subprocess.run(line, stdout=subprocess.PIPE, timeout=300,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout


def expect(text, *patterns):
    """All patterns, in this order."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.M).search(text, at)
        if found is None:
            raise AssertionError("no /%s/ after character %d of:\n%s" % (
                pattern, at, text))
        at = found.end()


def refuse(text, pattern):
    if re.search(pattern, text, re.M):
        raise AssertionError("unwanted /%s/ in:\n%s" % (pattern, text))


def test_target_alone_finds_symbols():
    with Server() as s:
        text = gdb(s, "info line", "p phase", extended=False)
        expect(text, r"_start \(\) at ", r"\$1 = 0")
        refuse(text, "[Ww]arning: [^r]|rror")


def test_tcp_serves_as_well():
    with Server(tcp=True) as s:
        expect(gdb(s, "p total"), r"\$1 = 0")


def test_condition_is_evaluated_by_the_server():
    with Server() as s:
        text = gdb(s, "break leaf if x == 5", "continue",
                   "info breakpoints", "bt", "p $_exitcode")
        expect(text, r"Breakpoint 1, leaf \(x=5\)", r"\(target evals\)",
               r"already hit 1 time", r"#1 .* in middle \(x=9\)",
               r"#2 .* in _start")


def test_condition_on_a_position_register():
    with Server() as s:
        expect(gdb(s, "break leaf if $hv_entry == 2", "continue",
                   "p $hv_entry", "bt 2"),
               r"Breakpoint 1, leaf", r"\$1 = 2", r"in middle \(x=4\)")


def test_reverse_commands_of_every_size():
    with Server() as s:
        expect(gdb(s, "break leaf if x == 3", "continue", "delete",
                   "reverse-finish", "reverse-next", "reverse-next",
                   "reverse-step", "bt 2", "reverse-stepi"),
               r"Breakpoint 1, leaf \(x=3\)", r"in middle \(x=9\)",
               r"^43\t", r"^42\t", r"leaf \(x=2\)", r"#1 .* in middle")


def test_ends_of_history_are_told():
    with Server() as s:
        expect(gdb(s, "continue", "stepi", "reverse-continue", "reverse-stepi",
                   "p $pc"),
               "No more reverse-execution history", "No more reverse",
               "No more reverse", "No more reverse", r"\$1 = .*_start>")


def test_watchpoint_forward():
    with Server() as s:
        expect(gdb(s, "watch total", "continue", "continue", "continue"),
               "Old value = 0\nNew value = 3", "Old value = 3\nNew value = 9",
               "Old value = 9\nNew value = 18")


def test_watchpoint_backward_undoes_the_write():
    with Server() as s:
        text = gdb(s, "break finish", "continue", "watch total", "rc", "x/i $pc",
                   "p total", "rc", "p total")
        expect(text, r"Old value = (\d+)\nNew value = ",
               r"=> .*mov +%rax,.*<total>", r"\$1 = ", r"New value = ")


def test_watch_and_break_with_conditions_both_ways():
    with Server() as s:
        expect(gdb(s, "watch phase if phase == 3", "continue", "p phase",
                   "delete", "tbreak fib if n == 0", "rc", "p n", "bt 1"),
               "New value = 3", r"\$1 = 3", r"fib \(n=0\)", r"\$2 = 0")


def test_hardware_breakpoint():
    with Server() as s:
        expect(gdb(s, "hbreak fib", "continue"),
               r"Breakpoint 1, fib \(n=6\)")


def test_two_hundred_breakpoints():
    with Server() as s:
        lines = ["break *%#x" % (0x401000 + i) for i in range(200)]
        # Nobody's instruction starts in the middle of another: no hits there.
        text = gdb(s, *lines, "monitor info breakpoints", "continue")
        expect(text, r"0 inserted", r"Breakpoint \d+, ")


def test_run_and_starti_travel():
    with Server() as s:
        text = gdb(s, "starti n2", "p phase", "run n3", "p phase",
                   "run 50%", "run end", "p phase", "run start",
                   "p phase", "run n9999", "run n1", "p phase")
        expect(text, r"\$1 = 2", r"\$2 = 4", r"\$3 = 4", r"\$4 = 0",
               r"failed", r"\$5 = 1")
        refuse(text, "SIGTRAP|SIGINT|internal-error")


def test_breakpoints_survive_travel():
    with Server() as s:
        expect(gdb(s, "break fib", "run n1", "continue"),
               r"Breakpoint 1, fib \(n=6\)")


def test_writing_the_past_is_refused_in_words():
    with Server() as s:
        expect(gdb(s, "set var phase = 7", "set var $rax = 1", "p phase",
                   "monitor status"),
               r"Cannot access memory", r"E01", r"\$1 = 0", "read-only")


def test_inferior_call_is_refused():
    with Server() as s:
        expect(gdb(s, "print leaf(3)", "p total"), r"E01|Cannot",
               r"\$1 = 0")


def test_monitor_helps_and_names_a_version():
    with Server() as s:
        expect(gdb(s, "monitor help", "monitor info version",
                   "monitor help goto", "monitor frobnicate",
                   "monitor goto yesterday", "monitor when"),
               "monitor goto MOMENT", "Chronovisor .*replay",
               "monitor goto MOMENT", "There is no command 'frobnicate'",
               "'yesterday' is not a moment", r"n0 ")


def test_helper_leaves_no_stale_caches():
    with Server() as s:
        text = gdb(s, "source " + HELPER, "p phase", "bt 1", "hv seek end",
                   "p phase", "p $hv_entry", "hv seek n1", "p phase",
                   "bt 1", "hv back", "p phase", "hv forward", "p phase",
                   "hv when")
        expect(text, r"\$1 = 0", r"\$2 = 4", r"\$3 = 3", r"\$4 = 1",
               r"\$5 = 4", r"\$6 = 1", r"n1 ")


def test_checkpoint_and_restart():
    with Server() as s:
        expect(gdb(s, "source " + HELPER, "break fib if n == 2", "continue",
                   "checkpoint here", "restart", "p phase",
                   "info checkpoints", "restart 1", "p n", "bt 1",
                   "delete checkpoint 1", "info checkpoints", "restart 7"),
               r"fib \(n=2\)", "c1 ", r"\$1 = 0", "c1 .*here", r"\$2 = 2",
               "No checkpoints", "no checkpoint 'c7'")


def test_last_write_is_found():
    with Server() as s:
        expect(gdb(s, "source " + HELPER, "hv seek end",
                   "hv last nodes[3].next", "p i", "p nodes[3].next"),
               r"New value = 0", r"\$1 = 3", r"\$2 = \(struct node \*\) 0x0")


def test_helper_says_what_went_wrong():
    with Server() as s:
        text = gdb(s, "source " + HELPER, "hv", "hv last nosuch",
                   "hv prompt maybe", "hv seek", "hv seek n2+99999999",
                   "hv seek n1", "hv when")
        expect(text, r"^usage: hv COMMAND, one of help, when, seek",
               r'^hv last: No symbol "nosuch"', r"^usage: hv prompt on\|off",
               r"^usage: hv seek", r"cannot be reached", r"n1 ")
        refuse(text, "Python Exception|Traceback")
        os.environ["CHV_TRACE_END"] = "4"
        try:
            expect(gdb(s, "source " + HELPER, "hv seek n99999999", "p phase"),
                   r"^hv seek: n99999999 is behind the end, which is n4",
                   r"\$1 = 1")
        finally:
            del os.environ["CHV_TRACE_END"]


def spawn(server, *lines):
    """GDB at a terminal, connected, with the helper."""
    import pexpect
    child = pexpect.spawn("gdb", ["-nx", "-q"], encoding="utf-8", timeout=60,
                          dimensions=(50, 200),
                          env=dict(os.environ, TERM="dumb"))
    child.expect_exact("(gdb) ")
    for line in ("set confirm off", "set width 0",
                 "target extended-remote " + server.address,
                 "source " + HELPER, *lines):
        child.sendline(line)
        child.expect_exact("(gdb) ")
    return child


def test_prompt_shows_the_position_and_stops_to():
    with Server() as s:
        child = spawn(s)
        child.sendline("hv prompt on")
        child.expect_exact("% n0) ")
        child.sendline("hv seek n1")
        child.expect_exact("% n1) ")
        child.sendline("hv prompt off")
        child.expect_exact("\n(gdb) ")
        child.sendline("hv seek n2")
        child.expect_exact("\n(gdb) ")
        child.sendline("quit")
        child.wait()


def test_ctrl_c_stops_a_seek():
    import pexpect
    with Server("-p", "1:5000") as s:
        child = spawn(s)
        child.sendline("hv seek end")
        time.sleep(0.3)
        child.sendintr()
        child.expect("Interrupted")
        child.expect_exact("(gdb) ")
        for _ in range(3):
            child.sendline("print 1000 + $hv_entry")
            child.expect(r"= 100[0-3]\r")
            child.expect_exact("(gdb) ")
        child.sendline("hv when")
        child.expect(r"n\d.* s .*%")
        child.sendline("quit")
        child.expect(pexpect.EOF)
        child.close()


def test_walk_forward_and_back_is_the_same():
    script = """
import gdb
def state():
    return [str(gdb.parse_and_eval(r)) for r in
            ("$pc", "$rsp", "$rax", "$eflags", "*(long *)$rsp", "total")]
gdb.execute("monitor goto n2", to_string=True)
gdb.execute("maintenance flush register-cache", to_string=True)
gdb.execute("maintenance flush dcache", to_string=True)
seen = []
for i in range(200):
    seen.append(state())
    gdb.execute("stepi", to_string=True)
bad = 0
for was in reversed(seen):
    gdb.execute("reverse-stepi", to_string=True)
    bad += state() != was
print("differences: %d" % bad)
"""
    with Server() as s, tempfile.NamedTemporaryFile("w", suffix=".py") as f:
        f.write(script)
        f.flush()
        expect(gdb(s, "source " + f.name), "^differences: 0")


def test_two_vcpus_are_two_threads():
    with Server("-2") as s:
        expect(gdb(s, "info threads", "stepi", "thread 2", "p $pc",
                   "info threads"),
               r'\* 1 +Thread 2.1 "d1v0"', r'2 +Thread 2.2 "d1v1"',
               r"Switching to thread 2", r"\$1 = .*_start>")


def test_search_and_compare():
    with Server() as s:
        expect(gdb(s, "find /b 0x401000, 0x401100, 0x0f, 0x05",
                   "compare-sections .text"),
               r"^0x4010", r"matched")


def test_kill_and_quit_only_let_go():
    with Server() as s:
        gdb(s, "break fib", "continue", "kill")
        gdb(s, "break fib", "continue", "detach")
        expect(gdb(s, "p 1 + 1"), r"\$1 = 2")


def test_ctrl_c_stops_a_search():
    import pexpect
    with Server("-p", "1:5000") as s:
        child = pexpect.spawn("gdb", ["-nx", "-q"], encoding="utf-8",
                              timeout=60, dimensions=(50, 200))
        child.expect_exact("(gdb) ")
        for line in ("set confirm off", "target remote " + s.address):
            child.sendline(line)
            child.expect_exact("(gdb) ")
        child.sendline("continue")
        child.expect("Continuing")
        time.sleep(0.3)
        child.sendintr()
        child.expect("received signal SIGINT")
        child.expect_exact("(gdb) ")
        child.sendline("print $hv_offset")
        child.expect(r"\$1 = \d+")
        child.expect_exact("(gdb) ")
        child.sendline("quit")
        child.expect(pexpect.EOF)
        child.close()


# ---- without GDB -----------------------------------------------------------

def packet(text):
    data = text.encode("latin-1")
    return b"$" + data + b"#%02x" % (sum(data) & 0xff)


def closed_by_server(sock):
    try:
        while sock.recv(4096):
            pass
        return True
    except ConnectionResetError:
        return True
    except socket.timeout:
        return False


def test_second_client_is_turned_away():
    for tcp in (False, True):
        with Server(tcp=tcp) as s:
            first = s.connect()
            first.sendall(packet("qC"))
            assert first.recv(100).startswith(b"+$QC")
            second = s.connect()
            assert closed_by_server(second)
            first.sendall(b"+" + packet("qC"))
            assert first.recv(100).startswith(b"+$QC")
            first.close()
            third = s.connect()
            third.sendall(packet("qC"))
            assert third.recv(100).startswith(b"+$QC")
            third.close()


def test_disconnect_at_every_byte():
    talk = (packet("qSupported:multiprocess+") + b"+" +
            packet("Z0,4010b0,1;X3,220127") + b"+" + packet("Z2,402000,8") +
            b"+" + packet("vCont;s:p1.1") + packet("vCont;c") + b"\x03")
    with Server() as s:
        for cut in range(len(talk) + 1):
            sock = s.connect()
            sock.sendall(talk[:cut])
            if cut % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            sock.close()
        sock = s.connect()
        sock.sendall(packet("qC"))
        assert sock.recv(100).startswith(b"+$QC")
        sock.close()


def test_garbage_streams():
    rng = random.Random(7)
    with Server() as s:
        for _ in range(40):
            sock = s.connect()
            try:
                sock.sendall(bytes(rng.choice(b"$#}+-\x03cgmMXZzqv0123;,:")
                                   for _ in range(3000)))
            except OSError:
                pass
            sock.close()
        sock = s.connect()
        sock.sendall(packet("qC"))
        assert sock.recv(100).startswith(b"+$QC")
        sock.close()


def test_too_long_packet_gets_an_error():
    with Server() as s:
        sock = s.connect()
        sock.sendall(packet("m" + "0" * 40000))
        assert sock.recv(100).startswith(b"+$E01#")
        sock.close()


def main():
    tests = [(name, f) for name, f in sorted(globals().items())
             if name.startswith("test_")]
    if shutil.which("gdb") is None:
        print("gdb_test: skipped: GDB is not installed (make deps)")
        return 0
    failed = 0
    only = os.environ.get("ONLY")
    for name, function in tests:
        if only and only not in name:
            continue
        try:
            function()
            print("ok   " + name, flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print("FAIL %s: %s" % (name, error), flush=True)
    print("gdb_test: %d failed" % failed)
    return 1 if failed else 0


sys.exit(main())
