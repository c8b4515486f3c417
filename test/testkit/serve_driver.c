// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "test/testkit/cypher.h"
#include "test/testkit/authorization.h"
#include "test/testkit/driver_options.h"
#include "test/testkit/serve.h"

int find_driver(const struct talk *talk, yyjson_val *data, struct driver_object **ret, struct err *err)
{
	void *self;
	const int r = talk_find(talk, OBJECT_DRIVER, yyjson_obj_get(data, "driverId"), &self, err);

	if (r < 0)
		return r;
	*ret = self;
	return (*ret)->driver ? 0 : err_set(err, ERR_INVALID, "the driver was closed");
}

static void driver_object_free(void *self)
{
	struct driver_object *object = self;

	bolt_driver_free(object->driver);
	free(object);
}

static int new_driver(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	_cleanup_free_ struct driver_object *object = calloc(1, sizeof(*object));
	struct bolt_driver_options options;

	if (!object)
		abort();
	object->talk = talk;
	int r = driver_options_read(object, data, reply->arena, &options, err);

	if (r == 0)
		r = bolt_driver_new(&options, &object->driver, err);
	if (r < 0)
		return r;
	const struct object kept = {.kind = OBJECT_DRIVER, .free = driver_object_free, .self = steal_ptr(object)};

	reply_id(reply, "Driver", talk_keep(talk, kept, reply->arena));
	return 0;
}

static int close_driver(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	void *self = NULL;
	const int r = talk_find(talk, OBJECT_DRIVER, yyjson_obj_get(data, "driverId"), &self, err);
	struct driver_object *object = self;

	if (r < 0)
		return r;
	close_sessions(talk, object);
	bolt_driver_free(object->driver);
	object->driver = NULL;
	reply_id(reply, "Driver", read_text(data, "driverId"));
	return 0;
}

static int is_encrypted(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	const int r = find_driver(talk, data, &object, err);

	if (r < 0)
		return r;
	reply->name = "DriverIsEncrypted";
	yyjson_mut_obj_add_bool(reply->doc, reply->data, "encrypted", bolt_driver_is_encrypted(object->driver));
	return 0;
}

static int verify(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	int r = find_driver(talk, data, &object, err);

	if (r == 0)
		r = bolt_driver_verify(object->driver, NULL, deadline_in_ms(CALL_MS), reply->arena, NULL, err);
	if (r < 0)
		return r;
	reply_id(reply, "Driver", read_text(data, "driverId"));
	return 0;
}

static int get_server_info(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	struct bolt_server_info info = {0};
	int r = find_driver(talk, data, &object, err);

	if (r == 0)
		r = bolt_driver_verify(object->driver, NULL, deadline_in_ms(CALL_MS), reply->arena, &info, err);
	if (r < 0)
		return r;
	reply->name = "ServerInfo";
	reply->data = report_server(info.address, info.agent, info.major, info.minor, reply->doc);
	return 0;
}

static int verify_authentication(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	struct bolt_auth auth;
	bool accepted = false;
	int r = find_driver(talk, data, &object, err);

	if (r == 0)
		r = authorization_read(yyjson_obj_get(data, "authorizationToken"), reply->arena, &auth, err);
	if (r < 0)
		return r;
	const struct bolt_probe probe = {.database = "system", .auth = auth.scheme ? &auth : NULL};

	r = bolt_driver_verify_auth(object->driver, &probe, deadline_in_ms(CALL_MS), &accepted, err);
	if (r < 0)
		return r;
	reply_id(reply, "DriverIsAuthenticated", read_text(data, "driverId"));
	yyjson_mut_obj_add_bool(reply->doc, reply->data, "authenticated", accepted);
	return 0;
}

static int supports_session_auth(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	bool available = false;
	int r = find_driver(talk, data, &object, err);

	if (r == 0)
		r = bolt_driver_supports_session_auth(object->driver, deadline_in_ms(CALL_MS), &available, err);
	if (r < 0)
		return r;
	reply_id(reply, "SessionAuthSupport", read_text(data, "driverId"));
	yyjson_mut_obj_add_bool(reply->doc, reply->data, "available", available);
	return 0;
}

// All versions that are spoken have it: bolt/driver.h.
static int supports_databases(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	const int r = find_driver(talk, data, &object, err);

	if (r < 0)
		return r;
	reply_id(reply, "MultiDBSupport", read_text(data, "driverId"));
	yyjson_mut_obj_add_bool(reply->doc, reply->data, "available", true);
	return 0;
}

static int pool_figures(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	struct bolt_pool_figures figures;
	const int r = find_driver(talk, data, &object, err);

	if (r < 0)
		return r;
	const struct bolt_address address = address_split(read_text(data, "address"), reply->arena);

	bolt_driver_figures(object->driver, &address, &figures);
	reply->name = "ConnectionPoolMetrics";
	yyjson_mut_obj_add_uint(reply->doc, reply->data, "inUse", figures.in_use);
	yyjson_mut_obj_add_uint(reply->doc, reply->data, "idle", figures.idle);
	return 0;
}

static void add_addresses(struct reply *reply, const char *key, const struct bolt_addresses *addresses)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(reply->doc, reply->data, key);

	for (size_t i = 0; i < addresses->n; i++)
		yyjson_mut_arr_add_strcpy(reply->doc, list, address_join(&addresses->items[i], reply->arena));
}

static int get_routing_table(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	struct bolt_routing_view view = {0};
	const int r = find_driver(talk, data, &object, err);

	if (r < 0)
		return r;
	// Where there is none, testkit wants an empty one.
	(void)bolt_driver_routing(object->driver, read_text(data, "database"), reply->arena, &view);
	reply->name = "RoutingTable";
	yyjson_mut_obj_add_val(reply->doc, reply->data, "database", report_text(reply->doc, view.database));
	yyjson_mut_obj_add_sint(reply->doc, reply->data, "ttl", view.ttl_ms / 1000);
	add_addresses(reply, "routers", &view.routers);
	add_addresses(reply, "readers", &view.readers);
	add_addresses(reply, "writers", &view.writers);
	return 0;
}

static int reroute(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	const struct bolt_probe probe = {.database = read_text(data, "database")};
	const struct bolt_bookmark_list after = read_texts(yyjson_obj_get(data, "bookmarks"), reply->arena);
	int r = find_driver(talk, data, &object, err);

	if (r < 0)
		return r;
	r = bolt_driver_reroute(object->driver, &probe, &after, deadline_in_ms(CALL_MS), err);
	if (r < 0)
		return r;
	reply_id(reply, "Driver", read_text(data, "driverId"));
	return 0;
}

static int read_call(struct talk *talk, yyjson_val *data, struct arena *arena, struct bolt_call *ret, struct err *err)
{
	yyjson_val *config = yyjson_obj_get(data, "config"), *manager = yyjson_obj_get(config, "bookmarkManagerId");
	struct bolt_auth *auth = arena_new_array(arena, struct bolt_auth, 1);
	struct bolt_statement statement;
	struct bolt_tx_options tx;
	int r = read_statement(data, arena, &statement, err);

	if (r == 0)
		r = read_tx_options(config, arena, &tx, err);
	if (r == 0)
		r = authorization_read(yyjson_obj_get(config, "authorizationToken"), arena, auth, err);
	if (r < 0)
		return r;
	*ret = (struct bolt_call){
		.text = statement.text,
		.params = statement.params,
		.database = read_text(config, "database"),
		.read = yyjson_equals_str(yyjson_obj_get(config, "routing"), "r"),
		.impersonated_user = read_text(config, "impersonatedUser"),
		.auth = auth->scheme ? auth : NULL,
		.timeout_ms = tx.timeout_ms,
		.metadata = tx.metadata,
		.no_bookmarks = yyjson_is_int(manager),
	};
	return yyjson_is_str(manager) ? find_bookmarks(talk, manager, &ret->bookmarks, err) : 0;
}

static int write_answer(const struct bolt_call *call, const struct bolt_answer *answer, struct reply *reply, struct err *err)
{
	const struct summary_query query = {.text = call->text, .params = call->params};
	yyjson_mut_val *rows = yyjson_mut_arr(reply->doc), *row, *summary;

	for (uint32_t i = 0; i < answer->n_rows; i++) {
		const int r = write_row(reply->doc, &answer->rows[i], &row, err);

		if (r < 0)
			return r;
		yyjson_mut_arr_append(rows, row);
	}
	const int r = report_summary(answer->summary, &query, reply->doc, &summary, err);

	if (r < 0)
		return r;
	reply->name = "EagerResult";
	yyjson_mut_obj_add_val(reply->doc, reply->data, "keys", write_keys(reply->doc, answer->keys, answer->n_keys));
	yyjson_mut_obj_add_val(reply->doc, reply->data, "records", rows);
	yyjson_mut_obj_add_val(reply->doc, reply->data, "summary", summary);
	return 0;
}

static int execute_query(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct driver_object *object;
	struct bolt_call call;
	struct bolt_answer answer = {0};
	int r = find_driver(talk, data, &object, err);

	if (r == 0)
		r = read_call(talk, data, reply->arena, &call, err);
	if (r < 0)
		return r;
	r = bolt_driver_query(object->driver, &call, deadline_in_ms(MANAGED_MS), reply->arena, &answer, err);
	talk->failure = r < 0 ? answer.failure : NULL;
	return r < 0 ? r : write_answer(&call, &answer, reply, err);
}

const struct request_kind requests_driver[] = {
	{"NewDriver", new_driver},
	{"DriverClose", close_driver},
	{"CheckDriverIsEncrypted", is_encrypted},
	{"VerifyConnectivity", verify},
	{"GetServerInfo", get_server_info},
	{"VerifyAuthentication", verify_authentication},
	{"CheckSessionAuthSupport", supports_session_auth},
	{"CheckMultiDBSupport", supports_databases},
	{"GetConnectionPoolMetrics", pool_figures},
	{"GetRoutingTable", get_routing_table},
	{"ForcedRoutingTableUpdate", reroute},
	{"ExecuteQuery", execute_query},
	{NULL, NULL},
};
