// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// F4: fifty deployments at once that are made in Aura, while the operator is killed at any call, before it or after it was carried out, and
// answers of the service get lost. In the end there is one deployment of each in Aura, whose live token is the one in the Secret and in the server.
//
// The steps are the real ones, on the real client with its limit of calls. The API server is a table here, behind the functions of kube/client.h,
// and the clock is the test's.

#include "support/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aura/aura_client.h"
#include "base/clock.h"
#include "base/log.h"
#include "operator/object/key.h"

#define KILLS 200

// A process begins.
static void start(void)
{
	static const struct aura_options options = {.url = AURA_SERVICE_URL, .user_agent = "test", .clock = &clock_system, .timeout_ms = 8000};

	if (crowd.context.aura)
		aura_client_free(crowd.context.aura);
	crowd.now_ms += 500 + crowd_chance(1000);
	crowd.context.aura = aura_client_new(&options, NULL);
	crowd.dead = false;
	for (size_t i = 0; i < crowd.n; i++) {
		crowd.resources[i].memory = (struct provision_memory){0};
		crowd.resources[i].ending = (struct provision_end_memory){0};
		crowd.resources[i].next_ms = crowd.now_ms;
	}
}

static void begin(size_t n, unsigned seed)
{
	memset(&crowd, 0, sizeof(crowd));
	crowd.now_ms = CROWD_BEGIN_MS;
	crowd.seed = seed;
	crowd.n = n;
	crowd.arena = arena_new();
	crowd.context.stores.secrets = kube_store_new(NULL);
	aura_service_begin(crowd_now_ms);
	aura_service.fate = crowd_service_fate;
	log_set_level(LOG_ERROR);
	for (size_t i = 0; i < n; i++) {
		crowd.resources[i].version = 1;
		(void)snprintf(crowd.resources[i].name, sizeof(crowd.resources[i].name), "db-%zu-x", i);
	}
	start();
}

static void end(void)
{
	for (size_t i = 0; i < crowd.n; i++)
		free(crowd.resources[i].record);
	aura_client_free(crowd.context.aura);
	kube_store_free(crowd.context.stores.secrets);
	arena_free(crowd.arena);
	crowd.now_ms = 0;
}

// What the exchange and the status write after it do, either of which the operator may not live to see.
static void register_token(struct crowd_resource *resource, const struct kube_object *object)
{
	enum crowd_fate fate = crowd_fate();

	// The attempt looks before it calls.
	if (fate == CROWD_DIES_BEFORE || fate == CROWD_IS_DEAD || atoi(kube_object_resource_version(object)) != resource->version)
		return;
	(void)snprintf(resource->server_token, sizeof(resource->server_token), "%s", resource->token);
	if (fate == CROWD_DIES_AFTER || crowd_fate() != CROWD_RUNS)
		return;
	resource->registered = true;
	resource->registrations++;
	resource->version++;
	*resource->said = '\0';
}

static void note(struct crowd_resource *resource, const struct provision_result *result)
{
	resource->flips += result->waiting && *resource->said;
	if (result->ready || result->waiting || strcmp(resource->said, result->message) == 0)
		return;
	(void)snprintf(resource->said, sizeof(resource->said), "%s", result->message);
	resource->told++;
}

static void step(struct crowd_resource *resource, struct kube_object *object, const struct dbms *dbms, struct secret_cache *keyring)
{
	struct names names;
	struct provision_inputs inputs = {key_resource(KEY_STANDALONE), object, dbms, &names, keyring};
	struct provision_result result;
	struct err err = ERR_INIT;
	int r;

	names_of(dbms, crowd.arena, &names);
	r = provision_step_once(&crowd.context, &resource->memory, &inputs, crowd.arena, &result, &err);
	if (crowd.dead) {
		kube_object_unref(result.written);
		return;
	}
	assert_true(r == 0 || r == ERR_CONFLICT);
	if (r == 0 && result.ready)
		register_token(resource, object);
	else if (r == 0)
		note(resource, &result);
	if (r == ERR_CONFLICT)
		resource->next_ms = crowd.now_ms + 1000;
	else if (result.again_after_ms && crowd.now_ms + result.again_after_ms < resource->next_ms)
		resource->next_ms = crowd.now_ms + result.again_after_ms;
	kube_object_unref(result.written);
}

static void finish(struct crowd_resource *resource, struct kube_object *object, struct secret_cache *keyring)
{
	struct provision_end_inputs inputs = {key_resource(KEY_STANDALONE), object, keyring};
	struct provision_end_result result;
	struct err err = ERR_INIT;
	int r = provision_end(&crowd.context, &resource->ending, &inputs, crowd.arena, &result, &err);

	if (crowd.dead)
		return;
	assert_true(r == 0 || r == ERR_CONFLICT);
	resource->next_ms = crowd.now_ms + (r == 0 && result.again_after_ms ? result.again_after_ms : 1000);
	if (r == 0 && result.reason && result.warning)
		(void)snprintf(resource->said, sizeof(resource->said), "%s", result.message);
}

static bool is_settled(const struct crowd_resource *resource)
{
	return *resource->deleted_at ? resource->gone : resource->registered;
}

static void pass(struct crowd_resource *resource)
{
	struct kube_object *object = crowd_object(resource);
	struct secret_cache keyring = {.n = 0};
	struct err err = ERR_INIT;
	struct dbms dbms;

	resource->next_ms = INT64_MAX;
	assert_int_equal(dbms_decode(kube_object_root(object), crowd.arena, &dbms, &err), 0);
	if (dbms.metadata.deleting)
		finish(resource, object, &keyring);
	else
		step(resource, object, &dbms, &keyring);
	secret_cache_release(&keyring);
	kube_object_unref(object);
	if (crowd.dead)
		start();
}

// The next one in time; NULL: all are settled.
static struct crowd_resource *next(void)
{
	struct crowd_resource *soonest = NULL;

	for (size_t i = 0; i < crowd.n; i++) {
		struct crowd_resource *resource = &crowd.resources[i];

		if (!is_settled(resource) && (!soonest || resource->next_ms < soonest->next_ms))
			soonest = resource;
	}
	return soonest;
}

// Works until all are settled, or the time is over.
static void work(int64_t most_ms)
{
	int64_t until = crowd.now_ms + most_ms;
	struct crowd_resource *resource;

	while ((resource = next()) && crowd.now_ms < until) {
		assert_true(resource->next_ms < INT64_MAX);
		if (resource->next_ms > crowd.now_ms)
			crowd.now_ms = resource->next_ms;
		pass(resource);
		arena_reset(crowd.arena);
	}
}

// With so many kills, each at one of the next six calls that do something.
static void work_under_kills(unsigned kills)
{
	while (kills-- > 0 && next()) {
		crowd.calls_left = 1 + crowd_chance(6);
		while (crowd.calls_left && next()) {
			struct crowd_resource *resource = next();

			if (resource->next_ms > crowd.now_ms)
				crowd.now_ms = resource->next_ms;
			pass(resource);
			arena_reset(crowd.arena);
		}
	}
	crowd.calls_left = 0;
	work(INT64_C(24) * 3600 * 1000);
	assert_null(next());
}

static void assert_whole(void)
{
	assert_int_equal(aura_service_count(), crowd.n);
	for (size_t i = 0; i < crowd.n; i++) {
		const struct crowd_resource *resource = &crowd.resources[i];
		const struct aura_service_item *item = aura_service_find(arena_printf(crowd.arena, "ns-%s", resource->name));

		assert_non_null(item);
		assert_string_equal(resource->token, arena_printf(crowd.arena, "token-%u", item->live));
		assert_string_equal(resource->server_token, resource->token);
	}
	assert_in_range(aura_service_most_in_a_minute(), 1, 100);
}

static void rotate_all(void)
{
	for (size_t i = 0; i < crowd.n; i++) {
		crowd.resources[i].registered = false;
		crowd.resources[i].version++;
		crowd_wake(&crowd.resources[i]);
	}
}

static void delete_all(void)
{
	for (size_t i = 0; i < crowd.n; i++) {
		struct crowd_resource *resource = &crowd.resources[i];

		time_format_rfc3339(crowd.now_ms, resource->deleted_at, sizeof(resource->deleted_at));
		resource->version++;
		resource->gone = !resource->finalizer;
		crowd_wake(resource);
	}
}

static void test_crowd(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 4; seed++) {
		begin(CROWD, seed);
		crowd.loses = seed % 2;
		// Nobody has promised that the service refuses a name twice.
		aura_service.takes_twins = seed > 2;
		for (size_t i = 0; i < CROWD; i++)
			crowd.resources[i].deletes = i % 2;
		work_under_kills(KILLS);
		assert_int_equal(crowd.kills, KILLS);
		assert_whole();
		// The page's patch: each gets another token.
		rotate_all();
		work_under_kills(KILLS);
		assert_whole();
		assert_in_range(crowd.resources[0].registrations, 2, 3);
		delete_all();
		work_under_kills(KILLS);
		assert_int_equal(aura_service_count(), CROWD / 2);
		assert_in_range(aura_service_most_in_a_minute(), 1, 100);
		print_message("             %u kills: %zu calls, %zu in a minute at most, %u tokens\n", crowd.kills, aura_service.n_calls,
			      aura_service_most_in_a_minute(), aura_service.tokens);
		end();
	}
}

// Where nothing fails: three calls for each, one for the bearer, and none in vain, however long a note waits for its turn.
static void test_fifty(void **state)
{
	(void)state;
	begin(CROWD, 1);
	work(3600000);
	assert_whole();
	assert_int_equal(aura_service.n_calls, 3 * CROWD + 1);
	assert_in_range(crowd.now_ms - CROWD_BEGIN_MS, 0, 150000);
	print_message("             %lld s\n", (long long)(crowd.now_ms - CROWD_BEGIN_MS) / 1000);
	end();
}

// Deleted while they are being made: nothing stays in Aura.
static void test_deleted_in_between(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 40; seed++) {
		begin(5, seed);
		for (size_t i = 0; i < crowd.n; i++)
			crowd.resources[i].deletes = true;
		crowd.calls_left = seed;
		while (crowd.calls_left && next()) {
			struct crowd_resource *resource = next();

			crowd.now_ms = resource->next_ms > crowd.now_ms ? resource->next_ms : crowd.now_ms;
			pass(resource);
			arena_reset(crowd.arena);
		}
		crowd.calls_left = 0;
		delete_all();
		work_under_kills(3);
		assert_int_equal(aura_service_count(), 0);
		end();
	}
}

// A call whose caller has died or given up arrives later: another one is not made before that would be over. This service takes a name twice.
static void test_late(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 12; seed++) {
		begin(1, seed);
		aura_service.takes_twins = true;
		aura_service.lates = 1;
		aura_service.late_after_ms = (int64_t)seed * AURA_SERVICE_LATE_MS / 12;
		if (seed % 2)
			work_under_kills(5);
		work(3600000);
		assert_true(crowd.resources[0].registered);
		assert_int_equal(aura_service.lates, 0);
		assert_whole();
		// A call for another token: the one that comes later would end the one in the Secret.
		aura_service.late_tokens = 1;
		rotate_all();
		if (seed % 2)
			work_under_kills(5);
		work(3600000);
		crowd.now_ms += AURA_SERVICE_LATE_MS;
		aura_service_carry_out_late();
		assert_true(crowd.resources[0].registered);
		assert_int_equal(aura_service.late_tokens, 0);
		assert_whole();
		end();
	}
}

// Each refusal is told once, with the cure, and ends by itself when its cause is gone.
static void test_refusals(void **state)
{
	static const struct {
		const char *words, *cure;
		bool pair, project, taken, rights, away;
		size_t quota;
		int status;
	} cases[] = {
		{"let in this client: Unauthorized", "check the client credentials in Secret 'api'", .pair = true},
		{"Access denied", "check the client credentials in Secret 'api', and that they may work on project 'p-1' of organization 'o-1'", .project = true},
		{"has a deployment of this name", "set another provision.deploymentName", .taken = true},
		{"The project's quota of deployments is used up", "mend in the spec or in the Aura console", .quota = 1},
		{"cannot be reached", "it is tried again", .away = true},
		{"told to fail", "it is tried again", .status = 500},
		{"is away (status 503)", "it is tried again", .status = 503},
		{"The operator may not write Secret 'db-0-x-fleet-token'", "give it the rights for provision", .rights = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct crowd_resource *resource = &crowd.resources[0];

		begin(1, 1);
		aura_service.refuses_pair = cases[i].pair;
		aura_service.refuses_project = cases[i].project;
		aura_service.away = cases[i].away;
		aura_service.quota = cases[i].quota;
		aura_service.status = cases[i].status;
		crowd.no_rights = cases[i].rights;
		if (cases[i].taken)
			(void)aura_service_add("ns-db-0-x", "neo4j://somebody.else:7687");
		if (cases[i].quota)
			(void)aura_service_add("another", "neo4j://somebody.else:7687");
		// Ten minutes.
		work(600000);
		assert_false(resource->registered);
		assert_int_equal(aura_service_count(), cases[i].taken || cases[i].quota ? 1 : 0);
		assert_non_null(strstr(resource->said, cases[i].words));
		assert_non_null(strstr(resource->said, cases[i].cure));
		assert_int_equal(resource->told, 1);
		if (cases[i].taken)
			aura_service_find("ns-db-0-x")->there = false;
		aura_service.refuses_pair = aura_service.refuses_project = aura_service.away = crowd.no_rights = false;
		aura_service.quota = 0;
		aura_service.status = 0;
		work(600000);
		assert_true(resource->registered);
		end();
	}
}

// The same for all fifty at once: each is told it once, the service gets no more calls than it allows, and all go on by themselves.
static void test_refusals_of_all(void **state)
{
	static const struct {
		const char *what;
		bool pair, project, rights, away;
		size_t quota;
		int status;
	} cases[] = {
		{"wrong credentials", .pair = true}, {"a wrong project", .project = true},  {"a quota", .quota = 1},	   {"no rights", .rights = true},
		{"no answer", .away = true},	     {"status 503", .status = 503}, {"status 500", .status = 500},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t begun;
		size_t calls;

		begin(CROWD, (unsigned)i + 1);
		aura_service.refuses_pair = cases[i].pair;
		aura_service.refuses_project = cases[i].project;
		aura_service.away = cases[i].away;
		aura_service.quota = cases[i].quota;
		aura_service.status = cases[i].status;
		crowd.no_rights = cases[i].rights;
		if (cases[i].quota)
			(void)aura_service_add("another", "neo4j://somebody.else:7687");
		work(600000);
		calls = aura_service.n_calls;
		// Each has its own pace, from a second to five minutes.
		assert_in_range(calls, 0, cases[i].rights ? 0 : 11 * CROWD);
		for (size_t k = 0; k < CROWD; k++) {
			assert_false(crowd.resources[k].registered);
			assert_int_equal(crowd.resources[k].told, 1);
			assert_int_equal(crowd.resources[k].flips, 0);
		}
		aura_service.refuses_pair = aura_service.refuses_project = aura_service.away = crowd.no_rights = false;
		aura_service.quota = 0;
		aura_service.status = 0;
		begun = crowd.now_ms;
		work(3600000);
		if (cases[i].quota)
			aura_service_find("another")->there = false;
		assert_whole();
		print_message("             ten minutes of %s: %zu calls, and registered %lld s after\n", cases[i].what, calls, (long long)(crowd.now_ms - begun) / 1000);
		end();
	}
}

// The service's own failure is not called forth without end.
static void test_failure_without_end(void **state)
{
	struct crowd_resource *resource = &crowd.resources[0];
	size_t calls;

	(void)state;
	begin(1, 1);
	aura_service.status = 500;
	while (resource->next_ms < INT64_MAX) {
		crowd.now_ms = resource->next_ms > crowd.now_ms ? resource->next_ms : crowd.now_ms;
		pass(resource);
		assert_in_range(aura_service.n_calls, 0, 40);
	}
	assert_non_null(strstr(resource->said, "and is not tried again until the spec or Secret 'api' changes"));
	assert_int_equal(resource->told, 2);
	calls = aura_service.n_calls;
	crowd.now_ms += INT64_C(7) * 24 * 3600 * 1000;
	pass(resource);
	assert_int_equal(aura_service.n_calls, calls);
	end();
}

// A deployment that somebody has deleted in the console is made anew with the next registration.
static void test_gone_in_aura(void **state)
{
	(void)state;
	begin(3, 1);
	work(600000);
	aura_service_find("ns-db-1-x")->there = false;
	rotate_all();
	work(600000);
	assert_whole();
	end();
}

// A finalizer holds nothing for ever.
static void test_deletion_is_bounded(void **state)
{
	struct crowd_resource *resource = &crowd.resources[0];
	int64_t begun;

	(void)state;
	begin(1, 1);
	resource->deletes = true;
	work(600000);
	assert_true(resource->finalizer);
	aura_service.away = true;
	begun = crowd.now_ms;
	delete_all();
	work(600000);
	assert_true(resource->gone);
	assert_in_range(crowd.now_ms - begun, 299000, 302000);
	assert_non_null(strstr(resource->said, "Deployment 'ns-db-0-x', id d-0 stays in project 'p-1' in Aura"));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_fifty),
		cmocka_unit_test(test_deleted_in_between),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refusals_of_all),
		cmocka_unit_test(test_failure_without_end),
		cmocka_unit_test(test_gone_in_aura),
		cmocka_unit_test(test_deletion_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
