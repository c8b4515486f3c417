#!/usr/bin/python3 -IS
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a command: spent.py OUT COMMAND... Its standard output goes to the file OUT; prints its status, its seconds, those of a processor, and the most MiB that it had.

A small process of its own, since what the kernel counts as a child's memory begins with that of the process that started it."""
import os
import sys
import time

started = time.monotonic()
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
