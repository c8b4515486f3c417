# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Starts testkit's stub servers by a fork of a process that has imported them already.

A run starts some thousands of them, and most of what one costs is Python's own start and a grammar that is built. Each is still a
process by itself, with the same arguments, pipes, signals and exit status.
"""
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import types


class Stub:
    """As much of subprocess.Popen as testkit uses."""

    def __init__(self, status, stdout, stderr):
        self.status, self.ended = status, None
        self.stdout, self.stderr = (os.fdopen(fd, "r", encoding="utf-8") for fd in (stdout, stderr))
        self.pid = int(os.read(status, 32))

    def __del__(self):
        os.close(self.status)

    @property
    def returncode(self):
        """Testkit looks here after a signal found no process, too: then the status is on its way."""
        if self.ended is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, 0)
                return None
            self.wait()
        return self.ended

    def poll(self):
        if self.ended is None and select.select([self.status], [], [], 0)[0]:
            self.ended = os.waitstatus_to_exitcode(int(os.read(self.status, 32)))
        return self.ended

    def wait(self):
        if self.ended is None:
            select.select([self.status], [], [])
        return self.poll()

    def kill(self):
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, signal.SIGKILL)


def become_stub(arguments, stdout, stderr):
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    sys.argv = ["boltstub", *arguments]
    status = 1
    try:
        import boltstub.__main__
        boltstub.__main__.main()
    except SystemExit as end:
        status = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def watch_over(arguments, stdout, stderr, status):
    """Tells the stub's process number, and how it ended once it has."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(status)
        become_stub(arguments, stdout, stderr)
    os.close(stdout)
    os.close(stderr)
    os.write(status, b"%d" % child)
    ended = os.waitpid(child, 0)[1]
    with contextlib.suppress(BrokenPipeError):  # nobody may want to know any more
        os.write(status, b"%d" % ended)
    os._exit(0)


def serve(channel):
    import boltstub.__main__  # noqa: F401 (this is what starting costs)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 65536, 3)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            channel.close()
            watch_over(json.loads(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def install():
    """To be called before there is a second thread."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        serve(theirs)
    theirs.close()

    def start(command, **_options):
        stdout, stderr, status = os.pipe(), os.pipe(), os.pipe()
        assert command[1:3] == ["-m", "boltstub"], command
        socket.send_fds(ours, [json.dumps(command[3:]).encode()], [stdout[1], stderr[1], status[1]])
        for pipe in (stdout, stderr, status):
            os.close(pipe[1])
        return Stub(status[0], stdout[0], stderr[0])

    import tests.stub.shared
    tests.stub.shared.subprocess = types.SimpleNamespace(Popen=start, PIPE=subprocess.PIPE)
