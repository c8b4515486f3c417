// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/admin.h"

#include <string.h>

#include "base/clock.h"

#define REGISTERED_PREFIX "Token registered successfully"

#define ROWS_MAX 1000
// A copy of a database on a server is a row.
#define COPIES_MAX (20 * 500)

static struct histogram times;

const struct histogram *admin_times(void)
{
	return &times;
}

static int ask(const struct admin *admin, const struct bolt_query *query, struct bolt_table *ret, struct err *err)
{
	int64_t started = clock_monotonic_ms(&clock_system);
	int r = bolt_link_query(admin->link, query, admin->deadline, admin->arena, ret, err);

	histogram_add(&times, clock_monotonic_ms(&clock_system) - started);
	return r;
}

static int run(const struct admin *admin, const char *text, const char *token, struct bolt_table *ret, struct err *err)
{
	struct bolt_entry entry = {.key = "token", .value = bolt_string(token)};
	struct bolt_value params = bolt_map(&entry, 1);
	struct bolt_query query = {
		.text = text,
		.params = token ? &params : NULL,
		.database = "system",
		.max_rows = ROWS_MAX,
		.secret_params = token != NULL,
	};

	return ask(admin, &query, ret, err);
}

static int lacks(const char *column, const char *procedure, struct err *err)
{
	return err_set(err, ERR_PROTOCOL, "the answer of %s has no row with column '%s'", procedure, column);
}

int admin_fleet_present(const struct admin *admin, bool *ret, struct err *err)
{
	struct bolt_table result;
	const struct bolt_value *count;
	int r;

	r = run(admin,
		"SHOW PROCEDURES YIELD name WHERE name IN ['fleetManagement.registerToken', "
		"'fleetManagement.inspectToken', 'fleetManagement.status'] RETURN count(name) AS n",
		NULL, &result, err);
	if (r < 0)
		return r;
	count = bolt_table_get(&result, 0, "n");
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
	struct bolt_table result;
	int r = ask(admin, &query, &result, err);

	if (r < 0)
		return r;
	count = bolt_table_get(&result, 0, "n");
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
	struct bolt_table result;
	int r = run(admin, "CALL fleetManagement.status()", NULL, &result, err);

	if (r < 0)
		return r;
	active = bolt_table_get(&result, 0, "active");
	connected = bolt_table_get(&result, 0, "connected");
	if (!active || active->type != BOLT_BOOL)
		return lacks("active", "fleetManagement.status", err);
	if (!connected || connected->type != BOLT_BOOL)
		return lacks("connected", "fleetManagement.status", err);
	*ret = (struct fleet_state){
		.active = active->boolean,
		.connected = connected->boolean,
		.message = bolt_as_string(bolt_table_get(&result, 0, "statusMessage")),
	};
	return 0;
}

int admin_fleet_inspect(const struct admin *admin, const char *token, struct token_info *ret, struct err *err)
{
	struct bolt_table result;
	int r = run(admin, token ? "CALL fleetManagement.inspectToken($token)" : "CALL fleetManagement.inspectToken()",
		    token, &result, err);

	if (r < 0)
		return r;
	if (!bolt_table_get(&result, 0, "projectId"))
		return lacks("projectId", "fleetManagement.inspectToken", err);
	*ret = (struct token_info){
		.project = bolt_as_string(bolt_table_get(&result, 0, "projectId")),
		.expires = bolt_as_string(bolt_table_get(&result, 0, "tokenExpires")),
		.error = bolt_as_string(bolt_table_get(&result, 0, "errorMessage")),
	};
	if (ret->error && !*ret->error)
		ret->error = NULL;
	return 0;
}

int admin_dbms_id(const struct admin *admin, const char **ret, struct err *err)
{
	struct bolt_table result;
	int r = run(admin, "CALL dbms.info()", NULL, &result, err);

	if (r < 0)
		return r;
	*ret = bolt_as_string(bolt_table_get(&result, 0, "id"));
	return *ret ? 0 : lacks("id", "dbms.info", err);
}

int admin_fleet_register(const struct admin *admin, const char *token, bool *ret_registered, const char **ret_text,
			 struct err *err)
{
	struct bolt_table result;
	const char *text;
	int r = run(admin, "CALL fleetManagement.registerToken($token)", token, &result, err);

	if (r < 0)
		return r;
	text = bolt_as_string(bolt_table_get(&result, 0, "result"));
	if (!text)
		return lacks("result", "fleetManagement.registerToken", err);
	*ret_registered = strncmp(text, REGISTERED_PREFIX, strlen(REGISTERED_PREFIX)) == 0;
	*ret_text = text;
	return 0;
}

int admin_fleet_disable(const struct admin *admin, struct err *err)
{
	struct bolt_table result;

	return run(admin, "CALL fleetManagement.disable()", NULL, &result, err);
}

static int show(const struct admin *admin, const char *text, uint32_t max_rows, struct bolt_table *ret, struct err *err)
{
	struct bolt_query query = {.text = text, .database = "system", .read = true, .max_rows = max_rows};

	return ask(admin, &query, ret, err);
}

static const char *text_at(const struct bolt_table *result, uint32_t row, const char *field)
{
	return bolt_as_string(bolt_table_get(result, row, field));
}

static void read_hosting(const struct bolt_value *list, struct arena *arena, struct topology_server *ret)
{
	const char **names;

	if (!list || list->type != BOLT_LIST)
		return;
	names = arena_new_array(arena, const char *, list->size);
	for (uint32_t i = 0; i < list->size; i++) {
		const char *name = bolt_as_string(&list->items[i]);

		if (name)
			names[ret->n_hosting++] = name;
	}
	ret->hosting = names;
}

int admin_servers(const struct admin *admin, struct topology_servers *ret, struct err *err)
{
	struct topology_server *items;
	struct bolt_table result;
	int r = show(admin, "SHOW SERVERS YIELD serverId, name, address, state, health, hosting", ROWS_MAX, &result, err);

	if (r < 0)
		return r;
	items = arena_new_array(admin->arena, struct topology_server, result.n_rows);
	for (uint32_t i = 0; i < result.n_rows; i++) {
		items[i] = (struct topology_server){
			.id = text_at(&result, i, "serverId"),
			.name = text_at(&result, i, "name"),
			.address = text_at(&result, i, "address"),
			.state = text_at(&result, i, "state"),
			.health = text_at(&result, i, "health"),
		};
		if (!items[i].id || !items[i].state || !items[i].health)
			return lacks("serverId, state or health", "SHOW SERVERS", err);
		read_hosting(bolt_table_get(&result, i, "hosting"), admin->arena, &items[i]);
	}
	*ret = (struct topology_servers){.items = items, .n = result.n_rows};
	return 0;
}

int admin_databases(const struct admin *admin, struct topology_copies *ret, struct err *err)
{
	struct topology_copy *items;
	struct bolt_table result;
	int r = show(admin, "SHOW DATABASES YIELD name, type, address, role, writer, requestedStatus, currentStatus", COPIES_MAX, &result,
		     err);

	if (r < 0)
		return r;
	items = arena_new_array(admin->arena, struct topology_copy, result.n_rows);
	for (uint32_t i = 0; i < result.n_rows; i++) {
		items[i] = (struct topology_copy){
			.database = text_at(&result, i, "name"),
			.type = text_at(&result, i, "type"),
			.address = text_at(&result, i, "address"),
			.role = text_at(&result, i, "role"),
			.writer = bolt_as_bool(bolt_table_get(&result, i, "writer"), false),
			.requested = text_at(&result, i, "requestedStatus"),
			.current = text_at(&result, i, "currentStatus"),
		};
		if (!items[i].database || !items[i].requested || !items[i].current)
			return lacks("name, requestedStatus or currentStatus", "SHOW DATABASES", err);
	}
	*ret = (struct topology_copies){.items = items, .n = result.n_rows};
	return 0;
}

// Appends ids as parameters: what names a server may be a parameter wherever it may be a string.
static int change_servers(const struct admin *admin, const char *command, const char *const *ids, size_t n, struct err *err)
{
	struct bolt_entry entries[TOPOLOGY_SERVERS_MAX];
	const char *text = command;
	struct bolt_table result;
	struct bolt_value params;

	if (n == 0 || n > TOPOLOGY_SERVERS_MAX)
		return err_set(err, ERR_TOO_LARGE, "%zu servers in one statement; 1 to %d are allowed", n, TOPOLOGY_SERVERS_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *key = arena_printf(admin->arena, "server%zu", i);

		text = arena_printf(admin->arena, "%s%s$%s", text, i ? ", " : " ", key);
		entries[i] = (struct bolt_entry){.key = key, .value = bolt_string(ids[i])};
	}
	params = bolt_map(entries, (uint32_t)n);
	return ask(admin, &(struct bolt_query){.text = text, .params = &params, .database = "system", .max_rows = ROWS_MAX}, &result, err);
}

int admin_enable_server(const struct admin *admin, const char *id, struct err *err)
{
	return change_servers(admin, "ENABLE SERVER", &id, 1, err);
}

int admin_deallocate(const struct admin *admin, const char *const *ids, size_t n, struct err *err)
{
	return change_servers(admin, "DEALLOCATE DATABASES FROM SERVERS", ids, n, err);
}

int admin_drop_server(const struct admin *admin, const char *id, struct err *err)
{
	return change_servers(admin, "DROP SERVER", &id, 1, err);
}

bool admin_is_unreachable(const struct err *err)
{
	return err->class == ERR_IO || err->class == ERR_TIMEOUT || strcmp(err->code, BOLT_CERTIFICATE_REFUSED) == 0;
}

bool admin_is_not_leader(const struct err *err)
{
	return strcmp(err->code, "Neo.ClientError.Cluster.NotALeader") == 0 ||
	       strcmp(err->code, "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase") == 0;
}

// The words of the kernel's NotALeader, which the procedure quotes.
bool admin_row_says_not_leader(const char *text)
{
	return strstr(text, "must pass through the leader") || strstr(text, "Cluster.NotALeader");
}
