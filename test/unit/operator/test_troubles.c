// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Which conditions of a deployment an alert hears of (D6), and that no namespace takes the room of another's (E4).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "operator/pass/troubles.h"

struct told {
	struct buf text;
	size_t n;
};

static void tell(void *user, const char *key, const char *condition, enum reason reason)
{
	struct told *told = user;

	told->n++;
	buf_addf(&told->text, "%s %s %s\n", key, condition, reason_name(reason));
}

static void change(struct troubles *troubles, const char *name, const char *spec, const char *status)
{
	char key[QUEUE_KEY_SIZE], text[1024];
	struct kube_object *object;

	(void)snprintf(text, sizeof(text), "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"%s\"},\"spec\":{%s},\"status\":{%s}}", name, spec, status);
	object = kube_object_parse(text, strlen(text));
	assert_non_null(object);
	key_format(KEY_CLUSTER, "ns", name, key);
	troubles_change(troubles, key, object);
	kube_object_unref(object);
}

static void assert_told(const struct troubles *troubles, const char *expected)
{
	struct told told = {.text = BUF_INIT(64 * 1024)};

	troubles_each(troubles, tell, &told);
	assert_string_equal(buf_str(&told.text), expected);
	buf_release(&told.text);
}

#define CONDITION(type, status, reason) "{\"type\":\"" type "\",\"status\":\"" status "\",\"reason\":\"" reason "\"}"
#define ENABLED "\"auraFleetManagement\":{\"enabled\":true}"
#define REGISTERED "\"auraFleetManagement\":{\"registered\":true},"

// A deployment is told of while a condition is not as it should be, and by the reason that holds now.
static void test_comes_and_goes(void **state)
{
	struct troubles *troubles = troubles_new();

	(void)state;
	change(troubles, "a", "", "\"conditions\":[" CONDITION("Ready", "True", "Ready") "," CONDITION("Stalled", "False", "Ready") "]");
	assert_told(troubles, "");
	change(troubles, "a", "",
	       "\"conditions\":[" CONDITION("Ready", "False", "Updating") "," CONDITION("Stalled", "True", "RollStopped") "," //
	       CONDITION("Reconciling", "False", "Updating") "]");
	assert_told(troubles, "cluster/ns/a Ready Updating\ncluster/ns/a Stalled RollStopped\n");
	change(troubles, "a", "", "\"conditions\":[" CONDITION("Ready", "False", "ServersNotReady") "]");
	assert_told(troubles, "cluster/ns/a Ready ServersNotReady\n");
	troubles_change(troubles, "cluster/ns/b", NULL);
	assert_told(troubles, "cluster/ns/a Ready ServersNotReady\n");
	troubles_change(troubles, "cluster/ns/a", NULL);
	assert_told(troubles, "");
	troubles_free(troubles);
}

// D6: a registration counts where it is asked for, a connection where there was one.
static void test_fleet(void **state)
{
	static const char conditions[] = "\"conditions\":[" CONDITION("FleetRegistered", "False", "TokenExpired") "," //
		CONDITION("FleetConnected", "False", "TokenGone") "," CONDITION("FleetTwins", "True", "OneInAura") "]";
	struct troubles *troubles = troubles_new();
	char registered[512];

	(void)state;
	(void)snprintf(registered, sizeof(registered), REGISTERED "%s", conditions);
	change(troubles, "a", "", conditions);
	assert_told(troubles, "cluster/ns/a FleetTwins OneInAura\n");
	change(troubles, "a", ENABLED, conditions);
	assert_told(troubles, "cluster/ns/a FleetRegistered TokenExpired\ncluster/ns/a FleetTwins OneInAura\n");
	change(troubles, "a", "", registered);
	assert_told(troubles, "cluster/ns/a FleetConnected TokenGone\ncluster/ns/a FleetTwins OneInAura\n");
	change(troubles, "a", ENABLED, "\"conditions\":[" CONDITION("FleetTokenExpiring", "True", "ExpiresSoon") "]");
	assert_told(troubles, "cluster/ns/a FleetTokenExpiring ExpiresSoon\n");
	change(troubles, "a", ENABLED, "\"conditions\":[" CONDITION("FleetRegistered", "Unknown", "Registered") "]");
	assert_told(troubles, "");
	troubles_free(troubles);
}

// E4: a status by hand makes no words of its own.
static void test_by_hand(void **state)
{
	struct troubles *troubles = troubles_new();

	(void)state;
	change(troubles, "a", "", "\"conditions\":[" CONDITION("Ready", "False", "MadeUp") ",{\"type\":\"Stalled\",\"status\":\"True\"}]");
	assert_told(troubles, "cluster/ns/a Ready Other\ncluster/ns/a Stalled Other\n");
	change(troubles, "a", "", "\"conditions\":[{\"type\":\"Ready\",\"status\":1},\"x\"," CONDITION("Other", "False", "Ready") "]");
	assert_told(troubles, "");
	troubles_free(troubles);
}

static void test_a_crowded_namespace(void **state)
{
	struct troubles *troubles = troubles_new();
	struct told told = {.text = BUF_INIT(1024 * 1024)};
	struct kube_object *object;
	char key[QUEUE_KEY_SIZE];
	static const char text[] = "{\"status\":{\"conditions\":[" CONDITION("Ready", "False", "Forming") "]}}";

	(void)state;
	object = kube_object_parse(text, strlen(text));
	for (int i = 0; i < 3 * TROUBLES_OF_A_NAMESPACE; i++) {
		(void)snprintf(key, sizeof(key), "standalone/crowd/d%d", i);
		troubles_change(troubles, key, object);
	}
	troubles_change(troubles, "standalone/quiet/d", object);
	troubles_each(troubles, tell, &told);
	assert_int_equal(told.n, TROUBLES_OF_A_NAMESPACE + 1);
	assert_non_null(strstr(buf_str(&told.text), "standalone/quiet/d Ready Forming\n"));
	// Those that had no room are told once there is some.
	for (int i = 0; i < 2 * TROUBLES_OF_A_NAMESPACE; i++) {
		(void)snprintf(key, sizeof(key), "standalone/crowd/d%d", i);
		troubles_change(troubles, key, NULL);
	}
	buf_clear(&told.text);
	troubles_each(troubles, tell, &told);
	assert_non_null(strstr(buf_str(&told.text), "standalone/crowd/d299 Ready Forming\n"));
	buf_release(&told.text);
	kube_object_unref(object);
	troubles_free(troubles); // with what is in it
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_and_goes),
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_a_crowded_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
