#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""chv as people use it: verbs, exit statuses, scripts, and the shell.

    shell_test.py CHV MAKE_TRACE
"""

import json
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile

CHV, MAKE_TRACE = map(os.path.abspath, sys.argv[1:3])
DIR = tempfile.mkdtemp(prefix="chv-shell-test-")
TRACE = os.path.join(DIR, "web.trace")
CUT = os.path.join(DIR, "cut.trace")
HAS_XEN = os.path.exists("/dev/xen/privcmd")


def chv(*args, status=0, stdin=""):
    """Run chv; its standard output and error."""
    done = subprocess.run([CHV, *args], input=stdin, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          errors="replace", check=False)
    if done.returncode != status:
        raise AssertionError("chv %s: status %d, not %d\n%s%s" % (
            " ".join(args), done.returncode, status, done.stdout,
            done.stderr))
    assert "\x1b" not in done.stdout + done.stderr, "a raw escape came out"
    return done.stdout, done.stderr


def expect(text, *patterns):
    for pattern in patterns:
        if not re.search(pattern, text, re.M):
            raise AssertionError("no /%s/ in:\n%s" % (pattern, text))


def test_help_names_every_verb():
    out, _ = chv("help")
    for verb in ("create", "list", "trace", "hypercalls", "symbols", "run"):
        expect(out, r"^  %s " % verb)
        expect(chv("help", verb)[0], r"^usage: chv %s" % verb)
    expect(chv("trace", "--help")[0], "Exit status: 5")


def test_mistakes_get_one_line_and_status_2():
    for args, says in ((["lsit"], "did you mean 'list'"),
                       (["frobnicate"], "see 'chv help'"),
                       (["trace"], "usage: chv trace"),
                       (["trace", "shred", TRACE], "usage: chv trace"),
                       (["hypercalls"], "usage"),
                       (["events", TRACE, "typ==TIMER"], "'type'"),
                       (["hypercalls", TRACE, "-e", "mmu"], "no hypercall"),
                       (["hypercalls", TRACE, "-e", ""], "chv: -e ''"),
                       (["hypercalls", TRACE, "-e", "!"], "chv: -e '!'"),
                       (["hypercalls", TRACE, "--from", "x"],
                        "chv: --from 'x': not a number"),
                       (["hypercalls", TRACE, "err==EFOO"], "no err 'EFOO'"),
                       (["hypercalls", TRACE, "name==nosuch"], "'nosuch'"),
                       (["hypercalls", TRACE, "op!=blok"], "mean 'block'?"),
                       (["hypercalls", "result<0", TRACE],
                        "'result<0' is no file: the trace comes first"),
                       (["events", TRACE, "type==timer"], "mean 'TIMER'?"),
                       (["events", "type==TIMER", TRACE], "is no file"),
                       (["events", TRACE, "-n", "0"], "chv: -n 0"),
                       (["events", "--list-fields", TRACE], "usage"),
                       (["hypercalls", "--list-fields", TRACE], "usage"),
                       (["hypercalls", TRACE, "--foo"],
                        "chv: hypercalls: unrecognized option '--foo'"),
                       (["trace", "verify", TRACE, "--json"], "no --json"),
                       (["trace", "info", TRACE, "--from", "1"],
                        "for 'trace dump'"),
                       (["trace", "dump", TRACE, "--from", "9", "--to", "8"],
                        "--from 9 is behind --to 8"),
                       (["trace", "dump", TRACE, "--stream", "x"], "stream"),
                       (["symbols"], "usage"), (["-c"], "needs"),
                       (["version", "x"], "usage: chv version"),
                       (["--version", "x"], "usage: chv version"),
                       (["help", "list", "x"], "usage: chv help"),
                       (["re"], "several verbs"),
                       (["-c", "help", "list"], "-c 'help list'"),
                       (["-x", DIR, "y"], "'y' behind -x")):
        out, err = chv(*args, status=2)
        assert out == "", out
        expect(err, re.escape(says))


def test_trace_info_says_what_it_is():
    out, _ = chv("trace", "info", TRACE)
    expect(out, r"web\\x1b\[2J", "complete: shutdown, code 0 at entry 20",
           "replay +1 +5 ", "history +1 +7 ", "128.0 MiB")
    info = json.loads(chv("trace", "info", TRACE, "--json")[0])
    assert info["complete"] and info["streams"]["history"]["records"] == 7


def test_trace_verify_and_dump():
    expect(chv("trace", "verify", TRACE)[0], "^good: 2 chunks, 12 records")
    out, _ = chv("trace", "dump", TRACE)
    assert len(out.splitlines()) == 12
    expect(out, r'MARK entry=9 text="hello\\x1b\[31m"')
    lines = chv("trace", "dump", TRACE, "--json", "--stream", "replay")[0]
    records = [json.loads(line) for line in lines.splitlines()]
    assert [r["type"] for r in records] == [
        "TIMER", "EVENT", "MARK", "FINAL", "END"]
    assert records[1]["offset"] == 44


def test_events_are_filtered():
    expect(chv("events", TRACE)[0], "TIMER .*deadline_ns=1000", "port=7")
    out, _ = chv("events", TRACE, "type==EVENT && port==7")
    assert len(out.splitlines()) == 1
    assert chv("events", TRACE, "entry>100")[0] == ""
    expect(chv("events", "--list-fields")[0], "^port +number")


def test_hypercalls_read_like_strace():
    out, _ = chv("hypercalls", TRACE)
    expect(out, r"^n2 +xen_version\(get_features, arg=0x1000\) = 0",
           r"^n6 +mmu_update\(ureqs=.*\) = -EINVAL", r"sched_op\(block",
           r"^n7 +  mmu_update\(", r"hypercall#59\(#3, arg=",
           r"event_channel_op\(send, arg=0x2000\) = 0")
    assert len(chv("hypercalls", TRACE, "result<0")[0].splitlines()) == 1
    assert len(chv("hypercalls", TRACE, "err==EINVAL")[0].splitlines()) == 1
    assert len(chv("hypercalls", TRACE, "-e", "mmu_update")[0]
               .splitlines()) == 3
    assert len(chv("hypercalls", TRACE, "-e", "!mmu_update")[0]
               .splitlines()) == 4
    assert len(chv("hypercalls", TRACE, "--from", "6", "--to", "9")[0]
               .splitlines()) == 4
    assert len(chv("hypercalls", TRACE, "-n", "2")[0].splitlines()) == 2
    assert "4294967295" not in out
    assert json.loads(chv("hypercalls", TRACE, "err==EINVAL", "--json")[0]
                      )["subop"] is None
    assert len(chv("hypercalls", TRACE, "subop>=0")[0].splitlines()) == 6
    expect(chv("hypercalls", TRACE, "--from", "99", status=3)[1],
           "ends at entry 20, before --from 99")
    call = json.loads(chv("hypercalls", TRACE, "--json", "-n", "1")[0])
    assert call["name"] == "xen_version" and call["args"][1] == "0x1000"


def test_hypercalls_are_counted():
    out, err = chv("hypercalls", "-c", TRACE)
    expect(out, r"^ 42.86 +3 +1 mmu_update$", r"^100.00 +7 +1 total$")
    assert err == "", err
    expect(chv("hypercalls", "--by-op", TRACE)[0], r"sched_op\(block\)",
           r"^ 28.57 +2 +mmu_update$", r"^ 14.29 +1 +1 mmu_update$")
    summary = json.loads(chv("hypercalls", "-c", "--json", TRACE)[0])
    assert summary["calls"] == 7 and summary["errors"] == 1


def test_bad_traces_are_told_apart():
    empty = os.path.join(DIR, "empty")
    open(empty, "w").close()
    flipped = os.path.join(DIR, "flipped")
    data = bytearray(open(TRACE, "rb").read())
    data[4096 + 200] ^= 1
    open(flipped, "wb").write(data)
    fifo = os.path.join(DIR, "fifo")
    os.mkfifo(fifo)
    for what in ("info", "verify", "dump"):
        for path in (empty, fifo, DIR, CHV):
            chv("trace", what, path, status=5)
        chv("trace", what, os.path.join(DIR, "none"), status=3)
        chv("trace", what, CUT, status=6)
    for args in (["info"], ["info", "--json"], ["verify"], ["dump"]):
        expect(chv("trace", args[0], CUT, *args[1:], status=6)[1],
               "^chv: .*cut.trace: cut: trace ends at record .*to entry 12$")
    head = os.path.join(DIR, "head")
    open(head, "wb").write(data[:4096])
    expect(chv("trace", "info", head, status=5)[1], "^chv: .*head: trace ends")
    expect(chv("trace", "verify", flipped, status=5)[1], "at byte 4096")
    for size in range(0, len(data), 61):
        short = os.path.join(DIR, "short")
        open(short, "wb").write(data[:size])
        done = subprocess.run([CHV, "trace", "verify", short], timeout=60,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        assert done.returncode in (5, 6), (size, done)
        assert done.stderr.count(b"\n") == 1, done


def test_scripts_stop_at_the_first_failure():
    script = os.path.join(DIR, "script")
    open(script, "w").write("# a comment\nversion; version\n\n"
                            "trace info /nonexistent\nversion\n")
    out, err = chv("-x", script, status=3)
    assert out.count("Chronovisor") == 2
    expect(err, "stopped at line 4")
    assert chv(stdin="version\nquit\nversion\n")[0].count("chv ") == 1
    out, _ = chv("-c", "version", "-c", "trace verify '%s'" % TRACE)
    expect(out, "^good:")
    chv("-c", "version 'x", status=2)
    expect(chv("-x", DIR, status=1)[1], "^chv: .*: it cannot be read: ")
    expect(chv("vers")[0], "Chronovisor")


def test_dom0_verbs_say_where_they_belong():
    if HAS_XEN:
        return
    for args in (["list"], ["pause", "x"], ["destroy", "x", "--force"],
                 ["console", "x"], ["symbols", "x"], ["record", "status", "x"],
                 ["create", "x", "--kernel", CHV]):
        expect(chv(*args, status=1)[1], "not dom0 of Chronovisor")
    chv("create", "x", "--kernel", "/nonexistent", status=3)


def bzimage(path, size):
    """The head of one that says it has 1 MiB, and takes 48 MiB of memory."""
    image = bytearray(size)
    struct.pack_into("<BxxI", image, 0x1f1, 1, (1 << 20) // 16)
    struct.pack_into("<H", image, 0x1fe, 0xaa55)
    struct.pack_into("<4sH", image, 0x202, b"HdrS", 0x20f)
    struct.pack_into("<QI", image, 0x258, 16 << 20, 32 << 20)
    open(path, "wb").write(image)


def test_create_refuses_in_one_line():
    good, cut, empty = (os.path.join(DIR, name) for name in
                        ("good.bz", "cut.bz", "empty.bz"))
    bzimage(good, (1 << 20) + 1024)
    bzimage(cut, 1 << 19)
    open(empty, "w").close()
    kernel = ["--kernel", good]
    for args, status, says in (
            (["x"], 2, "--kernel is missing"),
            (["12"] + kernel, 2, "'12' cannot be a name"),
            (["0x1f"] + kernel, 2, "cannot be a name"),
            ([""] + kernel, 2, "cannot be a name"),
            (["a b"] + kernel, 2, "cannot be a name"),
            (["a\x1b"] + kernel, 2, r"'a\\x1b' cannot be a name"),
            (["a" * 64] + kernel, 2, "up to 63 letters"),
            (["dom0"] + kernel, 2, "cannot be a name"),
            (kernel + ["--", "-x"], 2, "cannot be a name"),
            (["x", "--kernel", cut], 1, "cut or damaged: 524288 bytes of"),
            (["x", "--kernel", empty], 1, "is empty"),
            (["x", "--kernel", DIR], 1, "is a directory"),
            (["x", "--kernel", "/dev/null"], 1, "no regular file"),
            (["x", "--kernel", TRACE], 1, "neither a bzImage nor an ELF"),
            (["x", "--initrd", DIR] + kernel, 1,
             re.escape(DIR) + ": is a directory"),
            (["x", "--memory", "1M"] + kernel, 1, "the least is 64M"),
            (["x", "--memory", "64M", "--initrd", good] + kernel, 1,
             "the least is 67M"),
            (["x", "--memory", "much"] + kernel, 2, "such as 256M"),
            (["x", "--record", good] + kernel, 1,
             "it exists: choose another name, or remove it"),
            (["x", "--record", "/nonexistent/x"] + kernel, 3,
             "directory /nonexistent")):
        out, err = chv("create", *args, status=status)
        assert out == "" and err.count("\n") == 1, (args, err)
        expect(err, "^chv: .*" + says)


def images():
    folder = os.path.join(DIR, "images")
    os.makedirs(folder, exist_ok=True)
    for name in ("chronovisor", "vmlinuz-amd64", "dom0.cpio"):
        open(os.path.join(folder, name), "w").close()
    return folder


def test_host_verbs_build_their_command_line():
    folder = images()
    out, _ = chv("run", "--dry-run", "--image-dir", folder, "--memory", "2G",
                 "--icount", "--exec", "chv list, please")
    expect(out, "-accel tcg,thread=single -smp 1 ", "-m 2048",
           "-icount shift=0,sleep=off", "-kernel %s/chronovisor" % folder,
           r'chrono.exec="chv list,, please",%s/dom0.cpio' % folder)
    window = os.path.join(DIR, "window")
    out, _ = chv("run", "--dry-run", "--image-dir", folder, "--kernel", CHV,
                 "--cmdline", "a='b'", "--trace", window, "--trace-size",
                 "16M")
    expect(out, "dom0less record=window", "ivshmem-plain,memdev=trace",
           "size=16777216,mem-path=" + re.escape(window))
    assert os.path.getsize(window) == 16 << 20
    chv("run", "--dry-run", "--image-dir", DIR, status=3)
    chv("run", "--dry-run", "--memory", "much", status=2)
    chv("run", "--dry-run", "--exec", 'a "b"', status=2)
    chv("run", "--image-dir", folder, "--qemu", "/nonexistent/qemu", status=3)


def test_host_checks_files_and_sizes_first():
    folder = images()
    def run(*args, status=1):
        return chv("run", "--dry-run", "--image-dir", folder, *args,
                   status=status)[1]
    expect(run("--kernel", DIR), "^chv: .*not a regular file")
    expect(run("--kernel", CHV, "--initrd", DIR), "not a regular file")
    expect(run("--kernel", os.path.join(DIR, "none"), status=3), "No such")
    for size in ("1M", "256", "100000G"):
        expect(run("--memory", size, status=2),
               "--memory %s: give a size from 24M to 64G" % size)
    expect(run("--memory", "24M", "--kernel", CHV), "needs [0-9]+M at least")
    for option in ("--memory", "--trace-size"):
        for size in ("256MB", "256m", "x"):
            expect(run(option, size, status=2), "^chv: %s '%s': .*K, M, G or T"
                   % (option, size))
    expect(run("--nonsense", status=2), "^chv: run: .*--nonsense")


def test_host_overwrites_no_recording():
    folder = images()
    path = os.path.join(DIR, "old")
    def run(*args, status=1):
        return chv("run", "--dry-run", "--image-dir", folder, "--kernel", CHV,
                   "--trace", path, *args, status=status)[1]
    for size in ("3M", "512K", "4000G"):
        expect(run("--trace-size", size, status=2), "power of two from 1M")
        assert not os.path.exists(path)
    open(path, "w").write("x" * 3000)
    expect(run(), "holds something")
    shutil.copy(TRACE, path)
    before = open(path, "rb").read()
    expect(run(), "holds a recording: .*--force")
    run("--kernel", DIR, "--force")
    assert open(path, "rb").read() == before
    run("--force", "--trace-size", "2M", status=0)
    assert open(path, "rb").read() == bytes(2 << 20)
    run("--trace-size", "4M", status=0)
    assert os.path.getsize(path) == 2 << 20
    os.truncate(path, 3000)
    expect(run(), "power of two")
    os.unlink(path)
    chv("run", "--image-dir", folder, "--kernel", CHV, "--trace", path,
        "--qemu", "/bin/false", status=1)
    assert not os.path.exists(path)


def fake_qemu(*lines, status=1):
    """A program that says these lines and ends."""
    path = os.path.join(DIR, "qemu")
    with open(path, "w", encoding="ascii") as script:
        script.write("#!/bin/sh\nprintf '%%b' '%s'\nexit %d\n"
                     % ("\\r\\n".join(lines), status))
    os.chmod(path, 0o755)
    return path


GOOD_END = "(hv) machine ends with status 0"


def test_host_believes_the_hypervisor_alone():
    folder = images()
    def run(*lines, qemu=1, status=0):
        return chv("run", "--image-dir", folder, "--kernel", CHV, "--qemu",
                   fake_qemu(*lines, status=qemu), status=status)
    out, _ = run("hello", GOOD_END)
    expect(out, "^hello$")
    run("no newline" + GOOD_END)
    expect(run(status=1)[1], "before the hypervisor said anything")
    expect(run("(hv) Chronovisor", status=1)[1], "did not say")
    expect(run("(hv) machine ends with status 3", status=1)[1], "did not say")
    run("(hv) machine reboots", qemu=0)
    run("QEMU: Terminated", qemu=0)
    expect(run("(hv) d1 starts", qemu=0, status=1)[1], "before its machine")
    run("(hv) machine ends with status 2", qemu=5, status=1)
    run("(hv) machine ends with status 5", qemu=11, status=4)
    run("(hv) machine ends with status 6", qemu=13, status=5)
    expect(run("(hv) d1: at entry 0 + 0: no memory left for its frames",
               "(hv) machine ends with status 6", qemu=13, status=1)[1],
           "--memory")


def test_host_returns_the_status_of_exec():
    folder = images()
    def run(*lines, status):
        return chv("run", "--image-dir", folder, "--exec", "x", "--qemu",
                   fake_qemu(*lines), status=status)[1]
    assert run("chrono: exec status 0", GOOD_END, status=0) == ""
    expect(run("chrono: exec status 7", GOOD_END, status=7), "status 7")
    expect(run(GOOD_END, status=1), "before the command")


def test_host_replay_follows_the_trace():
    if HAS_XEN:
        return
    folder = images()
    start = os.path.join(DIR, "start.trace")
    subprocess.run([MAKE_TRACE, start, "start"], check=True)
    padded = os.path.join(DIR, "padded.trace")
    shutil.copy(start, padded)
    os.truncate(padded, 1 << 20)
    def replay(path, *args, status=0):
        return chv("replay", path, "--image-dir", folder, *args,
                   status=status)
    out, _ = replay(padded, "--dry-run")
    expect(out, "-icount shift=0", "replay=window", "share=off", "-m 1024")
    assert "-initrd" not in out
    replay(start, "--dry-run")
    expect(replay(padded, "--no-icount", status=1)[1], "exact positions")
    expect(replay(padded, "--memory", "100M", status=1)[1],
           "has 128M, its replay needs 144M")
    replay(CHV, status=5)
    replay(padded, "--qemu", fake_qemu("hello", GOOD_END))
    replay(padded, "--qemu", "/bin/false", status=1)
    replay(padded, "--qemu", fake_qemu("(hv) machine reboots", status=0),
           status=1)
    replay(padded, "--qemu", fake_qemu("QEMU: Terminated", status=0),
           status=130)


def test_host_checks_the_start_of_a_trace():
    if HAS_XEN:
        return
    folder = images()
    broken = os.path.join(DIR, "broken.trace")
    subprocess.run([MAKE_TRACE, broken, "broken"], check=True)
    flipped = os.path.join(DIR, "flipped.trace")
    subprocess.run([MAKE_TRACE, flipped, "start"], check=True)
    with open(flipped, "r+b") as f:
        f.seek(4096 + 128 + 2)
        f.write(b"\xff")
    for verb in ("replay", "gdb"):
        for path in (TRACE, broken, flipped):
            expect(chv(verb, path, "--image-dir", folder, "--qemu",
                       "/bin/true", status=5)[1],
                   "%s: .*its start is not whole" % path)


def test_gdb_says_why_there_is_no_server():
    if HAS_XEN:
        return
    folder = images()
    path = os.path.join(DIR, "gdb.trace")
    subprocess.run([MAKE_TRACE, path, "start"], check=True)
    def gdb(*args, status=1):
        return chv("gdb", path, "--image-dir", folder, *args, status=status)
    out, _ = gdb("--dry-run", status=0)
    expect(out, 'chrono.exec="chv gdb window --serial"', "chardev:com2",
           "share=off")
    chv("gdb", status=2)
    expect(gdb("--listen", "1", status=2)[1], "^chv: gdb: --listen")
    gdb("--symbols", os.path.join(DIR, "none"), status=3)
    gdb("--symbols", DIR)
    gdb("--qemu", "/nonexistent/qemu", status=3)
    _, err = gdb("--qemu", fake_qemu("chv: the trace is of another machine",
                                     "chrono: exec status 5", GOOD_END),
                 status=5)
    expect(err, "^chv: no GDB server came up: the trace is of another machine")
    log = re.search(r"all of it: (\S+)/log", err)[1]
    shutil.rmtree(log)
    _, err = gdb("--qemu", fake_qemu("(hv) d1: no memory left",
                                     "chrono: exec status 5", GOOD_END))
    expect(err, "give it more with --memory")
    shutil.rmtree(re.search(r"all of it: (\S+)/log", err)[1])
    expect(gdb("--memory", "600M")[1], "needs 672M at least")
    _, err = gdb("--qemu", "/bin/false")
    expect(err, "the hypervisor said nothing")
    shutil.rmtree(re.search(r"all of it: (\S+)/log", err)[1])


def test_symbols_need_a_kernel():
    chv("symbols", "--image", "/nonexistent", status=3)
    expect(chv("symbols", "--image", TRACE, status=1)[1], "ELF")
    chv("symbols", "--image", CHV, "-o", os.path.join(DIR, "s"), status=3)


def test_symbols_overwrite_what_was_named_only():
    here = os.getcwd()
    os.chdir(DIR)
    try:
        open("symbols.elf", "w").write("mine")
        expect(chv("symbols", "--image", CHV, status=1)[1],
               "symbols.elf is there already: .*--force")
        assert open("symbols.elf").read() == "mine"
        chv("symbols", "--image", CHV, "--force", status=3)
        chv("symbols", "--image", CHV, "-o", "symbols.elf", status=3)
    finally:
        os.chdir(here)


def test_full_output_is_an_error():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([CHV, "help"], stdout=full, timeout=60,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1, done


def spawn(**env):
    import pexpect
    home = os.path.join(DIR, "home")
    os.makedirs(home, exist_ok=True)
    variables = dict(os.environ, HOME=home, TERM="dumb", INPUTRC="/dev/null",
                     **env)
    variables.pop("XDG_STATE_HOME", None)
    child = pexpect.spawn(CHV, encoding="utf-8", timeout=30, env=variables,
                          dimensions=(40, 200))
    child.expect_exact("chv> ")
    return child


def test_shell_runs_verbs_and_survives_mistakes():
    child = spawn()
    child.sendline("trace verify '%s'" % TRACE)
    child.expect("good: 2 chunks")
    child.expect_exact("chv> ")
    child.sendline("lsit; version")
    child.expect("did you mean 'list'")
    child.expect_exact("chv> ")
    child.sendline("version; trace info x 'y")
    child.expect("a quote is not closed")
    child.expect_exact("chv> ")
    child.sendeof()
    child.wait()
    assert child.exitstatus == 0


def test_shell_completes():
    child = spawn()
    child.send("hyperc\t")
    child.expect_exact("hypercalls ")
    child.send("--summ\t")
    child.expect_exact("--summary ")
    child.send("\x15")
    child.send("trace ver\t")
    child.expect_exact("verify ")
    child.send("'%s\t" % TRACE[:-3])
    child.expect_exact("web.trace")
    child.send("\x15")
    child.sendline("quit")
    child.wait()


def test_shell_names_files_only_where_they_fit():
    child = spawn()
    for line in ("list ", "trace ", "record status ", "help trace ",
                 "destroy ", "destroy x ", "destroy --force "):
        child.send(line + TRACE[:-3] + "\t")
        child.expect_exact("\a")
        child.send("\x15")
    for line in ("create a --kernel ", "record attach a --output ", "gdb ",
                 "events "):
        child.send(line + TRACE[:-3] + "\t")
        child.expect_exact("web.trace")
        child.send("\x15")
    child.sendline("quit")
    child.wait()


def test_shell_leaves_a_search_by_an_interrupt():
    child = spawn()
    child.sendline("version")
    child.expect_exact("chv> ")
    child.send("\x12vers")
    child.expect_exact("reverse-i-search")
    child.sendintr()
    child.expect_exact("chv> ")
    child.sendline("help help")
    child.expect_exact("usage: chv help [VERB]")
    child.kill(signal.SIGTERM)
    child.wait()
    assert child.signalstatus == signal.SIGTERM


def test_shell_asks_the_terminal_for_its_size():
    import pexpect
    script = ("import fcntl, os, struct, sys, termios; "
              "fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('4H', 0, 0, 0, "
              "0)); os.execv(sys.argv[1], sys.argv[1:])")
    for answer, columns in (("\x1b[50;132R", 132), ("", 0), ("junk", 0)):
        child = pexpect.spawn(sys.executable, ["-c", script, CHV],
                              encoding="utf-8", timeout=30,
                              env=dict(os.environ, HOME=DIR, TERM="vt100"))
        child.expect_exact("\x1b[6n")
        child.send(answer)
        child.expect_exact("chv> ")
        assert child.getwinsize()[1] == columns, (answer, child.getwinsize())
        child.send("\x15")
        child.sendline("version")
        child.expect_exact("chv (Chronovisor)")
        child.sendline("quit")
        child.wait()


def test_shell_keeps_a_private_history():
    child = spawn()
    child.sendline("version")
    child.expect_exact("chv> ")
    child.sendline("quit")
    child.wait()
    path = os.path.join(DIR, "home/.local/state/chv/history")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    expect(open(path).read(), "^version$")
    child = spawn()
    child.send("\x10\x10\r")
    child.expect("Chronovisor")
    child.sendline("quit")
    child.wait()


def test_shell_throws_an_interrupted_line_away():
    child = spawn()
    child.send("versi")
    child.sendintr()
    child.sendline("version")
    child.expect_exact("chv (Chronovisor)")
    child.sendline("quit")
    child.wait()
    assert child.exitstatus == 0


def main():
    failed = 0
    subprocess.run([MAKE_TRACE, TRACE], check=True)
    subprocess.run([MAKE_TRACE, CUT, "unfinished"], check=True)
    only = os.environ.get("ONLY")
    for name, function in sorted(globals().items()):
        if not name.startswith("test_") or (only and only not in name):
            continue
        try:
            function()
            print("ok   " + name, flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print("FAIL %s: %s" % (name, error), flush=True)
    shutil.rmtree(DIR)
    print("shell_test: %d failed" % failed)
    return 1 if failed else 0


sys.exit(main())
