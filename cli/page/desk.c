// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/desk.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/page/asset.h"
#include "cli/page/dossier.h"
#include "cli/page/view.h"
#include "cli/renewal.h"

// After so long without news it sends something: only that finds out that a browser has gone.
#define HEARTBEAT_MS 10000

// Allows nothing from elsewhere, nothing inline, no frame.
#define POLICY                                                                                                                               \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "   \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

static void add_headers(struct site_answer *answer, const char *type)
{
	site_add_header(answer, "Content-Type", type);
	site_add_header(answer, "Content-Security-Policy", POLICY);
	site_add_header(answer, "Cross-Origin-Opener-Policy", "same-origin");
	site_add_header(answer, "Cross-Origin-Resource-Policy", "same-origin");
	site_add_header(answer, "Referrer-Policy", "no-referrer");
	site_add_header(answer, "X-Content-Type-Options", "nosniff");
	site_add_header(answer, "X-Frame-Options", "DENY");
	site_add_header(answer, "Cache-Control", "no-store");
}

// The page itself comes with the next request: the browser makes it by itself, from here, and its address no longer holds the key.
static void let_in(const struct desk *desk, struct site_answer *answer)
{
	answer->status = 200;
	add_headers(answer, "text/html; charset=utf-8");
	site_add_header(answer, "Set-Cookie", desk->gate->setting);
	buf_addf(&answer->body, "<!doctype html><html lang=\"en\"><title>neofleet</title><link rel=\"icon\" href=\"%sicon.svg\">"
		 "<meta http-equiv=\"refresh\" content=\"0; url=%s\"></html>\n",
		 desk->gate->folder, desk->gate->folder);
}

struct looker {
	struct board *board;
	uint64_t seen;
};

static bool say_more(void *stream, struct buf *out)
{
	struct looker *looker = stream;

	return board_next(looker->board, &looker->seen, HEARTBEAT_MS, out);
}

static void stream(const struct desk *desk, struct site_answer *answer)
{
	struct looker *looker = calloc(1, sizeof(*looker));

	if (!looker)
		abort();
	looker->board = desk->board;
	answer->status = 200;
	add_headers(answer, "text/event-stream");
	answer->more = say_more;
	answer->end = free;
	answer->stream = looker;
}

static void refuse(struct site_answer *answer, struct arena *arena, const struct err *err)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_strcpy(doc, root, "error", err->text);
	answer->status = err->class == ERR_NOT_FOUND ? 404 : err->class == ERR_FORBIDDEN ? 403 : err->class == ERR_INVALID ? 400 : 502;
	buf_clear(&answer->body);
	buf_add(&answer->body, json_text(arena, doc));
}

static void show(const struct desk *desk, const char *id, struct site_answer *answer)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct view view;

	arena_wipe_on_free(arena);
	answer->status = 200;
	add_headers(answer, "application/json");
	if (view_open(desk->program, arena, id ? id : "", &view, &err) < 0 || dossier_write(&view, &answer->body, &err) < 0)
		refuse(answer, arena, &err);
}

static void renew(const struct desk *desk, const struct site_request *request, struct site_answer *answer)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *body = json_parse(arena, request->body, strlen(request->body));
	const char *id = yyjson_get_str(yyjson_obj_get(body, "id"));
	struct err err = ERR_INIT;
	struct view view;
	struct dbms dbms;

	arena_wipe_on_free(arena);
	answer->status = 200;
	add_headers(answer, "application/json");
	if (view_open(desk->program, arena, id ? id : "", &view, &err) < 0 || renewal_request(view.program, view.reference, &dbms, &err) < 0)
		refuse(answer, arena, &err);
	else
		buf_add(&answer->body, "{}");
}

static void hand_out(const struct asset *asset, struct site_answer *answer)
{
	answer->status = 200;
	add_headers(answer, asset->type);
	answer->text = asset->text;
	answer->text_len = asset->len;
}

static void route(const struct desk *desk, const struct site_request *request, struct site_answer *answer)
{
	const char *name = request->path + strlen(desk->gate->folder);
	bool writes = strcmp(request->method, "POST") == 0;
	struct asset asset;

	if (request->too_long)
		answer->status = 413;
	else if (!writes && asset_find(name, &asset))
		hand_out(&asset, answer);
	else if (!writes && strcmp(name, "changes") == 0)
		stream(desk, answer);
	else if (!writes && strcmp(name, "deployment") == 0)
		show(desk, site_argument(request, "id"), answer);
	else if (writes && strcmp(name, "register") == 0)
		renew(desk, request, answer);
}

void desk_answer(void *user, const struct site_request *request, struct site_answer *answer)
{
	const struct desk *desk = user;
	const struct gate_visitor visitor = {
		.method = request->method,
		.path = request->path,
		.host = site_header(request, "Host"),
		.origin = site_header(request, "Origin"),
		.site = site_header(request, "Sec-Fetch-Site"),
		.cookies = site_header(request, "Cookie"),
		.key = site_argument(request, "key"),
		.doubled = site_header_count(request, "Host") > 1 || site_header_count(request, "Origin") > 1,
	};

	answer->status = 404;
	switch (gate_judge(desk->gate, &visitor)) {
	case GATE_ENTERS:
		let_in(desk, answer);
		break;
	case GATE_PASSES:
		route(desk, request, answer);
		break;
	case GATE_NOTHING:
		break;
	}
}
