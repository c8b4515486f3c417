// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A query through a scripted API server and node to scripted servers: which server gets it, what is printed, and what is said where it is
// refused.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "apiserver.h"
#include "cli/program.h"
#include "node.h"
#include "test/unit/peer.h"

#define WORLDS NEOFLEET_SOURCE_DIR "/test/unit/cli/worlds/"
#define WORDS_MAX 16

struct scene {
	struct apiserver *apiserver;
	char *out, *notes;
	size_t out_len, notes_len;
	int status;
};

static void begin(struct scene *scene)
{
	*scene = (struct scene){.apiserver = apiserver_start(WORLDS "cypher.json")};
}

static void forget(struct scene *scene)
{
	free(scene->out);
	free(scene->notes);
	scene->out = scene->notes = NULL;
}

static void end(struct scene *scene)
{
	forget(scene);
	apiserver_stop(scene->apiserver);
}

// words: ended with NULL.
static void ask(struct scene *scene, const char *const *words)
{
	struct program_streams streams = {.in = fopen("/dev/null", "r")};
	const char *argv[WORDS_MAX] = {"kubectl-neofleet", "cypher", "--kubeconfig", apiserver_kubeconfig(scene->apiserver)};
	int n = 4;

	forget(scene);
	for (; words[n - 4]; n++)
		argv[n] = words[n - 4];
	streams.out = open_memstream(&scene->out, &scene->out_len);
	streams.notes = open_memstream(&scene->notes, &scene->notes_len);
	scene->status = program_run(n, (char *const *)(uintptr_t)argv, &streams);
	(void)fclose(streams.in);
	(void)fclose(streams.out);
	(void)fclose(streams.notes);
	assert_null(strstr(scene->out, "the-password"));
	assert_null(strstr(scene->notes, "the-password"));
}

static void test_a_row(void **state)
{
	const struct bolt_entry row[] = {{"name", bolt_string("Eva")}, {"age", bolt_int(42)}};
	const struct peer_reply replies[] = {{.statement = "MATCH (n)", .row = row, .n = 2}, {.statement = "MATCH (n)", .row = row, .n = 2}, {.statement = "CREATE", .n = 0}};
	struct peer_book book = {.replies = replies, .n = 3};
	struct peer_server *server = peer_server_start(peer_play_book, &book, NULL);
	const struct node node = {.port = peer_server_port(server)};
	struct scene scene;

	(void)state;
	begin(&scene);
	apiserver_forward(scene.apiserver, "carts-0", &node);
	ask(&scene, (const char *const[]){"carts", " MATCH (n) RETURN n.name AS name;\n", "-d", "people", "--param", "token=\"eva\"", NULL});
	assert_int_equal(scene.status, 0);
	assert_non_null(strstr(scene.out, "| Eva"));
	ask(&scene, (const char *const[]){"carts", "MATCH (n) RETURN n.name AS name", "-o", "json", NULL});
	assert_string_equal(scene.out, "{\"name\":\"Eva\",\"age\":42}\n");
	ask(&scene, (const char *const[]){"carts", "CREATE (n)", "-o", "json", NULL});
	assert_string_equal(scene.out, "");
	assert_int_equal(scene.status, 0);
	peer_server_stop(server, 3);
	assert_string_equal(buf_str(&book.log), "people MATCH (n) RETURN n.name AS name eva\n- MATCH (n) RETURN n.name AS name -\n- CREATE (n) -\n");
	buf_release(&book.log);
	end(&scene);
}

// orders-server-1 is not ready; the first one does not write this database.
static void test_the_next_server(void **state)
{
	const struct bolt_entry row[] = {{"n", bolt_int(7)}};
	const struct peer_reply no[] = {{.statement = "CREATE", .code = "Neo.ClientError.Cluster.NotALeader", .message = "not here"},
					{.statement = "RETURN", .code = "Neo.ClientError.Statement.SyntaxError", .message = "Invalid input"}};
	const struct peer_reply yes[] = {{.statement = "CREATE", .row = row, .n = 1}};
	struct peer_book books[] = {{.replies = no, .n = 2}, {.replies = yes, .n = 1}};
	struct peer_server *servers[] = {peer_server_start(peer_play_book, &books[0], NULL), peer_server_start(peer_play_book, &books[1], NULL)};
	const struct node nodes[] = {{.port = peer_server_port(servers[0])}, {.port = peer_server_port(servers[1])}};
	struct scene scene;

	(void)state;
	begin(&scene);
	apiserver_forward(scene.apiserver, "orders-server-0", &nodes[0]);
	apiserver_forward(scene.apiserver, "orders-server-2", &nodes[1]);
	ask(&scene, (const char *const[]){"orders", "CREATE (n) RETURN 7 AS n", "-o", "csv", NULL});
	assert_int_equal(scene.status, 0);
	assert_string_equal(scene.out, "n\n7\n");
	assert_string_equal(scene.notes, "");
	// A refusal that another server would only repeat.
	ask(&scene, (const char *const[]){"orders", "RETURN", NULL});
	assert_int_equal(scene.status, 1);
	assert_string_equal(scene.notes, "kubectl neofleet: orders-server-0: Neo.ClientError.Statement.SyntaxError: Invalid input\n");
	peer_server_stop(servers[0], 2);
	peer_server_stop(servers[1], 1);
	buf_release(&books[0].log);
	buf_release(&books[1].log);
	end(&scene);
}

static void test_refused_login(void **state)
{
	struct peer_book book = {.refuse_code = "Neo.ClientError.Security.Unauthorized"};
	struct peer_server *server = peer_server_start(peer_play_book, &book, NULL);
	const struct node node = {.port = peer_server_port(server)};
	struct scene scene;

	(void)state;
	begin(&scene);
	apiserver_forward(scene.apiserver, "carts-0", &node);
	ask(&scene, (const char *const[]){"carts", "RETURN 1", NULL});
	assert_int_equal(scene.status, 1);
	assert_non_null(strstr(scene.notes, "carts-0: Neo.ClientError.Security.Unauthorized: no"));
	peer_server_stop(server, 1);
	end(&scene);
}

// The node's own words; and a server that says nothing.
static void test_nobody_there(void **state)
{
	const struct node deaf = {.port = 0}, silent = {.silent = true};
	struct scene scene;

	(void)state;
	begin(&scene);
	apiserver_forward(scene.apiserver, "carts-0", &deaf);
	apiserver_forward(scene.apiserver, "orders-server-0", &silent);
	ask(&scene, (const char *const[]){"carts", "RETURN 1", NULL});
	assert_int_equal(scene.status, 4);
	assert_string_equal(scene.notes, "kubectl neofleet: carts-0: an error occurred forwarding 7687: connection refused\n");
	ask(&scene, (const char *const[]){"orders", "RETURN 1", "--server", "orders-server-0", "--timeout", "1", NULL});
	assert_int_equal(scene.status, 4);
	assert_non_null(strstr(scene.notes, "orders-server-0: no answer in time"));
	end(&scene);
}

// Another user, of a file.
static void test_credentials(void **state)
{
	char path[] = "/tmp/neofleet-credentials-XXXXXX";
	struct peer_book book = {.refuse_code = "Neo.ClientError.Security.Unauthorized"};
	struct peer_server *server = peer_server_start(peer_play_book, &book, NULL);
	const struct node node = {.port = peer_server_port(server)};
	int fd = mkstemp(path);
	struct scene scene;

	(void)state;
	begin(&scene);
	apiserver_forward(scene.apiserver, "carts-0", &node);
	assert_int_equal(write(fd, "no slash\n", 9), 9);
	ask(&scene, (const char *const[]){"carts", "RETURN 1", "--credentials", path, NULL});
	assert_int_equal(scene.status, 3);
	assert_non_null(strstr(scene.notes, "holds no USER/PASSWORD"));
	assert_int_equal(pwrite(fd, "eva/secret\n", 11, 0), 11);
	ask(&scene, (const char *const[]){"carts", "RETURN 1", "--credentials", path, NULL});
	assert_int_equal(scene.status, 1);
	peer_server_stop(server, 1);
	(void)close(fd);
	(void)unlink(path);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_row),
		cmocka_unit_test(test_the_next_server),
		cmocka_unit_test(test_refused_login),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
