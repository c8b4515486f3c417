// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "aura/aura_client.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "aura/pace.h"
#include "base/json.h"
#include "base/must.h"
#include "net/http.h"

#define URL_MAX ((size_t)2048)
#define LIST_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define ANSWER_MAX_BYTES ((size_t)64 * 1024)
#define CREDENTIAL_MAX ((size_t)1024)
#define JSON_TYPE "Content-Type: application/json"
#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded"
#define REQUEST_ID "X-Request-Id"
// A 429 that does not tell how long.
#define PAUSE_UNSAID_MS 10000
// An unknown deployment and a bearer that has ended have the same answer, 403. A bearer so young has not ended.
#define YOUNG_MS INT64_C(60000)

struct aura_client {
	struct aura_options options;
	struct loop *loop;
	struct http_tls tls;
	struct bearers *bearers;
	struct pace *pace;
	_Atomic uint64_t counts[AURA_RESULTS];
};

static int64_t now_of(const struct aura_client *client)
{
	return clock_monotonic_ms(client->options.clock);
}

struct aura_client *aura_client_new(const struct aura_options *options, struct loop *loop)
{
	struct aura_client *client = must(calloc(1, sizeof(*client)));

	client->options = *options;
	client->loop = loop;
	client->tls = (struct http_tls){.ca_pem = options->ca_pem, .proxy = options->proxy};
	client->bearers = bearers_new();
	client->pace = pace_new(now_of(client));
	return client;
}

void aura_client_free(struct aura_client *client)
{
	bearers_free(client->bearers);
	pace_free(client->pace);
	free(client);
}

const char *aura_result_name(enum aura_result result)
{
	static const char *const names[AURA_RESULTS] = {"ok", "refused", "invalid", "limited", "failed", "unanswered"};

	assert(result < AURA_RESULTS);
	return names[result];
}

uint64_t aura_client_count(const struct aura_client *client, enum aura_result result)
{
	assert(result < AURA_RESULTS);
	return atomic_load(&client->counts[result]);
}

static enum aura_result result_of(int status)
{
	if (status < 400)
		return AURA_OK;
	if (status == 401 || status == 403)
		return AURA_REFUSED;
	if (status == 429)
		return AURA_LIMITED;
	return status < 500 ? AURA_INVALID : AURA_FAILED;
}

// curl's words tell after how many milliseconds, which is another number each time.
static void reword(const struct aura_client *client, struct err *err)
{
	enum err_class class = err->class;
	const char *words = strstr(err->text, ": "), *url = client->options.url;
	struct err cause = *err;
	char *after;

	err_clear(err);
	if (class == ERR_TIMEOUT) {
		(void)err_set(err, class, "the Aura API at %s has not answered within %d s", url, client->options.timeout_ms / 1000);
		return;
	}
	words = words ? cause.text + (words - err->text) + 2 : cause.text;
	after = strstr(cause.text, " after ");
	if (after)
		*after = '\0';
	(void)err_set(err, class, "the Aura API at %s cannot be reached: %s", url, words);
}

// A proxy or gateway in front of the service found it away.
static bool is_away(int status)
{
	return status == 502 || status == 503 || status == 504;
}

static void note_outage(struct aura_client *client, const struct err *err)
{
	pace_note_outage(client->pace, now_of(client), err);
}

static int away(const struct aura_client *client, int status, struct err *err)
{
	return err_set(err, ERR_SERVER, "the Aura API at %s is away (status %d)", client->options.url, status);
}

static void note_away(struct aura_client *client, int status)
{
	struct err err = ERR_INIT;

	(void)away(client, status, &err);
	note_outage(client, &err);
}

// One text for the first caller and for those who are told later why they cannot go on.
static int failed(const struct aura_client *client, const struct http_response *response, const char *doing, const char *const *secrets, struct err *err)
{
	int r = answer_error(response, doing, secrets, err);
	struct err said = *err;

	if (!is_away(response->status))
		return r;
	err_clear(err);
	r = away(client, response->status, err);
	err_set_code(err, said.code);
	err->status = said.status;
	err->retry_after_ms = said.retry_after_ms;
	return r;
}

static void note_answer(struct aura_client *client, const struct http_response *response)
{
	if (response->status == 429)
		pace_note_pause(client->pace, now_of(client), response->retry_after_ms ? response->retry_after_ms : PAUSE_UNSAID_MS);
	else if (response->retry_after_ms)
		pace_note_pause(client->pace, now_of(client), response->retry_after_ms);
	if (is_away(response->status))
		note_away(client, response->status);
	else
		pace_note_answer(client->pace);
}

// One request on the wire.
static int send_once(struct aura_client *client, struct http_request *request, struct http_response *ret, struct err *err)
{
	int r = pace_take(client->pace, now_of(client), client->options.timeout_ms, err);

	if (r < 0)
		return r;
	request->tls = &client->tls;
	request->user_agent = client->options.user_agent;
	request->timeout_ms = client->options.timeout_ms;
	request->wanted = REQUEST_ID;
	r = http_perform(client->loop, request, ret, err);
	atomic_fetch_add(&client->counts[r < 0 ? AURA_UNANSWERED : result_of(ret->status)], 1);
	if (r == 0) {
		note_answer(client, ret);
	} else if (r == ERR_TOO_LARGE) {
		pace_note_answer(client->pace);
		err_clear(err);
		r = err_set(err, ERR_TOO_LARGE, "the Aura API's answer is larger than %zu bytes", request->max_bytes);
	} else if (r != ERR_CANCELLED) {
		reword(client, err);
		note_outage(client, err);
	}
	return r;
}

static bool is_good(const struct http_response *response)
{
	return response->status >= 200 && response->status < 300;
}

// "Authorization: Basic ..." of the pair.
static void add_basic(struct buf *line, const struct aura_credential *credential)
{
	_cleanup_buf_ struct buf pair = BUF_INIT_SECRET(2 * CREDENTIAL_MAX + 1);
	unsigned char coded[4 * CREDENTIAL_MAX];

	buf_addf(&pair, "%s:%s", credential->id, credential->secret);
	assert(!pair.overflow);
	(void)EVP_EncodeBlock(coded, (const unsigned char *)buf_str(&pair), (int)pair.len);
	buf_addf(line, "Authorization: Basic %s", (const char *)coded);
	explicit_bzero(coded, sizeof(coded));
}

static int read_bearer(const struct http_response *response, struct buf *ret, int64_t *ret_lives_ms, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text;
	int r;

	arena_wipe_on_free(arena);
	r = answer_bearer(response, arena, &text, ret_lives_ms, err);
	if (r == 0)
		buf_add(ret, text);
	return r;
}

static int fetch_bearer(void *user, const struct aura_credential *credential, struct buf *ret, int64_t *ret_lives_ms, struct err *err)
{
	struct aura_client *client = user;
	_cleanup_buf_ struct buf line = BUF_INIT_SECRET(8 * CREDENTIAL_MAX), url = BUF_INIT(URL_MAX);
	const char *const secrets[] = {credential->secret, NULL};
	struct http_response response = {0};
	struct http_request request = {.method = "POST", .body = "grant_type=client_credentials", .max_bytes = ANSWER_MAX_BYTES, .secret = true};
	int r;

	buf_addf(&url, "%s/oauth/token", client->options.url);
	add_basic(&line, credential);
	request.url = buf_str(&url);
	request.headers[0] = FORM_TYPE;
	request.headers[1] = "Accept: application/json";
	request.headers[2] = buf_str(&line);
	r = send_once(client, &request, &response, err);
	if (r < 0)
		return r;
	r = is_good(&response) ? read_bearer(&response, ret, ret_lives_ms, err) : failed(client, &response, "let in this client", secrets, err);
	buf_release(&response.body);
	return r;
}

static int get_bearer(struct aura_client *client, const struct aura_credential *credential, struct bearer *ret, struct err *err)
{
	// The one that fetches may wait for its request, and so may we.
	const struct bearer_source source = {fetch_bearer, client, client->options.timeout_ms};

	return bearers_get(client->bearers, credential, &source, now_of(client), ret, err);
}

static bool is_refused(const struct aura_client *client, const struct http_response *response, const struct bearer *bearer)
{
	return response->status == 401 || (response->status == 403 && now_of(client) - bearer->fetched_ms >= YOUNG_MS);
}

// What a call wants, and how its failure is told.
struct call {
	const char *method, *doing;
	const char *id;		// of a deployment; NULL: the list
	const char *subresource; // NULL: none
	const char *body;	// JSON; NULL: none
	size_t max_bytes;
	bool secret;
};

// Sends it with the pair's bearer, and with another when that one is refused.
static int send_with_bearer(struct aura_client *client, const struct aura_credential *credential, struct http_request *request,
			    struct bearer *bearer, struct http_response *ret, struct err *err)
{
	for (int tries = 0;; tries++) {
		int r = get_bearer(client, credential, bearer, err);

		if (r < 0)
			return r;
		request->bearer = buf_str(&bearer->text);
		r = send_once(client, request, ret, err);
		if (r < 0 || tries == 1 || !is_refused(client, ret, bearer))
			return r;
		buf_release(&ret->body);
		bearers_drop(client->bearers, credential, bearer);
	}
}

static int check_text(const char *text, size_t max, const char *what, struct err *err)
{
	size_t len = strlen(text);

	if (len == 0 || len > max)
		return err_set(err, ERR_INVALID, "the %s must have 1 to %zu characters", what, max);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return err_set(err, ERR_INVALID, "the %s has a control character", what);
	}
	return 0;
}

static int check_project(const struct aura_project *project, struct err *err)
{
	int r = check_text(project->credential.id, CREDENTIAL_MAX, "client id", err);

	if (r == 0)
		r = check_text(project->credential.secret, CREDENTIAL_MAX, "client secret", err);
	if (r == 0 && strchr(project->credential.id, ':'))
		return err_set(err, ERR_INVALID, "the client id has a colon");
	if (r == 0 && !aura_is_id(project->organization))
		return err_set(err, ERR_INVALID, "the organization's id must be letters, digits and '-' only");
	if (r == 0 && !aura_is_id(project->project))
		return err_set(err, ERR_INVALID, "the project's id must be letters, digits and '-' only");
	return r;
}

static void add_url(struct buf *url, const struct aura_client *client, const struct aura_project *project, const struct call *call)
{
	buf_addf(url, "%s/v2beta1/organizations/%s/projects/%s/fleet-manager/deployments", client->options.url, project->organization, project->project);
	if (call->id)
		buf_addf(url, "/%s", call->id);
	if (call->subresource)
		buf_addf(url, "/%s", call->subresource);
}

// Leaves the answer of a good call in ret, whose body the caller releases.
static int perform(struct aura_client *client, const struct aura_project *project, const struct call *call, struct http_response *ret,
		   struct err *err)
{
	_cleanup_buf_ struct buf url = BUF_INIT(URL_MAX);
	struct bearer bearer = {.text = BUF_INIT_SECRET((size_t)16 * 1024)};
	struct http_request request = {.method = call->method,
				       .headers = {"Accept: application/json", call->body ? JSON_TYPE : NULL},
				       .body = call->body,
				       .max_bytes = call->max_bytes ? call->max_bytes : ANSWER_MAX_BYTES,
				       .secret = call->secret};
	const char *secrets[] = {project->credential.secret, "", NULL};
	int r = check_project(project, err);

	if (r < 0)
		return r;
	assert(!call->id || aura_is_id(call->id));
	add_url(&url, client, project, call);
	request.url = buf_str(&url);
	r = send_with_bearer(client, &project->credential, &request, &bearer, ret, err);
	if (r == 0 && !is_good(ret)) {
		secrets[1] = buf_str(&bearer.text);
		r = failed(client, ret, call->doing, secrets, err);
		buf_release(&ret->body);
	}
	buf_release(&bearer.text);
	return r;
}

int aura_list(struct aura_client *client, const struct aura_project *project, struct arena *arena, struct aura_deployments *ret, struct err *err)
{
	const struct call call = {.method = "GET", .doing = "list the project's deployments", .max_bytes = LIST_MAX_BYTES};
	struct http_response response = {0};
	int r = perform(client, project, &call, &response, err);

	if (r < 0)
		return r;
	r = answer_deployments(&response, arena, ret, err);
	buf_release(&response.body);
	return r;
}

int aura_create(struct aura_client *client, const struct aura_project *project, const char *name, const char *connection_url,
		char ret_id[AURA_ID_SIZE], struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct call call = {.method = "POST", .doing = "make the deployment"};
	struct http_response response = {0};
	int r;

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_str(doc, root, "name", name);
	if (connection_url)
		(void)yyjson_mut_obj_add_str(doc, root, "connection_url", connection_url);
	call.body = json_text(arena, doc);
	r = perform(client, project, &call, &response, err);
	if (r < 0)
		return r;
	r = answer_id(&response, ret_id, err);
	buf_release(&response.body);
	return r;
}

int aura_get(struct aura_client *client, const struct aura_project *project, const char *id, struct arena *arena, struct aura_deployment *ret,
	     struct err *err)
{
	const struct call call = {.method = "GET", .doing = "show the deployment", .id = id};
	struct http_response response = {0};
	int r = perform(client, project, &call, &response, err);

	if (r < 0)
		return r;
	r = answer_deployment(&response, arena, ret, err);
	buf_release(&response.body);
	return r;
}

int aura_delete(struct aura_client *client, const struct aura_project *project, const char *id, struct err *err)
{
	const struct call call = {.method = "DELETE", .doing = "delete the deployment", .id = id};
	struct http_response response = {0};
	int r = perform(client, project, &call, &response, err);

	buf_release(&response.body);
	return r;
}

static int get_token(struct aura_client *client, const struct aura_project *project, const struct call *call, struct arena *arena,
		     const char **ret, struct err *err)
{
	struct http_response response = {0};
	int r = perform(client, project, call, &response, err);

	if (r < 0)
		return r;
	r = answer_token(&response, arena, ret, err);
	buf_release(&response.body);
	return r;
}

int aura_mint(struct aura_client *client, const struct aura_project *project, const char *id, struct arena *arena, const char **ret,
	      struct err *err)
{
	const struct call call = {"POST", "make a token", id, .subresource = "token", .body = "{}", .secret = true};

	return get_token(client, project, &call, arena, ret, err);
}

int aura_rotate(struct aura_client *client, const struct aura_project *project, const char *id, struct arena *arena, const char **ret,
		struct err *err)
{
	const struct call call = {"PATCH", "renew the token", id, .subresource = "token", .body = "{}", .secret = true};

	return get_token(client, project, &call, arena, ret, err);
}
