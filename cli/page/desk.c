// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/desk.h"

#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/page/asset.h"
#include "cli/page/dossier.h"
#include "cli/page/glossary.h"
#include "cli/page/view.h"
#include "cli/renewal.h"
#include "cli/wish.h"

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

static int renew(const struct view *view, struct err *err)
{
	struct dbms dbms;

	return renewal_request(view->program, view->reference, &dbms, err);
}

static int restart(const struct view *view, struct err *err)
{
	char now[TIME_TEXT_SIZE];
	struct dbms dbms;

	time_format_rfc3339(clock_wall_ms(view->program->clock), now, sizeof(now));
	return wish_make(view->program, view->reference, RESTARTED_ANNOTATION, now, &dbms, err);
}

static int pause_it(const struct view *view, struct err *err)
{
	struct dbms dbms;

	return wish_make(view->program, view->reference, PAUSED_ANNOTATION, "true", &dbms, err);
}

static int resume(const struct view *view, struct err *err)
{
	struct dbms dbms;

	return wish_make(view->program, view->reference, PAUSED_ANNOTATION, NULL, &dbms, err);
}

// All that the page writes.
static const struct deed {
	const char *name;
	int (*act)(const struct view *view, struct err *err);
} deeds[] = {{"register", renew}, {"restart", restart}, {"pause", pause_it}, {"resume", resume}};

static const struct deed *deed_find(const char *name)
{
	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (strcmp(deeds[i].name, name) == 0)
			return &deeds[i];
	}
	return NULL;
}

static void carry_out(const struct desk *desk, const struct deed *deed, const struct site_request *request, struct site_answer *answer)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *body = json_parse(arena, request->body, strlen(request->body));
	const char *id = yyjson_get_str(yyjson_obj_get(body, "id"));
	struct err err = ERR_INIT;
	struct view view;

	arena_wipe_on_free(arena);
	answer->status = 200;
	add_headers(answer, "application/json");
	if (view_open(desk->program, arena, id ? id : "", &view, &err) < 0 || deed->act(&view, &err) < 0)
		refuse(answer, arena, &err);
	else
		buf_add(&answer->body, "{}");
}

static void explain(const char *kind, struct site_answer *answer)
{
	answer->status = 200;
	add_headers(answer, "application/json");
	glossary_write(kind && strcmp(kind, "clusters") == 0, &answer->body);
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
	else if (!writes && strcmp(name, "fields") == 0)
		explain(site_argument(request, "kind"), answer);
	else if (writes && deed_find(name))
		carry_out(desk, deed_find(name), request, answer);
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
