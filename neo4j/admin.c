// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/admin.h"

#include <string.h>

#define REGISTERED_PREFIX "Token registered successfully"

static int run(const struct admin *admin, const char *text, const char *token, struct bolt_result *ret, struct err *err)
{
	struct bolt_entry entry = {.key = "token", .value = bolt_string(token)};
	struct bolt_value params = bolt_map(&entry, 1);
	struct bolt_query query = {
		.text = text,
		.params = token ? &params : NULL,
		.database = "system",
		.max_rows = 1000,
		.secret_params = token != NULL,
	};

	return bolt_session_query(admin->session, &query, admin->deadline, admin->arena, ret, err);
}

static int lacks(const char *column, const char *procedure, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "the answer of %s has no row with column '%s'", procedure, column);
}

int admin_fleet_present(const struct admin *admin, bool *ret, struct err *err)
{
	struct bolt_result result;
	const struct bolt_value *count;
	int r;

	r = run(admin,
		"SHOW PROCEDURES YIELD name WHERE name IN ['fleetManagement.registerToken', "
		"'fleetManagement.inspectToken', 'fleetManagement.status'] RETURN count(name) AS n",
		NULL, &result, err);
	if (r < 0)
		return r;
	count = bolt_result_get(&result, 0, "n");
	if (!count || count->type != BOLT_INT)
		return lacks("n", "SHOW PROCEDURES", err);
	*ret = count->integer == 3;
	return 0;
}

// Whether one of the names that a SHOW command lists begins so.
static int is_listed(const struct admin *admin, const char *text, const char *beginning, bool *ret, struct err *err)
{
	struct bolt_entry entry = {.key = "beginning", .value = bolt_string(beginning)};
	struct bolt_value params = bolt_map(&entry, 1);
	struct bolt_query query = {.text = text, .params = &params, .database = "system", .read = true, .max_rows = 1};
	const struct bolt_value *count;
	struct bolt_result result;
	int r = bolt_session_query(admin->session, &query, admin->deadline, admin->arena, &result, err);

	if (r < 0)
		return r;
	count = bolt_result_get(&result, 0, "n");
	if (!count || count->type != BOLT_INT)
		return lacks("n", "SHOW PROCEDURES or SHOW FUNCTIONS", err);
	*ret = count->integer > 0;
	return 0;
}

int admin_names_present(const struct admin *admin, const char *patterns, bool *ret, struct err *err)
{
	static const char *const commands[] = {
		"SHOW PROCEDURES YIELD name WHERE name STARTS WITH $beginning RETURN count(name) AS n",
		"SHOW FUNCTIONS YIELD name WHERE name STARTS WITH $beginning RETURN count(name) AS n",
	};

	*ret = false;
	while (*patterns && !*ret) {
		size_t len = strcspn(patterns, ",");
		const char *beginning = arena_memdup0(admin->arena, patterns, strcspn(patterns, ",*"));

		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && !*ret; i++) {
			int r = is_listed(admin, commands[i], beginning, ret, err);

			if (r < 0)
				return r;
		}
		patterns += len + (patterns[len] == ',');
	}
	return 0;
}

int admin_fleet_status(const struct admin *admin, struct fleet_state *ret, struct err *err)
{
	const struct bolt_value *active, *connected;
	struct bolt_result result;
	int r = run(admin, "CALL fleetManagement.status()", NULL, &result, err);

	if (r < 0)
		return r;
	active = bolt_result_get(&result, 0, "active");
	connected = bolt_result_get(&result, 0, "connected");
	if (!active || active->type != BOLT_BOOL)
		return lacks("active", "fleetManagement.status", err);
	if (!connected || connected->type != BOLT_BOOL)
		return lacks("connected", "fleetManagement.status", err);
	*ret = (struct fleet_state){
		.active = active->boolean,
		.connected = connected->boolean,
		.message = bolt_as_string(bolt_result_get(&result, 0, "statusMessage")),
	};
	return 0;
}

int admin_fleet_inspect(const struct admin *admin, const char *token, struct token_info *ret, struct err *err)
{
	struct bolt_result result;
	int r = run(admin, token ? "CALL fleetManagement.inspectToken($token)" : "CALL fleetManagement.inspectToken()",
		    token, &result, err);

	if (r < 0)
		return r;
	if (!bolt_result_get(&result, 0, "projectId"))
		return lacks("projectId", "fleetManagement.inspectToken", err);
	*ret = (struct token_info){
		.project = bolt_as_string(bolt_result_get(&result, 0, "projectId")),
		.expires = bolt_as_string(bolt_result_get(&result, 0, "tokenExpires")),
		.error = bolt_as_string(bolt_result_get(&result, 0, "errorMessage")),
	};
	return 0;
}

int admin_fleet_register(const struct admin *admin, const char *token, bool *ret_registered, const char **ret_text,
			 struct err *err)
{
	struct bolt_result result;
	const char *text;
	int r = run(admin, "CALL fleetManagement.registerToken($token)", token, &result, err);

	if (r < 0)
		return r;
	text = bolt_as_string(bolt_result_get(&result, 0, "result"));
	if (!text)
		return lacks("result", "fleetManagement.registerToken", err);
	*ret_registered = strncmp(text, REGISTERED_PREFIX, strlen(REGISTERED_PREFIX)) == 0;
	*ret_text = text;
	return 0;
}

int admin_fleet_disable(const struct admin *admin, struct err *err)
{
	struct bolt_result result;

	return run(admin, "CALL fleetManagement.disable()", NULL, &result, err);
}
