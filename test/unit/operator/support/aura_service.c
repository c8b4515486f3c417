// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "support/aura_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"
#include "net/http.h"

#define ROOT "/v2beta1/organizations/o-1/projects/p-1/fleet-manager/deployments"
// base64 of client-1:the-client-secret
#define PAIR "Authorization: Basic Y2xpZW50LTE6dGhlLWNsaWVudC1zZWNyZXQ="
#define DENIED "{\"error\":\"Access denied\"}"

struct aura_service aura_service;

void aura_service_begin(int64_t (*now_ms)(void))
{
	memset(&aura_service, 0, sizeof(aura_service));
	aura_service.now_ms = now_ms;
}

size_t aura_service_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < aura_service.n; i++)
		n += aura_service.items[i].there;
	return n;
}

struct aura_service_item *aura_service_find(const char *name)
{
	for (size_t i = 0; i < aura_service.n; i++) {
		if (aura_service.items[i].there && strcmp(aura_service.items[i].name, name) == 0)
			return &aura_service.items[i];
	}
	return NULL;
}

struct aura_service_item *aura_service_add(const char *name, const char *url)
{
	struct aura_service_item *item = &aura_service.items[aura_service.n];

	assert_true(aura_service.n < AURA_SERVICE_ITEMS);
	*item = (struct aura_service_item){.there = true};
	(void)snprintf(item->id, sizeof(item->id), "d-%zu", aura_service.n++);
	(void)snprintf(item->name, sizeof(item->name), "%s", name);
	(void)snprintf(item->url, sizeof(item->url), "%s", url);
	return item;
}

// The minutes that begin with a call are the fullest.
size_t aura_service_most_in_a_minute(void)
{
	size_t most = 0, end = 0;

	for (size_t i = 0; i < aura_service.n_calls; i++) {
		while (end < aura_service.n_calls && aura_service.calls[end] - aura_service.calls[i] < 60000)
			end++;
		most = end - i > most ? end - i : most;
	}
	return most;
}

static void answer(struct http_response *ret, int status, const char *body)
{
	*ret = (struct http_response){.status = status, .body = BUF_INIT_SECRET((size_t)1024 * 1024)};
	(void)snprintf(ret->header, sizeof(ret->header), "request-%zu", aura_service.n_calls);
	buf_add(&ret->body, body);
}

static void answer_list(struct http_response *ret)
{
	const char *comma = "";

	answer(ret, 200, "{\"data\":[");
	for (size_t i = 0; i < aura_service.n; i++) {
		const struct aura_service_item *item = &aura_service.items[i];

		if (!item->there)
			continue;
		buf_addf(&ret->body, "%s{\"id\":\"%s\",\"name\":\"%s\",\"connection_url\":\"%s\",\"status\":\"running\"}", comma, item->id, item->name, item->url);
		comma = ",";
	}
	buf_add(&ret->body, "]}");
}

static void answer_create(const struct http_request *request, struct http_response *ret)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *body = json_parse(arena, request->body, strlen(request->body));
	const char *name = yyjson_get_str(yyjson_obj_get(body, "name"));

	assert_non_null(name);
	assert_in_range(strlen(name), 1, 30);
	if (aura_service_find(name) && !aura_service.takes_twins) {
		answer(ret, 409, "{\"errors\":[{\"message\":\"A deployment with this name already exists\",\"reason\":\"name-taken\",\"field\":\"name\"}]}");
	} else if (aura_service.quota && aura_service_count() >= aura_service.quota) {
		answer(ret, 400, "{\"message\":\"The project's quota of deployments is used up\",\"reason\":\"quota-exceeded\"}");
	} else {
		answer(ret, 200, "");
		buf_addf(&ret->body, "{\"data\":{\"id\":\"%s\"}}",
			 aura_service_add(name, yyjson_get_str(yyjson_obj_get(body, "connection_url")))->id);
	}
}

static bool make_token(struct aura_service_item *item, bool rotate)
{
	if (rotate != (item->live != 0))
		return false;
	item->live = ++aura_service.tokens;
	return true;
}

static void answer_token(struct aura_service_item *item, bool rotate, struct http_response *ret)
{
	char text[32];

	if (!make_token(item, rotate)) {
		answer(ret, 500, "{\"message\":\"failed to create api key: sql: no rows in result set\",\"reason\":\"internal\"}");
		return;
	}
	(void)snprintf(text, sizeof(text), "token-%u", item->live);
	answer(ret, 200, "");
	buf_addf(&ret->body, "{\"data\":{\"token\":\"%s\"}}", aura_service.token ? aura_service.token(item->live) : text);
}

static struct aura_service_item *item_of(const char *path)
{
	for (size_t i = 0; i < aura_service.n; i++) {
		struct aura_service_item *item = &aura_service.items[i];
		size_t len = strlen(item->id);

		if (item->there && strncmp(path, item->id, len) == 0 && (path[len] == '\0' || path[len] == '/'))
			return item;
	}
	return NULL;
}

static void answer_one(const char *method, const char *path, struct http_response *ret)
{
	struct aura_service_item *item = item_of(path);

	if (!item) {
		answer(ret, 403, DENIED);
	} else if (strstr(path, "/token")) {
		answer_token(item, strcmp(method, "PATCH") == 0, ret);
	} else {
		assert_string_equal(method, "DELETE");
		item->there = false;
		answer(ret, 204, "");
	}
}

static void answer_bearer(const struct http_request *request, struct http_response *ret)
{
	bool known = false;

	for (size_t i = 0; i < HTTP_HEADERS_MAX; i++)
		known = known || (request->headers[i] && strcmp(request->headers[i], PAIR) == 0);
	if (known && !aura_service.refuses_pair)
		answer(ret, 200, "{\"access_token\":\"the-bearer\",\"expires_in\":3600,\"token_type\":\"bearer\"}");
	else
		answer(ret, 401, "{\"error\":\"access_denied\",\"error_description\":\"Unauthorized\"}");
}

static void serve(const struct http_request *request, struct http_response *ret)
{
	const char *path = request->url + strlen(AURA_SERVICE_URL);

	if (strcmp(path, "/oauth/token") == 0)
		answer_bearer(request, ret);
	else if (!request->bearer || strcmp(request->bearer, "the-bearer") != 0 || aura_service.refuses_project || strncmp(path, ROOT, strlen(ROOT)) != 0)
		answer(ret, 403, DENIED);
	else if (aura_service.status)
		answer(ret, aura_service.status, "{\"message\":\"told to fail\"}");
	else if (path[strlen(ROOT)] == '/')
		answer_one(request->method, path + strlen(ROOT) + 1, ret);
	else if (strcmp(request->method, "POST") == 0)
		answer_create(request, ret);
	else
		answer_list(ret);
}

// What was under way when its caller had ended, or had given up.
void aura_service_carry_out_late(void)
{
	for (size_t i = 0; i < aura_service.n_late; i++) {
		struct aura_service_item *item = &aura_service.late[i];

		if (item->there || aura_service.late_ms[i] > aura_service.now_ms())
			continue;
		item->there = true;
		if (*item->id && item_of(item->id))
			(void)make_token(item_of(item->id), item->live);
		else if (!*item->id && (aura_service.takes_twins || !aura_service_find(item->name)))
			(void)aura_service_add(item->name, item->url);
	}
}

static bool comes_late(const struct http_request *request)
{
	if (aura_service.late_tokens && strstr(request->url, ROOT) && strstr(request->url, "/token")) {
		aura_service.late_tokens--;
		return true;
	}
	if (aura_service.lates == 0 || strcmp(request->method, "POST") != 0 || strcmp(request->url, AURA_SERVICE_URL ROOT) != 0)
		return false;
	aura_service.lates--;
	return true;
}

static struct aura_service_item *new_late_one(void)
{
	int64_t by_ms = (int64_t)((aura_service.n_late + 1) * 7919 % AURA_SERVICE_LATE_MS);

	assert_true(aura_service.n_late < AURA_SERVICE_LATES);
	aura_service.late_ms[aura_service.n_late] = aura_service.now_ms() + (aura_service.late_after_ms ? aura_service.late_after_ms : by_ms);
	return &aura_service.late[aura_service.n_late++];
}

static void keep_for_later(const struct http_request *request)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *body = request->body ? json_parse(arena, request->body, strlen(request->body)) : NULL;
	const char *name = yyjson_get_str(yyjson_obj_get(body, "name")), *token = strstr(request->url, "/token");
	struct aura_service_item *item;

	if (name) {
		item = new_late_one();
		(void)snprintf(item->name, sizeof(item->name), "%s", name);
		(void)snprintf(item->url, sizeof(item->url), "%s", yyjson_get_str(yyjson_obj_get(body, "connection_url")));
	} else if (token && strstr(request->url, ROOT)) {
		item = new_late_one();
		(void)snprintf(item->id, sizeof(item->id), "%.*s", (int)(token - strstr(request->url, ROOT) - strlen(ROOT) - 1),
			       strstr(request->url, ROOT) + strlen(ROOT) + 1);
		item->live = strcmp(request->method, "PATCH") == 0;
	}
}

int __real_http_perform(struct loop *loop, const struct http_request *request, struct http_response *ret, struct err *err);
int __wrap_http_perform(struct loop *loop, const struct http_request *request, struct http_response *ret, struct err *err);

int __wrap_http_perform(struct loop *loop, const struct http_request *request, struct http_response *ret, struct err *err)
{
	enum aura_service_fate fate = aura_service.fate ? aura_service.fate() : AURA_SERVICE_ANSWERS;

	if (strncmp(request->url, AURA_SERVICE_URL "/", strlen(AURA_SERVICE_URL) + 1) != 0)
		return __real_http_perform(loop, request, ret, err);
	aura_service_carry_out_late();
	fate = comes_late(request) ? AURA_SERVICE_LATE : fate;
	if (fate == AURA_SERVICE_LATE)
		keep_for_later(request);
	if (fate == AURA_SERVICE_MISSED || fate == AURA_SERVICE_LATE || aura_service.away)
		return err_set(err, ERR_IO, "POST: Could not connect to server after 3 ms");
	assert_true(aura_service.n_calls < AURA_SERVICE_CALLS);
	aura_service.calls[aura_service.n_calls++] = aura_service.now_ms();
	serve(request, ret);
	if (fate == AURA_SERVICE_ANSWERS)
		return 0;
	buf_release(&ret->body);
	return err_set(err, ERR_IO, "POST: Empty reply from server");
}
