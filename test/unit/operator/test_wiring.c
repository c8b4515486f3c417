// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The whole operator but its main program, on a scripted API server: whom a change wakes (E2), and many deployments at once on several
// workers, with the metrics' thread beside them. Which keys are worked on is read off the log.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include <openssl/evp.h>

#include "base/log.h"
#include "operator/wiring.h"
#include "support/controller.h"
#include "support/kubernetes.h"
#include "support/neo4j_server.h"
#include "support/scene.h"

#define LIMIT_MS 20000
#define LOG_BYTES (1024 * 1024)
#define WATCHES 11
#define GROUP "/apis/neo4j.neo4j.com/v1alpha1/namespaces/"
#define STANDALONE(namespace, name) GROUP namespace "/neo4jenterprisestandalones/" name
#define CLUSTER(namespace, name) GROUP namespace "/neo4jenterpriseclusters/" name
#define PLUGIN(namespace, name) GROUP namespace "/neo4jplugins/" name

struct world {
	struct kubernetes *kubernetes;
	struct wiring *wiring;
	int heard, kept; // the log, and what stderr was
	char line[8192];
	size_t len;
	unsigned touched;
};

static void start(struct world *world, int workers)
{
	char path[] = "/tmp/neofleet-test-XXXXXX";
	struct wiring_options options = {.kubeconfig = path, .workers = workers};
	struct err err = ERR_INIT;
	int ends[2], fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(dprintf(fd,
			    "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
			    "contexts: [{name: test, context: {cluster: test, user: test}}]\n"
			    "clusters: [{name: test, cluster: {server: 'http://127.0.0.1:%u/'}}]\nusers: [{name: test, user: {token: t}}]\n",
			    actor_port(kubernetes_reach(world->kubernetes)->actor)) > 0);
	(void)close(fd);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)fcntl(ends[1], F_SETPIPE_SZ, LOG_BYTES);
	world->kept = dup(STDERR_FILENO);
	world->heard = ends[0];
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	(void)close(ends[1]);
	log_set_level(LOG_DEBUG);
	assert_int_equal(wiring_start(&options, &world->wiring, &err), 0);
	(void)unlink(path);
}

static void stop(struct world *world)
{
	wiring_stop(world->wiring);
	assert_true(dup2(world->kept, STDERR_FILENO) >= 0);
	(void)close(world->kept);
	(void)close(world->heard);
	kubernetes_stop(world->kubernetes);
}

// The log is not to swallow the reason.
static void give_up(struct world *world, const char *what, const char *line)
{
	(void)dup2(world->kept, STDERR_FILENO);
	fail_msg("%s: %s", what, line);
}

static const char *read_any_line(struct world *world)
{
	struct pollfd item = {.fd = world->heard, .events = POLLIN};

	for (world->len = 0; world->len + 1 < sizeof(world->line); world->len++) {
		if (poll(&item, 1, LIMIT_MS) <= 0 || read(world->heard, world->line + world->len, 1) != 1)
			give_up(world, "nothing more is told", "");
		if (world->line[world->len] == '\n')
			break;
	}
	world->line[world->len] = '\0';
	return world->line;
}

// The next line of the log about a pass.
static const char *read_line(struct world *world)
{
	const char *line;

	do
		line = read_any_line(world);
	while (!strstr(line, "controller="));
	return line;
}

static bool tells(const char *line, const char *key)
{
	const char *at = strstr(line, " key=");

	return at && strncmp(at + 5, key, strlen(key)) == 0 && at[5 + strlen(key)] == ' ';
}

#define MARKER STANDALONE("marker", "m")
#define MARKER_KEY "standalone/marker/m"

// Changes the marker and waits for its run; how many other keys were worked on before.
static unsigned turn(struct world *world)
{
	char patch[128];
	unsigned others = 0;

	(void)snprintf(patch, sizeof(patch), "{\"metadata\":{\"labels\":{\"touched\":\"%u\"}}}", world->touched++);
	kubernetes_merge(world->kubernetes, MARKER, patch);
	while (!tells(read_line(world), MARKER_KEY))
		others++;
	return others;
}

static void become_quiet(struct world *world)
{
	for (int quiet = 0; quiet < 3;)
		quiet = turn(world) ? 0 : quiet + 1;
}

#define SPEC(admin, more) "\"spec\":{\"image\":{\"repo\":\"neo4j\",\"tag\":\"5.26-enterprise\"},\"storage\":{\"size\":\"1Gi\"},\"auth\":{\"adminSecret\":\"" admin "\"}" more "}"
#define KIND(kind, spec) "{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":\"" kind "\",\"metadata\":{}," spec "}"
#define A_STANDALONE(admin, more) KIND("Neo4jEnterpriseStandalone", SPEC(admin, more))
#define A_CLUSTER(admin, more) KIND("Neo4jEnterpriseCluster", SPEC(admin, ",\"topology\":{\"servers\":3}" more))
#define A_PLUGIN(target, name) KIND("Neo4jPlugin", "\"spec\":{\"clusterRef\":\"" target "\",\"name\":\"" name "\"}")
#define LABELS(instance, component)                                                                                                 \
	"\"labels\":{\"app.kubernetes.io/managed-by\":\"neofleet\",\"app.kubernetes.io/instance\":\"" instance                         \
	"\",\"app.kubernetes.io/component\":\"" component "\"}"
#define OWNER(kind, name) ",\"ownerReferences\":[{\"kind\":\"" kind "\",\"name\":\"" name "\",\"uid\":\"somebody\",\"controller\":true}]"
#define CHILD(labels, owner) "{\"metadata\":{" labels owner "}}"
#define OF_A CHILD(LABELS("a", "standalone"), OWNER("Neo4jEnterpriseStandalone", "a"))
#define TOUCH "{\"metadata\":{\"annotations\":{\"touched\":\"yes\"}},\"spec\":{\"touched\":\"yes\"}}"
#define CLIENT "/api/v1/namespaces/ns/services/a-client"
#define HEADLESS "/api/v1/namespaces/ns/services/a-headless"
#define PODS "/api/v1/namespaces/ns/pods/"
#define CLAIMS "/api/v1/namespaces/ns/persistentvolumeclaims/"
#define SECRETS "/api/v1/namespaces/ns/secrets/"

enum deed { PUT, MERGE, MERGE_ALONE, REMOVE }; // ALONE: nobody comes later, either

// A change, and who is woken by it. "Nobody" is shown by the next change of the same watch: only those whom that one wakes are seen.
struct wake {
	enum deed deed;
	const char *path, *text;
	const char *keys[4];
};

static void carry_out(struct world *world, const struct wake *wake)
{
	if (wake->deed == PUT)
		kubernetes_put(world->kubernetes, wake->path, wake->text);
	else if (wake->deed != REMOVE)
		kubernetes_merge(world->kubernetes, wake->path, wake->text);
	else
		kubernetes_remove(world->kubernetes, wake->path);
}

// Waits for the run of each key; nobody else's may come among them.
static void await_keys(struct world *world, const struct wake *wake)
{
	size_t left = 0, n;
	bool seen[4] = {false};

	for (n = 0; n < 4 && wake->keys[n]; n++)
		left++;
	while (left > 0) {
		const char *line = read_line(world);
		bool known = false;

		for (size_t i = 0; i < n; i++) {
			if (!tells(line, wake->keys[i]))
				continue;
			known = true;
			left -= !seen[i];
			seen[i] = true;
		}
		if (!known)
			give_up(world, wake->path, line);
	}
	// Namespaces take turns, so a few of the marker's show all that is left.
	for (int i = 0; i < 3 && wake->deed == MERGE_ALONE; i++) {
		if (turn(world))
			give_up(world, wake->path, "others, too");
	}
}

static void make_world(struct world *world)
{
	static const char *const objects[][2] = {
		{MARKER, A_STANDALONE("none", "")},
		{STANDALONE("ns", "a"), A_STANDALONE("one", "")},
		{STANDALONE("ns", "b"), A_STANDALONE("two", ",\"auraFleetManagement\":{\"enabled\":true,\"tokenSecretRef\":{\"name\":\"three\"}}")},
		{CLUSTER("ns", "c"), A_CLUSTER("two", ",\"tls\":{\"certificateSecret\":\"three\"}")},
		{CLUSTER("ns", "a"), A_CLUSTER("four", "")}, // the other kind with the name
		{STANDALONE("other", "a"), A_STANDALONE("one", "")},
		{PLUGIN("ns", "p"), A_PLUGIN("b", "apoc")},
		{"/apis/apps/v1/namespaces/ns/statefulsets/a", OF_A},
		{CLIENT, OF_A},
		{HEADLESS, OF_A},
	};

	*world = (struct world){.kubernetes = kubernetes_start()};
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		kubernetes_put(world->kubernetes, objects[i][0], objects[i][1]);
}

static void await_sync(struct world *world)
{
	struct err err = ERR_INIT;

	// Who watches has listed.
	kubernetes_await_calls(world->kubernetes, "watch=true", WATCHES);
	assert_true(wiring_synced(world->wiring));
	assert_true(wiring_leads(world->wiring));
	assert_int_equal(wiring_work(world->wiring, &err), 0);
}

static void test_whom_a_change_wakes(void **state)
{
	static const struct wake wakes[] = {
		// A Secret: whoever names it, in each of the three places, and in its own namespace alone.
		{PUT, SECRETS "one", "{\"data\":{}}", {"standalone/ns/a"}},
		{PUT, SECRETS "two", "{\"data\":{}}", {"standalone/ns/b", "cluster/ns/c", "plugin/ns/p"}},
		{PUT, SECRETS "nobodys", "{\"data\":{}}", {NULL}},
		{PUT, SECRETS "three", "{\"data\":{}}", {"standalone/ns/b", "cluster/ns/c"}},
		{REMOVE, SECRETS "three", NULL, {"standalone/ns/b", "cluster/ns/c"}},
		// A child: its controller. One without: whom its labels tell. One that is gone: the rival for its name, too.
		{MERGE, CLIENT, TOUCH, {"standalone/ns/a"}},
		{PUT, "/api/v1/namespaces/ns/services/c-client", CHILD(LABELS("c", "cluster"), ""), {"cluster/ns/c"}},
		{REMOVE, CLIENT, NULL, {"standalone/ns/a", "cluster/ns/a"}},
		// A pod: the controller of its StatefulSet.
		{PUT, PODS "b-0", CHILD(LABELS("b", "standalone"), OWNER("StatefulSet", "unknown")), {NULL}},
		{PUT, PODS "a-0", CHILD(LABELS("a", "standalone"), OWNER("StatefulSet", "a")), {"standalone/ns/a"}},
		// A claim: its labels.
		{PUT, CLAIMS "foreign", CHILD(LABELS("b", "standalone"), ""), {NULL}},
		{PUT, CLAIMS "data-a-0", CHILD(LABELS("a", "standalone"), ""), {"standalone/ns/a"}},
		{PUT, CLAIMS "data-c-server-0", CHILD(LABELS("c", "cluster"), ""), {"cluster/ns/c"}},
		// A deployment: itself and its plugins.
		{MERGE, STANDALONE("ns", "b"), TOUCH, {"standalone/ns/b", "plugin/ns/p"}},
		// A plugin: itself, its deployment and the deployment's other plugins. Of its status: itself.
		{PUT, PLUGIN("ns", "q"), A_PLUGIN("b", "gds"), {"plugin/ns/q", "plugin/ns/p", "standalone/ns/b"}},
		{MERGE_ALONE, PLUGIN("ns", "q"), "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}", {"plugin/ns/q"}},
		{REMOVE, PLUGIN("ns", "q"), NULL, {"plugin/ns/q", "plugin/ns/p", "standalone/ns/b"}},
		{REMOVE, STANDALONE("ns", "b"), NULL, {"standalone/ns/b", "plugin/ns/p"}},
	};
	struct world world;

	(void)state;
	make_world(&world);
	start(&world, 1);
	await_sync(&world);
	for (size_t i = 0; i < sizeof(wakes) / sizeof(wakes[0]); i++) {
		if (i == 0 || wakes[i - 1].keys[0])
			become_quiet(&world);
		carry_out(&world, &wakes[i]);
		await_keys(&world, &wakes[i]);
	}
	stop(&world);
}

#define NAMESPACES 3
#define EACH 4
#define MANY                                                                                                                        \
	"{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":\"Neo4jEnterpriseStandalone\",\"metadata\":{},\"spec\":{\"image\":{\"repo\":"  \
	"\"neo4j\",\"tag\":\"2025.12.1-enterprise\"},\"storage\":{\"size\":\"1Gi\"},\"auth\":{\"adminSecret\":\"admin\"},"                     \
	"\"auraFleetManagement\":{\"enabled\":true,\"tokenSecretRef\":{\"name\":\"admin\"}}}}"

static const char *const namespaces[NAMESPACES] = {"x", "y", "z"};
static const char *const names[EACH] = {"a", "b", "c", "d"};

static const char *path_of(struct arena *arena, size_t i)
{
	return arena_printf(arena, GROUP "%s/neo4jenterprisestandalones/%s", namespaces[i / EACH], names[i % EACH]);
}

struct reader {
	struct wiring *wiring;
	_Atomic bool ends;
};

// As the metrics' thread does, and main.
static void *read_metrics(void *user)
{
	struct reader *reader = user;

	while (!atomic_load(&reader->ends)) {
		_cleanup_buf_ struct buf text = BUF_INIT(LOG_BYTES);

		wiring_metrics(reader->wiring, &text);
		(void)wiring_look(reader->wiring);
	}
	return NULL;
}

static void make_many(struct kubernetes *kubernetes, struct arena *arena)
{
	const char *token = "{\"project_id\":\"p-1\",\"private_key\":\"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\",\"kid\":\"k\","
			    "\"expiry_time\":\"2999-01-01T00:00:00Z\"}";
	unsigned char once[512], twice[1024];

	(void)EVP_EncodeBlock(once, (const unsigned char *)token, (int)strlen(token));
	(void)EVP_EncodeBlock(twice, once, (int)strlen((const char *)once));
	for (size_t i = 0; i < NAMESPACES; i++) {
		kubernetes_put(kubernetes, arena_printf(arena, "/api/v1/namespaces/%s/secrets/admin", namespaces[i]),
			       arena_printf(arena, "{\"data\":{\"password\":\"dmVyeS1zZWNyZXQ=\",\"token\":\"%s\"}}", (const char *)twice));
		kubernetes_put(kubernetes, arena_printf(arena, GROUP "%s/neo4jplugins/p", namespaces[i]), A_PLUGIN("a", "apoc"));
	}
	for (size_t i = 0; i < NAMESPACES * EACH; i++)
		kubernetes_put(kubernetes, path_of(arena, i), MANY);
}

// How many of them have this in their status.
static size_t count(struct kubernetes *kubernetes, const char *text, struct arena *arena)
{
	size_t n = 0;

	for (size_t i = 0; i < NAMESPACES * EACH; i++) {
		const char *status = kubernetes_value(kubernetes, path_of(arena, i), "/status", arena);

		n += status && strstr(status, text) != NULL;
	}
	return n;
}

// E2, E4: each comes to its end, whatever the others do. All pods have the address of one server, which is one in Aura with itself.
static void test_many_at_once(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct world world = {.kubernetes = kubernetes_start()};
	struct reader reader = {.ends = false};
	struct neo4j_server *server;
	unsigned id = (unsigned)getpid();
	char address[32];
	pthread_t thread;
	size_t seen = 0;

	(void)state;
	(void)snprintf(address, sizeof(address), "127.%u.%u.%u", 1 + (id >> 16) % 254, (id >> 8) % 256, id % 256);
	server = neo4j_server_start(address);
	neo4j_server_become(server, &(struct neo4j_state){.procedures = "apoc."});
	make_many(world.kubernetes, arena);
	start(&world, 4);
	log_set_level(LOG_ERROR + 1);
	await_sync(&world);
	reader.wiring = world.wiring;
	assert_int_equal(pthread_create(&thread, NULL, read_metrics, &reader), 0);
	while (count(world.kubernetes, "\"registered\":true", arena) < NAMESPACES * EACH) {
		for (size_t i = 0; i < NAMESPACES * EACH; i++)
			controller_run(world.kubernetes, namespaces[i / EACH], names[i % EACH], address);
		kubernetes_await(world.kubernetes, &seen);
	}
	// The first look at the connection is due, and tells that they are one in Aura.
	scene_later(NULL, 5001);
	for (size_t i = 0; i < NAMESPACES * EACH; i++)
		kubernetes_merge(world.kubernetes, path_of(arena, i), "{\"metadata\":{\"labels\":{\"x\":\"y\"}}}");
	while (count(world.kubernetes, "\"reason\":\"OneInAura\"", arena) < NAMESPACES * EACH)
		kubernetes_await(world.kubernetes, &seen);
	atomic_store(&reader.ends, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	stop(&world);
	neo4j_server_stop(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_whom_a_change_wakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
