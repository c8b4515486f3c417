// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/driver_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "test/testkit/backend_fault.h"
#include "test/testkit/authorization.h"

#define PEM_MAX ((size_t)1024 * 1024)

struct bolt_address address_split(const char *text, struct arena *arena)
{
	const char *colon = strrchr(text, ':');

	if (!colon)
		return (struct bolt_address){.host = arena_strdup(arena, text)};
	return (struct bolt_address){.host = arena_memdup0(arena, text, (size_t)(colon - text)),
				     .port = (uint16_t)strtoul(colon + 1, NULL, 10)};
}

const char *address_join(const struct bolt_address *address, struct arena *arena)
{
	return arena_printf(arena, "%s:%u", address->host, (unsigned)address->port);
}

static int ask_addresses(struct talk *talk, struct reply *question, const char *answer_name, yyjson_val **ret, struct err *err)
{
	yyjson_val *answer = NULL;

	yyjson_mut_obj_add_str(question->doc, question->data, "id", "1");
	const int r = talk_ask(talk, question, answer_name, &answer, err);

	*ret = yyjson_obj_get(answer, "addresses");
	return r;
}

static int resolve(void *user, const struct bolt_address *asked, struct arena *arena, struct bolt_addresses *ret, struct err *err)
{
	struct driver_object *object = user;
	struct reply question;
	yyjson_val *list, *item;
	size_t i, n;

	reply_init(&question, arena, "ResolverResolutionRequired");
	yyjson_mut_obj_add_strcpy(question.doc, question.data, "address", address_join(asked, arena));
	const int r = ask_addresses(object->talk, &question, "ResolverResolutionCompleted", &list, err);

	if (r < 0)
		return r;
	ret->items = arena_new_array(arena, struct bolt_address, yyjson_arr_size(list));
	ret->n = yyjson_arr_size(list);
	yyjson_arr_foreach(list, i, n, item)
	{
		ret->items[i] = address_split(yyjson_get_str(item), arena);
	}
	return 0;
}

static int resolve_name(void *user, const struct bolt_address *asked, struct arena *arena, struct bolt_addresses *ret, struct err *err)
{
	struct driver_object *object = user;
	struct reply question;
	yyjson_val *list, *item;
	size_t i, n;

	reply_init(&question, arena, "DomainNameResolutionRequired");
	yyjson_mut_obj_add_strcpy(question.doc, question.data, "name", asked->host);
	const int r = ask_addresses(object->talk, &question, "DomainNameResolutionCompleted", &list, err);

	if (r < 0)
		return r;
	ret->items = arena_new_array(arena, struct bolt_address, yyjson_arr_size(list));
	ret->n = yyjson_arr_size(list);
	yyjson_arr_foreach(list, i, n, item)
	{
		ret->items[i] = (struct bolt_address){.host = arena_strdup(arena, yyjson_get_str(item)), .port = asked->port};
	}
	return 0;
}

static int append_file(struct buf *text, const char *path, struct err *err)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	char bytes[4096];
	size_t n;

	if (!file)
		return backend_fault(err, "cannot read %s", path);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(text, bytes, n);
	return text->overflow ? backend_fault(err, "%s is too large", path) : 0;
}

static int read_file(const char *path, struct arena *arena, const char **ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(PEM_MAX);
	const int r = append_file(&text, path, err);

	if (r == 0)
		*ret = arena_strdup(arena, buf_str(&text));
	return r;
}

// With TLS and some authorities, or with TLS and any.
static int read_encryption(const struct talk *talk, yyjson_val *data, struct arena *arena, struct bolt_driver_options *ret, struct err *err)
{
	_cleanup_buf_ struct buf pem = BUF_INIT(PEM_MAX);
	yyjson_val *trusted = yyjson_obj_get(data, "trustedCertificates"), *item;
	const bool anyone = yyjson_is_arr(trusted) && yyjson_arr_size(trusted) == 0;
	size_t i, n;

	if (!yyjson_get_bool(yyjson_obj_get(data, "encrypted")))
		return 0;
	yyjson_arr_foreach(trusted, i, n, item)
	{
		const char *path = arena_printf(arena, "%s/%s", talk->ca_dir, yyjson_get_str(item));
		const int r = append_file(&pem, path, err);

		if (r < 0)
			return r;
	}
	if (pem.len)
		ret->ca_pem = arena_strdup(arena, buf_str(&pem));
	ret->tls = anyone ? BOLT_TLS_ANY : BOLT_TLS_VERIFY;
	return 0;
}

static int read_client_certificate(yyjson_val *data, struct arena *arena, struct bolt_driver_options *ret, struct err *err)
{
	yyjson_val *certificate = yyjson_obj_get(yyjson_obj_get(data, "clientCertificate"), "data");

	if (!certificate)
		return 0;
	ret->key_password = read_text(certificate, "password");
	const int r = read_file(read_text(certificate, "certfile"), arena, &ret->cert_pem, err);

	return r < 0 ? r : read_file(read_text(certificate, "keyfile"), arena, &ret->key_pem, err);
}

static void read_limits(yyjson_val *data, struct bolt_driver_options *ret)
{
	const int64_t liveness = read_whole(data, "livenessCheckTimeoutMs", -1), retry = read_whole(data, "maxTxRetryTimeMs", -1);

	ret->pool_size = (uint32_t)read_whole(data, "maxConnectionPoolSize", 0);
	ret->fetch_size = read_whole(data, "fetchSize", 0);
	ret->connect_ms = read_whole(data, "connectionTimeoutMs", 0);
	ret->acquire_ms = read_whole(data, "connectionAcquisitionTimeoutMs", 0);
	// Testkit: null is never, or the default, and 0 always, or at once.
	ret->liveness_ms = liveness < 0 ? 0 : liveness == 0 ? -1 : liveness;
	ret->retry_ms = retry < 0 ? 0 : retry == 0 ? -1 : retry;
}

int driver_options_read(struct driver_object *object, yyjson_val *data, struct arena *arena, struct bolt_driver_options *ret, struct err *err)
{
	yyjson_val *manager = yyjson_obj_get(data, "authTokenManagerId");

	object->resolver = (struct bolt_resolver){.resolve = resolve, .user = object};
	object->names = (struct bolt_resolver){.resolve = resolve_name, .user = object};
	*ret = (struct bolt_driver_options){
		.uri = read_text(data, "uri"),
		.user_agent = read_text(data, "userAgent"),
		.notifications = read_notifications(data, arena),
		.telemetry = !yyjson_get_bool(yyjson_obj_get(data, "telemetryDisabled")),
		.resolver = yyjson_get_bool(yyjson_obj_get(data, "resolverRegistered")) ? &object->resolver : NULL,
		.names = yyjson_get_bool(yyjson_obj_get(data, "domainNameResolverRegistered")) ? &object->names : NULL,
		.clock = &object->talk->clock,
	};
	if (!ret->uri)
		return backend_fault(err, "a driver has no URI");
	read_limits(data, ret);
	int r = authorization_read(yyjson_obj_get(data, "authorizationToken"), arena, &ret->auth, err);

	if (r == 0 && yyjson_is_str(manager))
		r = authorization_provider(object->talk, manager, &ret->provider, err);
	if (r == 0)
		r = read_encryption(object->talk, data, arena, ret, err);
	return r < 0 ? r : read_client_certificate(data, arena, ret, err);
}
