// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/head.h"

#include "base/arena.h"
#include "base/json.h"
#include "kube/path.h"

#define TOKEN_MAX_BYTES ((size_t)64 * 1024)

void kube_head_release(struct kube_head *head)
{
	buf_release(&head->url);
	buf_release(&head->token);
	if (head->tls)
		kube_config_tls_put(head->config, head->tls);
	head->tls = NULL;
}

int kube_head_make(const struct kube_config *config, const struct buf *path, struct kube_head *head, struct http_request *request,
		   struct err *err)
{
	int r;

	head->url = BUF_INIT(KUBE_URL_MAX_BYTES);
	head->token = BUF_INIT_SECRET(TOKEN_MAX_BYTES);
	buf_addf(&head->url, "%s%s", kube_config_server(config), buf_str(path));
	if (head->url.overflow || path->overflow)
		return err_set(err, ERR_TOO_LARGE, "the request's URL is longer than %zu bytes", KUBE_URL_MAX_BYTES);
	r = kube_config_token(config, &head->token, err);
	if (r < 0)
		return r;
	request->url = buf_str(&head->url);
	request->bearer = head->token.len ? buf_str(&head->token) : NULL;
	head->config = config;
	head->tls = kube_config_tls(config);
	request->tls = head->tls;
	request->user_agent = kube_config_user_agent(config);
	return 0;
}

static enum err_class class_of(int status)
{
	switch (status) {
	case 404:
		return ERR_NOT_FOUND;
	case 409:
		return ERR_CONFLICT;
	case 410:
		return ERR_GONE;
	case 401:
	case 403:
		return ERR_FORBIDDEN;
	case 429:
		return ERR_TOO_MANY;
	case 504:
		return ERR_TIMEOUT;
	default:
		return status >= 500 ? ERR_SERVER : ERR_INVALID;
	}
}

int kube_status_error(const struct http_response *response, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *root = json_parse(arena, buf_str(&response->body), response->body.len);
	const char *message = yyjson_get_str(yyjson_obj_get(root, "message"));
	const char *reason = yyjson_get_str(yyjson_obj_get(root, "reason"));
	yyjson_val *seconds = yyjson_obj_get(yyjson_obj_get(root, "details"), "retryAfterSeconds");

	// About an API that it lacks, the server says nothing in JSON.
	if (!message)
		message = response->status == 404 ? "the API server has nothing under this path" : "no reason was given";
	(void)err_set(err, class_of(response->status), "%s", message);
	err->status = response->status;
	err->retry_after_ms = response->retry_after_ms;
	if (yyjson_is_int(seconds) && !err->retry_after_ms && yyjson_get_sint(seconds) > 0 && yyjson_get_sint(seconds) < 3600)
		err->retry_after_ms = (int)yyjson_get_sint(seconds) * 1000;
	if (reason)
		err_set_code(err, reason);
	return err->class;
}
