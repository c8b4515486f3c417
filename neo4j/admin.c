// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/admin.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/texts.h"

#define REGISTERED_PREFIX "Token registered successfully"

#define ROWS_MAX 1000
// Each copy of a database on a server is a row.
#define COPIES_MAX (20 * 500)
// The longest name, state or address; below, the room for all texts of a listing: more than three hundred bytes a copy.
#define TEXT_MAX 512
#define TEXTS_MAX ((size_t)4 * 1024 * 1024)

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
	if (r < 0)
		scrub_err(admin->scrub, err);
	return r;
}

// A column of text for people.
static const char *words(const struct admin *admin, const struct bolt_table *result, const char *column)
{
	const char *text = bolt_as_string(bolt_table_get(result, 0, column));

	return text ? scrub_text(admin->scrub, text, admin->arena) : NULL;
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

// Whether one of the names in a SHOW command's answer begins so.
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
		.message = words(admin, &result, "statusMessage"),
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
		.error = words(admin, &result, "errorMessage"),
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
	*ret_text = words(admin, &result, "result");
	return 0;
}

int admin_fleet_disable(const struct admin *admin, struct err *err)
{
	struct bolt_table result;

	return run(admin, "CALL fleetManagement.disable()", NULL, &result, err);
}

// Reads the rows of a SHOW command as they come: some columns go into an item, and each text is kept once.
struct column {
	const char *name;
	size_t offset; // of a const char * in the item
};

struct listing {
	const struct admin *admin;
	const char *command;
	const struct column *columns;
	size_t n_columns, n_required; // the required columns come first
	struct texts texts;
	size_t bytes; // of all texts, each as often as it came
	struct buf items;
};

static const struct column server_columns[] = {
	{"serverId", offsetof(struct topology_server, id)},	{"state", offsetof(struct topology_server, state)},
	{"health", offsetof(struct topology_server, health)}, {"name", offsetof(struct topology_server, name)},
	{"address", offsetof(struct topology_server, address)}, {"version", offsetof(struct topology_server, version)},
};

static const struct column copy_columns[] = {
	{"name", offsetof(struct topology_copy, database)},	{"requestedStatus", offsetof(struct topology_copy, requested)},
	{"currentStatus", offsetof(struct topology_copy, current)}, {"type", offsetof(struct topology_copy, type)},
	{"address", offsetof(struct topology_copy, address)}, {"role", offsetof(struct topology_copy, role)},
};

// NULL where there is no text. Names, states and addresses are short and have no control characters.
static int keep(struct listing *listing, const struct bolt_value *value, const char **ret, struct err *err)
{
	const char *text = bolt_as_string(value);

	*ret = NULL;
	if (!text)
		return 0;
	if (value->size > TEXT_MAX || value->size != strlen(text))
		return err_set(err, ERR_PROTOCOL, "%s: a text of %u bytes is no name", listing->command, value->size);
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ')
			return err_set(err, ERR_PROTOCOL, "%s: a text with control characters is no name", listing->command);
	}
	listing->bytes += value->size;
	if (listing->bytes > TEXTS_MAX)
		return err_set(err, ERR_TOO_LARGE, "%s: the rows have more than %zu bytes of text", listing->command, TEXTS_MAX);
	*ret = texts_keep(&listing->texts, text);
	return 0;
}

static int keep_columns(struct listing *listing, const struct bolt_table *table, const struct bolt_value *row, void *item, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < listing->n_columns && r == 0; i++) {
		const struct column *column = &listing->columns[i];
		const char **field = (const char **)((char *)item + column->offset);

		r = keep(listing, bolt_row_get(table, row, column->name), field, err);
		if (r == 0 && i < listing->n_required && !*field)
			r = lacks(column->name, listing->command, err);
	}
	return r;
}

static int list_rows(struct listing *listing, const char *text, bolt_row_fn on_row, uint32_t max_rows, struct err *err)
{
	const struct bolt_query query = {
		.text = text, .database = "system", .read = true, .max_rows = max_rows, .on_row = on_row, .user = listing};
	struct bolt_table result;

	return ask(listing->admin, &query, &result, err);
}

static int keep_hosting(struct listing *listing, const struct bolt_value *list, struct topology_server *ret, struct err *err)
{
	const char **names;
	int r = 0;

	if (!list || list->type != BOLT_LIST)
		return 0;
	names = arena_new_array(listing->admin->arena, const char *, list->size);
	for (uint32_t i = 0; i < list->size && r == 0; i++) {
		r = keep(listing, &list->items[i], &names[ret->n_hosting], err);
		ret->n_hosting += names[ret->n_hosting] != NULL;
	}
	ret->hosting = names;
	return r;
}

static int take_server(void *user, const struct bolt_table *table, const struct bolt_value *row, struct err *err)
{
	struct listing *listing = user;
	struct topology_server server = {0};
	int r = keep_columns(listing, table, row, &server, err);

	if (r == 0)
		r = keep_hosting(listing, bolt_row_get(table, row, "hosting"), &server, err);
	buf_append(&listing->items, &server, sizeof(server));
	return r;
}

static int take_copy(void *user, const struct bolt_table *table, const struct bolt_value *row, struct err *err)
{
	struct listing *listing = user;
	struct topology_copy copy = {.writer = bolt_as_bool(bolt_row_get(table, row, "writer"), false)};
	int r = keep_columns(listing, table, row, &copy, err);

	buf_append(&listing->items, &copy, sizeof(copy));
	return r;
}

// Ends the listing and returns its items, in the arena.
static void *listing_end(struct listing *listing)
{
	void *items = arena_memdup0(listing->admin->arena, listing->items.data, listing->items.len);

	texts_release(&listing->texts);
	buf_release(&listing->items);
	return items;
}

int admin_servers(const struct admin *admin, struct topology_servers *ret, struct err *err)
{
	struct listing listing = {
		.admin = admin,
		.command = "SHOW SERVERS",
		.columns = server_columns,
		.n_columns = sizeof(server_columns) / sizeof(server_columns[0]),
		.n_required = 3,
		.texts = TEXTS_INIT(admin->arena),
		.items = BUF_INIT(ROWS_MAX * sizeof(struct topology_server)),
	};
	int r = list_rows(&listing, "SHOW SERVERS YIELD serverId, name, address, state, health, version, hosting", take_server, ROWS_MAX, err);
	size_t n = listing.items.len / sizeof(struct topology_server);

	*ret = (struct topology_servers){.items = listing_end(&listing), .n = r == 0 ? n : 0};
	return r;
}

int admin_databases(const struct admin *admin, struct topology_copies *ret, struct err *err)
{
	struct listing listing = {
		.admin = admin,
		.command = "SHOW DATABASES",
		.columns = copy_columns,
		.n_columns = sizeof(copy_columns) / sizeof(copy_columns[0]),
		.n_required = 3,
		.texts = TEXTS_INIT(admin->arena),
		.items = BUF_INIT(COPIES_MAX * sizeof(struct topology_copy)),
	};
	int r = list_rows(&listing, "SHOW DATABASES YIELD name, type, address, role, writer, requestedStatus, currentStatus", take_copy,
			  COPIES_MAX, err);
	size_t n = listing.items.len / sizeof(struct topology_copy);

	*ret = (struct topology_copies){.items = listing_end(&listing), .n = r == 0 ? n : 0};
	return r;
}

int admin_topology(const struct admin *admin, struct topology *ret, struct err *err)
{
	struct err none = ERR_INIT;
	int r = admin_databases(admin, &ret->copies, err);

	ret->servers = (struct topology_servers){0};
	if (r == 0 && admin_servers(admin, &ret->servers, &none) < 0)
		ret->servers = (struct topology_servers){0};
	return r;
}

// Appends ids as parameters: a server's name may be a parameter wherever it may be a string.
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
