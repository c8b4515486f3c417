// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Reads the logs of all servers one after the other, each with a limit. With --follow it reads them side by side: the receiving thread writes
// line by line, while the main thread waits.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "cli/pod_log.h"
#include "cli/portrait.h"
#include "cli/program.h"
#include "kube/client.h"
#include "kube/head.h"
#include "operator/object/names.h"

#define TAIL_DEFAULT "100"
#define PATH_MAX_BYTES ((size_t)4096)
#define LINE_MAX_BYTES ((size_t)64 * 1024)
#define SERVERS_MAX 64

static const struct flag flag_follow = {"follow", 'f', NULL, NULL, "go on with what comes, until Ctrl-C"};
static const struct flag flag_tail = {"tail", 0, "LINES", NULL, "so many lines of each server (default: 100)"};
static const struct flag flag_previous = {"previous", 'p', NULL, NULL, "of the containers' runs before the present ones"};
static const struct flag flag_server = {"server", 0, "POD", NULL, "of this server only"};

struct log {
	struct program *program;
	const char *pod;
	bool prefixed;
	struct buf line; // the unfinished line
	struct logs *logs;
};

struct logs {
	struct program *program;
	struct dbms dbms;
	struct log items[SERVERS_MAX];
	size_t n, open;
	struct loop_waiter ended;
};

static void write_line(const struct log *log, const char *text, size_t len)
{
	FILE *out = log->program->streams.out;

	if (log->prefixed)
		(void)fprintf(out, "%s: ", log->pod);
	// Nothing that moves a terminal's cursor may reach it.
	for (size_t i = 0; i < len; i++)
		(void)fputc((unsigned char)text[i] < ' ' && text[i] != '\t' ? '?' : text[i], out);
	(void)fputc('\n', out);
}

static void feed(struct log *log, const char *data, size_t len)
{
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;

		buf_append(&log->line, data, n);
		if (end || log->line.overflow) {
			write_line(log, buf_str(&log->line), log->line.len);
			buf_clear(&log->line);
		}
		n += end != NULL;
		data += n;
		len -= n;
	}
}

static void finish(struct log *log)
{
	if (log->line.len)
		write_line(log, buf_str(&log->line), log->line.len);
	buf_release(&log->line);
}

static struct pod_log query_of(const struct log *log)
{
	const struct invocation *call = &log->program->call;

	return (struct pod_log){log->logs->dbms.metadata.namespace, log->pod, CONTAINER_NAME, invocation_value(call, &flag_tail, TAIL_DEFAULT),
				invocation_has(call, &flag_previous)};
}

static int read_one(struct log *log, struct err *err)
{
	const struct pod_log query = query_of(log);
	struct buf text = BUF_INIT(0);
	int r = pod_log_read(log->program, &query, &text, err);

	if (r < 0)
		return r;
	feed(log, buf_str(&text), text.len);
	if (text.len == 0)
		program_note(log->program, "%s has logged nothing", log->pod);
	buf_release(&text);
	return 0;
}

static int read_all(struct logs *logs, struct err *err)
{
	size_t failed = 0;

	for (size_t i = 0; i < logs->n; i++) {
		struct log *log = &logs->items[i];
		struct err fault = ERR_INIT;

		if (read_one(log, &fault) < 0) {
			program_note(logs->program, "%s: %s", log->pod, fault.text);
			failed++;
		}
		finish(log);
	}
	if (failed == logs->n)
		return err_set(err, ERR_SERVER, "no log could be read");
	return EXIT_FINE;
}

struct stream {
	struct log *log;
	struct buf path;
	struct kube_head head;
};

static bool on_data(void *user, const char *data, size_t len)
{
	struct stream *stream = user;

	feed(stream->log, data, len);
	(void)fflush(stream->log->program->streams.out);
	return !ferror(stream->log->program->streams.out);
}

static void end_stream(struct stream *stream)
{
	struct logs *logs = stream->log->logs;

	finish(stream->log);
	kube_head_release(&stream->head);
	buf_release(&stream->path);
	free(stream);
	if (--logs->open == 0)
		loop_signal(logs->program->loop, &logs->ended);
}

static void on_end(void *user, const struct http_response *response, const struct err *err)
{
	struct stream *stream = user;
	struct err fault = ERR_INIT;

	if (response->status >= 300 && kube_status_error(response, &fault) < 0)
		program_note(stream->log->program, "%s: %s", stream->log->pod, fault.text);
	else if (err_is_set(err) && err->class != ERR_CANCELLED)
		program_note(stream->log->program, "%s: %s", stream->log->pod, err->text);
	end_stream(stream);
}

static void open_stream(struct log *log)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct http_request request = {.method = "GET"};
	struct http_stream_events events = {on_data, on_end, NULL};
	struct pod_log query;
	struct err err = ERR_INIT;

	if (!stream)
		abort();
	events.user = stream;
	stream->log = log;
	stream->path = BUF_INIT(PATH_MAX_BYTES);
	query = query_of(log);
	pod_log_path(&query, true, &stream->path);
	if (kube_head_make(kube_client_config(log->program->client), &stream->path, &stream->head, &request, &err) < 0) {
		program_note(log->program, "%s: %s", log->pod, err.text);
		end_stream(stream);
	} else if (!http_stream_open(log->program->loop, &request, &events)) {
		end_stream(stream);
	}
}

static void open_all(void *user)
{
	struct logs *logs = user;

	// One more than there are, so that none can end the wait before all are open.
	logs->open = logs->n + 1;
	for (size_t i = 0; i < logs->n; i++)
		open_stream(&logs->items[i]);
	if (--logs->open == 0)
		loop_signal(logs->program->loop, &logs->ended);
}

static void add_server(struct logs *logs, const char *pod)
{
	if (logs->n < SERVERS_MAX)
		logs->items[logs->n++] = (struct log){.program = logs->program, .pod = pod, .line = BUF_INIT(LINE_MAX_BYTES), .logs = logs};
}

static void add_pod(void *user, yyjson_val *root)
{
	struct logs *logs = user;
	const char *name = yyjson_get_str(yyjson_ptr_get(root, "/metadata/name"));

	if (name)
		add_server(logs, arena_strdup(logs->program->arena, name));
}

static int find_servers(struct logs *logs, struct err *err)
{
	const char *server = invocation_value(&logs->program->call, &flag_server, NULL);
	struct kube_selection selection = {.namespace = logs->dbms.metadata.namespace};
	const struct kube_reader reader = {add_pod, logs};
	struct names names;
	int r;

	if (server) {
		add_server(logs, server);
		return 0;
	}
	names_of(&logs->dbms, logs->program->arena, &names);
	selection.labels = names.selector;
	r = kube_list(logs->program->client, &kube_pods, &selection, &reader, err);
	if (r == 0 && logs->n == 0)
		return err_set(err, ERR_NOT_FOUND, "'%s' has no pods", logs->dbms.metadata.name);
	return r;
}

static int check_tail(const struct program *program, struct err *err)
{
	const char *text = invocation_value(&program->call, &flag_tail, TAIL_DEFAULT);

	if (!*text || strlen(text) > 9 || text[strspn(text, "0123456789")])
		return err_set(err, ERR_INVALID, "--tail: '%.32s' is no number of lines", text);
	return 0;
}

static int run(struct program *program, struct err *err)
{
	struct logs *logs = arena_alloc(program->arena, sizeof(*logs));
	struct err invalid = ERR_INIT;
	yyjson_val *object;
	int r;

	logs->program = program;
	if ((r = check_tail(program, err)) < 0 || (r = program_connect(program, err)) < 0 ||
	    (r = portrait_find(program, program->call.args[0], &object, err)) < 0)
		return r;
	(void)dbms_decode(object, program->arena, &logs->dbms, &invalid);
	r = find_servers(logs, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < logs->n; i++)
		logs->items[i].prefixed = logs->n > 1;
	if (!invocation_has(&program->call, &flag_follow))
		return read_all(logs, err);
	loop_post(program->loop, open_all, logs);
	loop_wait(program->loop, &logs->ended);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {&flag_follow, &flag_tail, &flag_previous, &flag_server, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"get", "neo4jenterpriseclusters.neo4j.neo4j.com", "to find it", true},
	{"get", "neo4jenterprisestandalones.neo4j.neo4j.com", "to find it", true},
	{"list", "pods", "to find its servers; not with --server", true},
	{"get", "pods/log", "the logs", true},
	{0},
};

const struct command command_logs = {
	.name = "logs",
	.args = "NAME",
	.summary = "shows what the servers of a deployment logged",
	.text = "The last lines of each server's container neo4j, with the pod's name before each where there are several servers. Control characters are shown as \"?\".",
	.example = "logs orders --tail 20\nlogs orders -f --server orders-server-0",
	.flags = flags,
	.rights = rights,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
