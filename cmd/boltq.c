// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// boltq: statements of Cypher, their rows on standard output. docs/man/boltq.1 is its manual. All statements share a session, so that each sees
// what those before it did, on whatever server of a cluster it runs.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bolt/session.h"
#include "cmd/outcome.h"
#include "cmd/output.h"
#include "cmd/plan.h"
#include "cmd/request.h"
#include "cmd/script.h"
#include "cmd/zone.h"

// Its exit codes, as the manual has them.
enum { DONE = 0, REFUSED = 1, USAGE = 2, UNREACHABLE = 3, FORBIDDEN = 4, LATE = 5, UNWRITTEN = 6 };

struct task {
	struct request *request;
	struct bolt_session *session;
	FILE *summary; // NULL: nobody wants it
	unsigned n;    // statements of the files before this one
	char before[128]; // each message of this statement: which one it is; empty where there is no doubt
	bool printed;	  // a table stands above
	int64_t deadline;
	uint64_t rows; // of this statement
	struct arena *arena; // of this statement
};

static int complain(const struct err *err, const char *before)
{
	(void)fprintf(stderr, "boltq: %s%s%s%s\n", before, err->code, err->code[0] ? ": " : "", err->text);
	switch (err->class) {
	case ERR_INVALID:
		return USAGE;
	case ERR_FORBIDDEN:
		return FORBIDDEN;
	case ERR_TIMEOUT:
		return LATE;
	case ERR_IO:
	case ERR_PROTOCOL:
		return UNREACHABLE;
	default:
		return REFUSED;
	}
}

static int fail_to_write(const struct err *err)
{
	(void)complain(err, "");
	return UNWRITTEN;
}

// How long the reader of the rows let us wait is not the server's time.
static int print_row(struct task *task, struct output *output, const struct bolt_value *row, struct err *err)
{
	int64_t begin = clock_monotonic_ms(&clock_system);
	int r = output_row(output, row, err);

	task->rows++;
	if (task->deadline != DEADLINE_NEVER)
		task->deadline += clock_monotonic_ms(&clock_system) - begin;
	return r;
}

static int print_rows(struct task *task, struct bolt_result *result, struct output *output, struct err *err)
{
	const struct bolt_value *row;
	int r;

	while ((r = bolt_result_next(result, task->deadline, &row, err)) > 0 && !ferror(stdout)) {
		if (print_row(task, output, row, err) < 0)
			return err->class;
	}
	return r < 0 ? r : 0;
}

static int write_summary(struct task *task, const struct bolt_summary *summary, struct err *err)
{
	outcome_write(summary, task->n, task->rows, task->summary, task->arena);
	if (fflush(task->summary) == 0 && !ferror(task->summary))
		return 0;
	(void)err_errno(err, errno, "%s could not be written", task->request->summary);
	err->class = ERR_IO;
	return ERR_IO;
}

// What comes after the rows; all of it is written or none of it fails the statement.
static int tell(struct task *task, const struct bolt_summary *summary, struct err *err)
{
	if (task->request->format == OUTPUT_TABLE) {
		if (plan_print(summary, stdout, task->arena, err) < 0)
			return err->class;
		if (!task->request->quiet)
			outcome_tell(summary, stderr, task->before);
	}
	return task->summary ? write_summary(task, summary, err) : 0;
}

static int print(struct task *task, struct bolt_result *result, struct err *err)
{
	_cleanup_(output_freep) struct output *output = NULL;
	const struct bolt_summary *summary = NULL;
	const char *const *keys;
	uint32_t n;
	int r;

	keys = bolt_result_keys(result, &n);
	if (task->request->format == OUTPUT_TABLE && task->printed && n)
		(void)fputc('\n', stdout);
	task->printed |= n > 0;
	output = output_new(stdout, task->request->format, keys, n);
	output_null(output, task->request->null);
	r = print_rows(task, result, output, err);
	if (r == 0)
		r = bolt_result_consume(result, task->deadline, &summary, err);
	if (r < 0) {
		// The rows before the failure are not lost.
		struct err ignored = ERR_INIT;

		(void)output_end(output, &ignored);
		return complain(err, task->before);
	}
	// An explained statement has columns and no rows: the plan is all.
	if (summary->plan.type == BOLT_NULL && output_end(output, err) < 0)
		return fail_to_write(err);
	return tell(task, summary, err) < 0 ? fail_to_write(err) : DONE;
}

static void begin(struct task *task, const struct script_statement *statement, const char *file)
{
	const struct request *request = task->request;

	task->n++;
	task->rows = 0;
	task->deadline = request->timeout_s ? deadline_in_ms((int64_t)request->timeout_s * 1000) : DEADLINE_NEVER;
	task->before[0] = '\0';
	arena_reset(task->arena);
	if (file)
		(void)snprintf(task->before, sizeof(task->before), "%.80s, line %u: ", file, statement->line);
	else if (statement->number > 1 || statement->line > 1)
		(void)snprintf(task->before, sizeof(task->before), "statement %u, line %u: ", statement->number, statement->line);
}

static int run_one(struct task *task, const struct script_statement *what, struct err *err)
{
	const struct bolt_value params = bolt_map(task->request->params, task->request->n_params);
	const struct bolt_statement statement = {.text = what->text, .params = &params};
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;

	if (bolt_session_run(task->session, &statement, task->deadline, &result, err) < 0)
		return complain(err, task->before);
	return print(task, result, err);
}

// Until one fails.
static int run_script(struct task *task, struct script *script, const char *file, struct err *err)
{
	struct script_statement statement;
	int status = DONE, r;

	while (status == DONE && (r = script_next(script, &statement, err)) != 0) {
		if (r < 0)
			return complain(err, "");
		begin(task, &statement, file);
		status = run_one(task, &statement, err);
	}
	return status;
}

static int open_file(const char *path, int *ret, struct err *err)
{
	*ret = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
	if (*ret >= 0)
		return 0;
	(void)err_errno(err, errno, "%s cannot be opened", path);
	err->class = ERR_INVALID;
	return ERR_INVALID;
}

// Takes the descriptor.
static int run_file(struct task *task, int fd, const char *path, struct err *err)
{
	bool input = strcmp(path, "-") == 0;
	_cleanup_(script_freep) struct script *script = script_of_fd(fd, input ? "the query on standard input" : path);

	return run_script(task, script, input ? NULL : path, err);
}

// All are opened before the first statement runs: a name that is wrong is told while nothing is done.
static int run_files(struct task *task, const char *const *paths, unsigned n, struct err *err)
{
	int fds[REQUEST_FILES_MAX], status = DONE;
	unsigned opened, next;

	for (opened = 0; status == DONE && opened < n; opened++) {
		if (open_file(paths[opened], &fds[opened], err) < 0)
			status = complain(err, "");
	}
	for (next = 0; status == DONE && next < n; next++)
		status = run_file(task, fds[next], paths[next], err);
	for (; next < opened; next++)
		closep(&fds[next]);
	return status;
}

static int run_all(struct task *task, struct err *err)
{
	static const char *const input[] = {"-"};
	const struct request *request = task->request;
	_cleanup_(script_freep) struct script *script = NULL;
	int status;

	if (request->query) {
		script = script_of_text(request->query);
		status = run_script(task, script, NULL, err);
	} else {
		status = request->n_files ? run_files(task, request->files, request->n_files, err) : run_files(task, input, 1, err);
	}
	if (status == DONE && task->n == 0) {
		(void)err_set(err, ERR_INVALID, "the query is empty");
		return complain(err, "");
	}
	return status;
}

static int open_summary(struct task *task, struct err *err)
{
	if (!task->request->summary)
		return 0;
	task->summary = fopen(task->request->summary, "we");
	if (task->summary)
		return 0;
	(void)err_errno(err, errno, "%s cannot be written", task->request->summary);
	err->class = ERR_INVALID;
	return ERR_INVALID;
}

static int run(struct request *request, struct err *err)
{
	struct bolt_driver_options options = {.uri = request->uri, .user_agent = "boltq/" BOLT_VERSION};
	const struct bolt_session_options wanted = {.database = request->database, .read = request->read};
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(fclosep) FILE *summary = NULL;
	struct task task = {.request = request, .arena = arena};

	if (request_credentials(request, &options.auth, err) < 0 || request_ca(request, &options.ca_pem, err) < 0 || open_summary(&task, err) < 0)
		return complain(err, "");
	summary = task.summary;
	if (bolt_driver_new(&options, &driver, err) < 0 || bolt_session_new(driver, &wanted, &session, err) < 0)
		return complain(err, "");
	task.session = session;
	return run_all(&task, err);
}

int main(int argc, char **argv)
{
	struct request *request = calloc(1, sizeof(*request));
	struct err err = ERR_INIT;
	int status;

	if (!request)
		abort();
	// A password passes through this process: its memory is not to be dumped or traced.
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	zone_begin();
	request->arena = arena_new();
	arena_wipe_on_free(request->arena);
	request->timeout_s = 60;
	status = request_parse(request, argc, argv, &err) < 0 ? complain(&err, "") : run(request, &err);
	arena_free(request->arena);
	free(request);
	return status;
}
