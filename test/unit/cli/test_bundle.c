// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The whole report, of worlds that a scripted API server holds: which files are in it, and what is in none of them.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apiserver.h"
#include "base/buf.h"
#include "base/clock.h"
#include "cli/program.h"

#define WORLDS NEOFLEET_SOURCE_DIR "/test/unit/cli/worlds/"
#define BLOCK 512

// The tar of the stored blocks of a gzip file.
static void unpack(const char *text, size_t len, struct buf *tar)
{
	const unsigned char *data = (const unsigned char *)text;
	bool last = false;

	for (size_t at = 10; !last; at += 5 + (data[at + 1] | (size_t)data[at + 2] << 8)) {
		size_t size = data[at + 1] | (size_t)data[at + 2] << 8;

		assert_true(at + 5 + size <= len);
		last = data[at] == 1;
		buf_append(tar, data + at + 5, size);
	}
}

static void report(const char *world, struct buf *tar)
{
	struct apiserver *apiserver = apiserver_start(world);
	char *const words[] = {(char[]){"/usr/local/bin/kubectl-neofleet"}, (char[]){"report"}, (char[]){"-A"}, (char[]){"-f"}, (char[]){"-"}};
	char *texts[2];
	size_t lengths[2];
	struct program_streams streams = {.clock = &clock_system};
	int status;

	assert_int_equal(setenv("KUBECONFIG", apiserver_kubeconfig(apiserver), 1), 0);
	streams.in = fopen("/dev/null", "r");
	streams.out = open_memstream(&texts[0], &lengths[0]);
	streams.notes = open_memstream(&texts[1], &lengths[1]);
	status = program_run(5, words, &streams);
	(void)fclose(streams.in);
	(void)fclose(streams.out);
	(void)fclose(streams.notes);
	if (status != 0)
		fail_msg("status %d: %s", status, texts[1]);
	unpack(texts[0], lengths[0], tar);
	free(texts[0]);
	free(texts[1]);
	apiserver_stop(apiserver);
}

// NULL: there is none. The text ends where its block does, with NULs.
static const char *file(const struct buf *tar, const char *path)
{
	const char *found = NULL;

	for (size_t at = 0; at + BLOCK <= tar->len && tar->data[at];) {
		char whole[300];

		(void)snprintf(whole, sizeof(whole), "%.155s%s%.100s", tar->data + at + 345, tar->data[at + 345] ? "/" : "", tar->data + at);
		if (strcmp(whole + strlen("neofleet-report/"), path) == 0) {
			assert_null(found);
			found = tar->data + at + BLOCK;
		}
		at += BLOCK + (strtoul(tar->data + at + 124, NULL, 8) + BLOCK - 1) / BLOCK * BLOCK;
	}
	return found;
}

static void assert_file(const struct buf *tar, const char *path, const char *contains)
{
	const char *text = file(tar, path);

	if (!text || !strstr(text, contains))
		fail_msg("%s: '%s' is not in '%.500s'", path, contains, text ? text : "no file");
}

static void assert_nowhere(const struct buf *tar, const char *text)
{
	const char *at = memmem(tar->data, tar->len, text, strlen(text));

	if (at)
		fail_msg("'%s' is in the report, before '%.100s'", text, at);
}

#define SERVER "deployments/clusters/shop/orders/logs/orders-server-0/"

static void test_secrets(void **state)
{
	// A password with a quotation mark and a backslash: as it is, in base64, quoted in YAML, in a log of JSON. A key of two lines, which YAML indents.
	static const char *const secrets[] = {"pa\"ss\\word", "cGEic3Ncd29yZA", "pa\\\"ss\\\\word", "the-extra-value", "of-the-registry", "of-the-store",
					      "-- two of the key"};
	_cleanup_buf_ struct buf tar = BUF_INIT(4 * 1024 * 1024);

	(void)state;
	report(WORLDS "report.json", &tar);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		assert_nowhere(&tar, secrets[i]);
	assert_file(&tar, SERVER "neo4j.log", "{\"message\": \"login of neo4j by (left out) or (left out)==\"}\nplain (left out) (left out) (left out)\n");
	assert_file(&tar, "deployments/clusters/shop/orders/orders.yaml", "refused (left out)");
	assert_file(&tar, "deployments/clusters/shop/orders/status.yaml", "(left out)");
}

// Each thing has a file of its own, and each container its log.
static void test_files(void **state)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(4 * 1024 * 1024);

	(void)state;
	report(WORLDS "report.json", &tar);
	assert_file(&tar, "deployments/clusters/shop/orders/orders.yaml", "servers: 3");
	assert_file(&tar, "deployments/standalones/shop/orders/orders.yaml", "phase: Ready");
	assert_file(&tar, "operator/deployments/neofleet-system/neofleet.yaml", "namespace: neofleet-system");
	assert_file(&tar, "operator/deployments/team-a/neofleet.yaml", "namespace: team-a");
	assert_file(&tar, "operator/pods/team-a/neofleet-0.yaml", "namespace: team-a");
	assert_file(&tar, "operator/logs/neofleet-system/neofleet-0/neofleet.log", "operator one");
	assert_file(&tar, "operator/logs/team-a/neofleet-0/neofleet.log", "operator two");
	assert_file(&tar, SERVER "agent.log", "agent now");
	assert_file(&tar, SERVER "agent.previous.log", "agent before");
	assert_file(&tar, SERVER "first-password.log", "first now");
	assert_file(&tar, SERVER "first-password.previous.log", "first before");
	// The server itself has not ended before, nor has a container that is no concern.
	assert_null(file(&tar, SERVER "neo4j.previous.log"));
	assert_null(file(&tar, SERVER "copy.log"));
}

// Without a Secret that is there it is not known what to look for.
static void test_a_secret_that_cannot_be_read(void **state)
{
	_cleanup_buf_ struct buf tar = BUF_INIT(4 * 1024 * 1024);

	(void)state;
	report(WORLDS "report-unwell.json", &tar);
	assert_file(&tar, "missing.txt", "a look for what Secret 'admin' of namespace 'shop' holds: ");
	assert_file(&tar, "missing.txt", "all logs: not every Secret could be read");
	assert_null(file(&tar, SERVER "neo4j.log"));
	assert_file(&tar, "deployments/clusters/shop/orders/orders.yaml", "servers: 3");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_secrets), cmocka_unit_test(test_files),
						  cmocka_unit_test(test_a_secret_that_cannot_be_read)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
