// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/portrait_tree.h"

#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "base/plural.h"
#include "cli/rendering.h"
#include "cli/timespan.h"
#include "cli/tree.h"

struct drawing {
	struct program *program;
	struct arena *arena;
	yyjson_val *root;
};

static const char *text_of(const struct drawing *drawing, yyjson_val *object, const char *key)
{
	return rendering_shown(drawing->arena, yyjson_get_str(yyjson_obj_get(object, key)), "");
}

// A text between two others, if there is a text.
static const char *around(const struct drawing *drawing, const char *before, const char *text, const char *after)
{
	return *text ? arena_printf(drawing->arena, "%s%s%s", before, text, after) : "";
}

// "3d ago"; "" for no time.
static const char *ago(const struct drawing *drawing, const char *time)
{
	int64_t ms;

	if (!*time || time_parse_rfc3339(time, &ms) < 0)
		return "";
	return arena_printf(drawing->arena, "%s ago", timespan_short(clock_wall_ms(drawing->program->clock) - ms, drawing->arena));
}

struct heading {
	enum colour colour;
	const char *text;
};

static struct tree *add(const struct drawing *drawing, struct tree *parent, struct heading heading, const char *fmt, ...) _printf_(4, 5);

static struct tree *add(const struct drawing *drawing, struct tree *parent, struct heading heading, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = arena_vprintf(drawing->arena, fmt, args);
	va_end(args);
	return tree_add(parent, drawing->arena, heading.colour, heading.text, text);
}

// For phases of deployments, plugins and claims, and states of servers and tokens.
static enum colour colour_of(const char *word)
{
	static const char *const good[] = {"Ready", "Bound", "Good", "registered", "yes", "online"};
	static const char *const bad[] = {"Failed", "Degraded", "NotReady", "Lost", "Empty", "Malformed", "Expired", "no", "Warning", "quarantined", "dirty"};
	static const char *const faint[] = {"off", "Disabled", "Normal"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (strcmp(word, good[i]) == 0)
			return COLOUR_GOOD;
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (strcmp(word, bad[i]) == 0)
			return COLOUR_BAD;
	}
	for (size_t i = 0; i < sizeof(faint) / sizeof(faint[0]); i++) {
		if (strcmp(word, faint[i]) == 0)
			return COLOUR_FAINT;
	}
	return COLOUR_BUSY;
}

static void draw_server(const struct drawing *drawing, struct tree *parent, yyjson_val *server)
{
	const char *state = text_of(drawing, server, "state"), *problem = text_of(drawing, server, "problem");
	const char *started = ago(drawing, text_of(drawing, server, "startedAt"));
	long long restarts = yyjson_get_sint(yyjson_obj_get(server, "restarts"));
	const char *words = text_of(drawing, server, "lastWords");
	bool older = yyjson_is_false(yyjson_obj_get(server, "newest"));

	add(drawing, parent, (struct heading){colour_of(state), state}, "%s%s%s%s%s%s%s", text_of(drawing, server, "name"),
	    around(drawing, " on ", text_of(drawing, server, "node"), ""), around(drawing, ", started ", started, ""),
	    restarts ? arena_printf(drawing->arena, ", %lld restart%s", restarts, plural((unsigned long long)restarts)) : "", older ? ", to be replaced" : "",
	    around(drawing, ": ", problem, ""), strcmp(words, problem) != 0 ? around(drawing, "; before: ", words, "") : "");
}

static void draw_servers(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *ready = yyjson_obj_get(drawing->root, "serversReady"), *servers = yyjson_obj_get(drawing->root, "servers"), *server;
	long long wanted = yyjson_get_sint(yyjson_obj_get(drawing->root, "serversWanted"));
	long long newest = yyjson_get_sint(yyjson_obj_get(drawing->root, "serversNewest"));
	const char *roll = "";
	struct tree *node;
	size_t index, max;

	if (ready && newest < wanted)
		roll = arena_printf(drawing->arena, ", %lld of the newest template", newest);
	node = ready ? add(drawing, top, (struct heading){COLOUR_NONE, "servers"}, "%lld of %lld ready%s", (long long)yyjson_get_sint(ready), wanted, roll)
		     : add(drawing, top, (struct heading){COLOUR_NONE, "servers"}, "%lld wanted", wanted);
	yyjson_arr_foreach(servers, index, max, server) {
		draw_server(drawing, node, server);
	}
}

static void draw_volumes(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *volumes = yyjson_obj_get(drawing->root, "volumes"), *volume;
	struct tree *node = yyjson_arr_size(volumes) ? add(drawing, top, (struct heading){COLOUR_NONE, "volumes"}, "%s", "") : NULL;
	size_t index, max;

	yyjson_arr_foreach(volumes, index, max, volume) {
		const char *size = text_of(drawing, volume, "size"), *wanted = text_of(drawing, volume, "wanted"), *phase = text_of(drawing, volume, "phase");

		add(drawing, node, (struct heading){colour_of(phase), phase}, "%s%s%s%s", text_of(drawing, volume, "claim"), around(drawing, ", ", size, ""),
		    strcmp(size, wanted) != 0 ? around(drawing, ", wanted ", wanted, "") : "", around(drawing, " of class ", text_of(drawing, volume, "class"), ""));
	}
}

static void draw_databases(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *databases = yyjson_obj_get(drawing->root, "databases"), *database;
	struct tree *node = yyjson_arr_size(databases) ? add(drawing, top, (struct heading){COLOUR_NONE, "databases"}, "%s", "") : NULL;
	size_t index, max;

	yyjson_arr_foreach(databases, index, max, database) {
		const char *current = text_of(drawing, database, "currentStatus"), *requested = text_of(drawing, database, "requestedStatus");
		long long copies = yyjson_get_sint(yyjson_obj_get(database, "copies")), online = yyjson_get_sint(yyjson_obj_get(database, "online"));

		add(drawing, node, (struct heading){colour_of(current), *current ? current : "unknown"}, "%s, online on %lld of %lld server%s%s",
		    text_of(drawing, database, "name"), online, copies, plural((unsigned long long)copies),
		    strcmp(current, requested) != 0 ? around(drawing, ", wanted ", requested, "") : "");
	}
}

static void draw_plugins(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *plugins = yyjson_obj_get(drawing->root, "plugins"), *plugin;
	struct tree *node = yyjson_arr_size(plugins) ? add(drawing, top, (struct heading){COLOUR_NONE, "plugins"}, "%s", "") : NULL;
	size_t index, max;

	yyjson_arr_foreach(plugins, index, max, plugin) {
		const char *phase = text_of(drawing, plugin, "phase");

		add(drawing, node, (struct heading){colour_of(phase), *phase ? phase : "Unknown"}, "%s (%s)%s", text_of(drawing, plugin, "name"),
		    text_of(drawing, plugin, "resource"), strcmp(phase, "Ready") == 0 ? "" : around(drawing, ": ", text_of(drawing, plugin, "message"), ""));
	}
}

static void draw_token(const struct drawing *drawing, struct tree *parent, yyjson_val *token)
{
	const char *verdict = text_of(drawing, token, "verdict"), *expires = text_of(drawing, token, "expiryTime");
	int64_t ms;
	const char *when = "";

	if (!token)
		return;
	if (*expires && time_parse_rfc3339(expires, &ms) == 0)
		when = arena_printf(drawing->arena, ", %s %s (%s)", strcmp(verdict, "Expired") == 0 ? "expired" : "expires", expires,
				    timespan_from_now(ms - clock_wall_ms(drawing->program->clock), drawing->arena));
	add(drawing, parent, (struct heading){colour_of(verdict), verdict}, "token in Secret %s%s%s", text_of(drawing, token, "secret"), when,
	    around(drawing, ", project ", text_of(drawing, token, "projectId"), ""));
}

static const char *in_words(const char *connected)
{
	if (strcmp(connected, "yes") == 0)
		return "connected";
	return strcmp(connected, "no") == 0 ? "not connected" : "unknown whether connected";
}

static void draw_fleet(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *fleet = yyjson_obj_get(drawing->root, "fleet");
	const char *state = text_of(drawing, fleet, "state"), *connected = text_of(drawing, fleet, "connected");
	const char *registered = ago(drawing, text_of(drawing, fleet, "lastRegistrationTime"));
	struct tree *node = add(drawing, top, (struct heading){COLOUR_NONE, "fleet"}, "%s%s", state, around(drawing, ": ", text_of(drawing, fleet, "message"), ""));

	if (*registered)
		add(drawing, node, (struct heading){COLOUR_NONE, ""}, "last registered %s%s", registered,
		    around(drawing, ", in project ", text_of(drawing, fleet, "projectId"), ""));
	if (*connected)
		add(drawing, node, (struct heading){colour_of(connected), in_words(connected)}, "%s", text_of(drawing, fleet, "connectedMessage"));
	draw_token(drawing, node, yyjson_obj_get(fleet, "token"));
}

static void draw_conditions(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *conditions = yyjson_obj_get(drawing->root, "conditions"), *condition;
	struct tree *node = yyjson_arr_size(conditions) ? add(drawing, top, (struct heading){COLOUR_NONE, "conditions"}, "%s", "") : NULL;
	size_t index, max;

	yyjson_arr_foreach(conditions, index, max, condition) {
		add(drawing, node, (struct heading){COLOUR_BAD, text_of(drawing, condition, "type")}, "%s%s", text_of(drawing, condition, "reason"),
		    around(drawing, ": ", text_of(drawing, condition, "message"), ""));
	}
}

static void draw_events(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *events = yyjson_obj_get(drawing->root, "events"), *event;
	struct tree *node = yyjson_arr_size(events) ? add(drawing, top, (struct heading){COLOUR_NONE, "events"}, "%s", "the newest first") : NULL;
	size_t index, max;

	yyjson_arr_foreach(events, index, max, event) {
		const char *type = text_of(drawing, event, "type");
		long long count = yyjson_get_sint(yyjson_obj_get(event, "count"));

		add(drawing, node, (struct heading){colour_of(type), type}, "%s %s: %s%s", ago(drawing, text_of(drawing, event, "time")), text_of(drawing, event, "reason"),
		    text_of(drawing, event, "message"), count > 1 ? arena_printf(drawing->arena, " (%lld times)", count) : "");
	}
}

static void draw_missing(const struct drawing *drawing, struct tree *top)
{
	yyjson_val *missing = yyjson_obj_get(drawing->root, "missing"), *line;
	struct tree *node = yyjson_arr_size(missing) ? add(drawing, top, (struct heading){COLOUR_BUSY, "not shown"}, "%s", "") : NULL;
	size_t index, max;

	yyjson_arr_foreach(missing, index, max, line) {
		add(drawing, node, (struct heading){COLOUR_NONE, ""}, "%s", rendering_shown(drawing->arena, yyjson_get_str(line), ""));
	}
}

void portrait_tree_write(struct program *program, const yyjson_mut_doc *doc)
{
	const char *text = json_text(program->arena, doc), *phase;
	struct drawing drawing = {program, program->arena, json_parse(program->arena, text, strlen(text))};
	yyjson_val *root = drawing.root;
	struct tree *top;

	phase = text_of(&drawing, root, "phase");
	top = add(&drawing, NULL, (struct heading){colour_of(phase), phase}, "%s %s/%s, %s%s%s", text_of(&drawing, root, "kind"), text_of(&drawing, root, "namespace"),
		  text_of(&drawing, root, "name"), text_of(&drawing, root, "image"), around(&drawing, " (runs ", text_of(&drawing, root, "version"), ")"),
		  around(&drawing, ", made ", ago(&drawing, text_of(&drawing, root, "created")), ""));
	if (*text_of(&drawing, root, "message"))
		add(&drawing, top, (struct heading){COLOUR_NONE, "message"}, "%s", text_of(&drawing, root, "message"));
	draw_servers(&drawing, top);
	draw_volumes(&drawing, top);
	draw_databases(&drawing, top);
	draw_plugins(&drawing, top);
	draw_fleet(&drawing, top);
	draw_conditions(&drawing, top);
	draw_events(&drawing, top);
	draw_missing(&drawing, top);
	tree_write(top, program->streams.out, program->streams.colours);
}
