// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The operator asks the API server for the object under a child's name when the store does not know it as the deployment's own; how an
// orphan is adopted; and that the children do not wait for each other.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/pass/apply.h"
#include "reach.h"

#define LABELS                                                                                                                      \
	"\"labels\":{\"app.kubernetes.io/managed-by\":\"neofleet\",\"app.kubernetes.io/name\":\"neo4j\","                             \
	"\"app.kubernetes.io/instance\":\"n\",\"app.kubernetes.io/component\":\"standalone\"}"
#define SERVICE(version, owners)                                                                                                    \
	"{\"metadata\":{\"namespace\":\"x\",\"name\":\"n-client\",\"uid\":\"o\",\"resourceVersion\":\"" version "\"," LABELS           \
	",\"annotations\":{\"neofleet.neo4j.com/applied\":\"d\"}" owners "}}"
#define OWNED(uid)                                                                                                                  \
	",\"ownerReferences\":[{\"kind\":\"Neo4jEnterpriseStandalone\",\"name\":\"n\",\"uid\":\"" uid "\",\"controller\":true}]"

static const struct dbms dbms = {
	.kind = DBMS_STANDALONE,
	.api_kind = API_KIND_STANDALONE,
	.metadata = {.namespace = "x", .name = "n", .uid = "u"},
};

struct world {
	struct reach reach;
	struct context context;
	struct child child;
	const char *stands; // in the API server; NULL: nothing
	int status;	    // of the answer to a patch
};

static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct world *world = actor_user(actor);

	(void)number;
	if (strcmp(call->method, "PATCH") == 0)
		actor_answer(conn, world->status, NULL, "{\"message\":\"the object has been modified\"}");
	else if (world->stands)
		actor_answer(conn, 200, NULL, world->stands);
	else
		actor_answer(conn, 404, NULL, "{}");
}

// stored: what the store knows; NULL: nothing.
static void begin(struct world *world, const char *stored, const char *stands)
{
	memset(world, 0, sizeof(*world));
	world->stands = stands;
	world->status = 200;
	reach_begin(&world->reach, play, world);
	world->context.client = world->reach.client;
	world->child = (struct child){.slot = CHILD_CLIENT,
				      .resource = &kube_services,
				      .store = kube_store_new(NULL),
				      .namespace = "x",
				      .name = "n-client",
				      .owner = &dbms,
				      .json = "{}"};
	if (stored) {
		struct kube_object *object = kube_object_parse(stored, strlen(stored));

		kube_object_unref(kube_store_put(world->child.store, object));
		kube_object_unref(object);
	}
}

static void end(struct world *world)
{
	kube_object_unref(world->child.found);
	kube_store_free(world->child.store);
	reach_end(&world->reach);
}

// B2: the API server decides about what is not known as owned, for a watch may lag behind.
static void test_look(void **state)
{
	static const struct {
		const char *stored, *stands;
		enum adoption adoption;
		size_t calls;
	} cases[] = {
		{SERVICE("1", OWNED("u")), NULL, ADOPTION_OURS, 0},
		{NULL, NULL, ADOPTION_OURS, 1},
		{NULL, SERVICE("1", ""), ADOPTION_ORPHAN, 1},
		{SERVICE("1", ""), SERVICE("2", OWNED("u")), ADOPTION_OURS, 1},
		{SERVICE("1", OWNED("former")), SERVICE("2", ""), ADOPTION_ORPHAN, 1},
		{SERVICE("1", OWNED("former")), SERVICE("1", OWNED("former")), ADOPTION_LEAVING, 1},
		{SERVICE("1", OWNED("former")), NULL, ADOPTION_OURS, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		enum adoption adoption;
		struct world world;

		begin(&world, cases[i].stored, cases[i].stands);
		assert_int_equal(apply_look(&world.context, &world.child, 1, &adoption, &err), 0);
		assert_int_equal(adoption, cases[i].adoption);
		assert_int_equal(actor_calls(world.reach.actor), cases[i].calls);
		end(&world);
	}
}

// B2: one patch of nothing but the owner, for the version that was judged; a change in between is a lost race and no error.
static void test_adopt(void **state)
{
	static const int statuses[] = {200, 409};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct actor_call *call;
		struct err err = ERR_INIT;
		enum adoption adoption;
		struct world world;
		int r;

		begin(&world, NULL, SERVICE("7", ""));
		world.status = statuses[i];
		assert_int_equal(apply_look(&world.context, &world.child, 1, &adoption, &err), 0);
		r = apply_adopt(&world.context, &world.child, arena, &err);
		assert_int_equal(r, statuses[i] == 200 ? 0 : ERR_CONFLICT);
		call = actor_wait_call(world.reach.actor, 1);
		assert_string_equal(call->method, "PATCH");
		assert_non_null(strstr(call->head, "application/merge-patch+json"));
		assert_string_equal(call->body,
				    "{\"metadata\":{\"resourceVersion\":\"7\",\"uid\":\"o\",\"ownerReferences\":[{\"apiVersion\":"
				    "\"neo4j.neo4j.com/v1alpha1\",\"blockOwnerDeletion\":false,\"controller\":true,\"kind\":"
				    "\"Neo4jEnterpriseStandalone\",\"name\":\"n\",\"uid\":\"u\"}]}}");
		assert_int_equal(actor_calls(world.reach.actor), 2);
		end(&world);
	}
}

#define TOGETHER 4

// Nobody is answered before all have asked.
struct crowd {
	struct reach reach;
	size_t asked;
	const char *refused; // part of a path
};

static bool wait_for_all(struct actor *actor, struct crowd *crowd)
{
	bool all;

	actor_lock(actor);
	crowd->asked++;
	actor_changed(actor);
	while (crowd->asked % TOGETHER != 0 && actor_wait(actor))
		;
	all = crowd->asked % TOGETHER == 0;
	actor_unlock(actor);
	return all;
}

static void play_crowd(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct crowd *crowd = actor_user(actor);

	if (number == 0)
		actor_answer(conn, 200, NULL, "{}");
	else if (!wait_for_all(actor, crowd))
		actor_answer(conn, 500, NULL, "{\"message\":\"the others did not ask\"}");
	else if (crowd->refused && strstr(call->target, crowd->refused))
		actor_answer(conn, 403, NULL, "{\"message\":\"not this one\"}");
	else if (strcmp(call->method, "PATCH") == 0)
		actor_answer(conn, 201, NULL, "{\"metadata\":{\"resourceVersion\":\"8\"}}");
	else
		actor_answer(conn, 404, NULL, "{}");
}

// Independent children are asked for and written at once; an error of one is told, and keeps no other from being written.
static void test_together(void **state)
{
	static const char *const names[TOGETHER] = {"a", "b", "c", "d"}, *const refused[] = {NULL, "/services/b?"};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct crowd crowd = {.refused = refused[i]};
		struct kube_store *store = kube_store_new(NULL);
		struct child children[TOGETHER];
		enum adoption adoptions[TOGETHER];
		struct apply_memory memory = {0};
		struct context context = {0};
		struct err err = ERR_INIT;
		int r;

		reach_begin(&crowd.reach, play_crowd, &crowd);
		context.client = crowd.reach.client;
		// Until the first answer, libcurl does not know whether calls share one connection, and has the others wait.
		assert_int_equal(kube_get_path(context.client, "/version", NULL, &err), 0);
		for (size_t n = 0; n < TOGETHER; n++)
			children[n] = (struct child){.slot = CHILD_CLIENT, .resource = &kube_services, .store = store, .namespace = "x",
						     .name = names[n], .owner = &dbms, .json = "{\"metadata\":{}}"};
		assert_int_equal(apply_look(&context, children, TOGETHER, adoptions, &err), 0);
		r = apply_write(&context, &memory, children, TOGETHER, arena, &err);
		assert_int_equal(r, refused[i] ? ERR_FORBIDDEN : 0);
		if (refused[i])
			assert_non_null(strstr(err.text, "cannot apply Service 'b'"));
		for (size_t n = 0; n < TOGETHER; n++) {
			bool is_refused = refused[i] && n == 1;

			assert_int_equal(adoptions[n], ADOPTION_OURS);
			assert_int_equal(children[n].written, !is_refused);
			assert_int_equal(children[n].stands != NULL, !is_refused);
			kube_object_unref(children[n].stands);
		}
		assert_int_equal(actor_calls(crowd.reach.actor), 1 + 2 * TOGETHER);
		kube_store_free(store);
		reach_end(&crowd.reach);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_adopt),
		cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
