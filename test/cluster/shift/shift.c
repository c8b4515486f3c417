// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// shift SECONDS COMMAND...: runs a command with a wall clock that is off; its monotonic clock is right.
//
// A library that is preloaded (test/e2e/clock.c) does not reach a Go program, which reads the clock in the vDSO, and a time namespace
// does not shift the wall clock. So the vDSO is struck from the list that the kernel gives to the new program (its auxiliary vector),
// which then asks the kernel; and a seccomp filter has the kernel ask us. What the command starts in its turn still has its own vDSO.
// The command dies with us.

#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 100000 // of arguments and environment, before the auxiliary vector

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

// From here on the wall clock is asked for at the returned descriptor, by this process and by those that it starts.
static int install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME_COARSE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);

	if (fd < 0)
		fail("seccomp");
	return fd;
}

// Where the stack of a program that has just begun ends: its count of arguments stands there.
static uintptr_t stack_start(pid_t pid)
{
	char path[64], text[1024], *at;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		fail(path);
	(void)fclose(file);
	// The name, in parentheses, is field 2; the one that we want is field 28.
	at = strrchr(text, ')');
	for (int field = 2; at && field < 28; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		fail(path);
	return strtoul(at, NULL, 10);
}

static long peek(pid_t pid, uintptr_t at)
{
	errno = 0;
	long word = ptrace(PTRACE_PEEKDATA, pid, (void *)at, NULL);

	if (errno)
		fail("ptrace: peek");
	return word;
}

static void hide_vdso(pid_t pid)
{
	uintptr_t at = stack_start(pid) + sizeof(long);
	int ends = 0;

	// Arguments and environment, each up to a null.
	for (int i = 0; i < WORDS_MAX && ends < 2; i++, at += sizeof(long))
		ends += peek(pid, at) == 0;
	for (long type; (type = peek(pid, at)) != AT_NULL; at += 2 * sizeof(long)) {
		if (type == AT_SYSINFO_EHDR && ptrace(PTRACE_POKEDATA, pid, (void *)at, (void *)AT_IGNORE) != 0)
			fail("ptrace: poke");
	}
}

static pid_t start(char **command)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			(void)execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		exit(127);
	hide_vdso(pid);
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL) != 0)
		fail("ptrace: detach");
	return pid;
}

static void answer(int listener, int64_t seconds)
{
	struct seccomp_notif question = {0};
	struct seccomp_notif_resp response = {0};
	struct timespec now;
	struct iovec from = {&now, sizeof(now)}, to = {NULL, sizeof(now)};

	// A client that was killed meanwhile wants no answer.
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0)
		return;
	if (timespec_get(&now, TIME_UTC) == 0)
		fail("clock");
	now.tv_sec += seconds;
	to.iov_base = (void *)(uintptr_t)question.data.args[1];
	response.id = question.id;
	if (process_vm_writev((pid_t)question.pid, &from, 1, &to, 1, 0) != (ssize_t)sizeof(now))
		response.error = -EFAULT;
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

int main(int argc, char **argv)
{
	int64_t seconds;
	int listener, status;
	pid_t pid;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: shift SECONDS COMMAND...\n");
		return 2;
	}
	seconds = strtoll(argv[1], NULL, 10);
	listener = install_filter();
	pid = start(argv + 2);
	for (;;) {
		struct pollfd waiting = {.fd = listener, .events = POLLIN};

		if (poll(&waiting, 1, 100) > 0 && (waiting.revents & POLLIN))
			answer(listener, seconds);
		else if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
}
