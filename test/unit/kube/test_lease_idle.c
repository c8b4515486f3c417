// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D7: a lease while nothing happens: the machine sleeps, or another process has it.

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "lease_world.h"

static _Atomic int64_t asleep_s;

// The system's call, on a machine that has slept: only the clock that counts sleep has gone on. Found before the C library's.
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (r == 0 && id == CLOCK_BOOTTIME)
		ret->tv_sec += atomic_load(&asleep_s);
	return r;
}

// A laptop is closed, or a virtual machine is stopped: another has taken the lease meanwhile, and nothing may go on that trusts in it.
static void test_runs_out_while_the_machine_sleeps(void **state)
{
	struct world world;
	struct lease *lease;

	(void)state;
	begin(&world);
	lease = make(&world, &(struct lease_options){.identity = "me"});
	assert_int_equal(lease_step(lease), 5000);
	assert_in_range(lease_left_ms(lease), 20000, 30000);
	assert_false(lease_is_lost(lease));
	atomic_store(&asleep_s, 31);
	assert_int_equal(lease_left_ms(lease), 0);
	assert_false(lease_is_held(lease));
	assert_true(lease_is_lost(lease));
	set(&world, NO_FAULT, "rival");
	assert_int_equal(lease_step(lease), -1);
	atomic_store(&asleep_s, 0);
	lease_free(lease);
	end(&world);
}

static void read_log(FILE *log, char *text, size_t size)
{
	(void)fflush(stderr);
	rewind(log);
	text[fread(text, 1, size - 1, log)] = '\0';
}

// An idle process says for whom it waits: once, again when that is another, and now and then.
static void test_tells_for_whom_it_waits(void **state)
{
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	struct world world;
	struct lease *lease;
	char text[8192];

	(void)state;
	assert_non_null(log);
	begin(&world);
	set(&world, NO_FAULT, "the first");
	lease = make_mine(&world);
	log_set_level(LOG_INFO);
	assert_int_equal(dup2(fileno(log), STDERR_FILENO), STDERR_FILENO);
	for (int i = 0; i < 3; i++)
		assert_int_equal(lease_step(lease), 2000);
	set(&world, NO_FAULT, "the second");
	for (int i = 0; i < 3; i++) {
		world.now_ms += 2000;
		assert_int_equal(lease_step(lease), 2000);
	}
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	(void)close(saved);
	log_set_level(LOG_ERROR + 1);
	read_log(log, text, sizeof(text));
	(void)fclose(log);
	assert_non_null(strstr(text, "waiting for the lease, which another process holds"));
	assert_non_null(strstr(text, "lease=n namespace=here holder=\"the first\""));
	assert_non_null(strstr(text, "holder=\"the second\""));
	assert_null(strstr(strstr(text, "the second") + 1, "the second"));
	assert_int_equal(lease_waits_ms(lease), 6000);
	assert_string_equal(lease_name(lease), "n");
	set(&world, NO_FAULT, "");
	assert_int_equal(lease_step(lease), 5000);
	assert_int_equal(lease_waits_ms(lease), 0);
	lease_free(lease);
	end(&world);
}

static int quiet(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_out_while_the_machine_sleeps),
		cmocka_unit_test(test_tells_for_whom_it_waits),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
