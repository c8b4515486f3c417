// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/exhausted.h"

// More than any system has.
#define TOO_MUCH ((size_t)1 << 62)

static void ask_for_too_much(void)
{
	(void)arena_alloc(arena_new(), TOO_MUCH);
}

// A program without memory: its last words, and its end.
static void assert_ends(void (*end)(void))
{
	char text[200] = {0};
	int fds[2], status;
	ssize_t n;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(fds[1], STDERR_FILENO);
		end();
		_exit(0);
	}
	assert_true(child > 0);
	(void)close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	assert_string_equal(text, "out of memory: the program ends\n");
	(void)close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_exhausted(void **state)
{
	(void)state;
	assert_ends(memory_is_exhausted);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	// A sanitizer's allocator has its own words.
	assert_ends(ask_for_too_much);
#else
	(void)ask_for_too_much;
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_exhausted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
