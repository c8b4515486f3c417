// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// boltq: one query, its rows on standard output. docs/man/boltq.1 is its manual.

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "bolt/session.h"
#include "cmd/jsonvalue.h"
#include "cmd/output.h"
#include "cmd/zone.h"

#define QUERY_MAX ((size_t)16 * 1024 * 1024)
#define SECRET_MAX ((size_t)64 * 1024)
#define CA_MAX ((size_t)1024 * 1024)
#define PARAMS_MAX 256
#define TIMEOUT_MAX_S 86400

// Its exit codes, as the manual has them.
enum { DONE = 0, REFUSED = 1, USAGE = 2, UNREACHABLE = 3, FORBIDDEN = 4, LATE = 5, UNWRITTEN = 6 };

static const char usage[] =
	"usage: boltq [OPTION]... URI [QUERY]\n"
	"Runs one Cypher query on a Neo4j server or cluster and prints its rows. Without QUERY, or for '-', it is read from standard input.\n"
	"\n"
	"  --format FORMAT     table, json (an object a row), csv or cypher (a map a row, which Cypher reads back); default: table\n"
	"  --param NAME=JSON   a parameter of the query, as --param 'name=\"Eva\"'; any number of times\n"
	"  --bytes NAME=BASE64 a parameter that is bytes\n"
	"  --database NAME     the database (default: the user's home database)\n"
	"  --read              the query only reads: in a cluster it goes to a reader\n"
	"  --credentials FILE  USER/PASSWORD, or 'none' (default: $NEO4J_USERNAME and $NEO4J_PASSWORD)\n"
	"  --ca FILE           PEM certificates to trust instead of the system's, with +s\n"
	"  --timeout SECONDS   give up then (default: 60; 0: never)\n"
	"  --help, --version\n";

struct request {
	const char *uri, *query, *database, *credentials, *ca;
	enum output_format format;
	bool read;
	unsigned timeout_s;
	struct bolt_entry params[PARAMS_MAX];
	uint32_t n_params;
	struct arena *arena; // wiped
};

static int complain(const struct err *err)
{
	(void)fprintf(stderr, "boltq: %s%s%s\n", err->code, err->code[0] ? ": " : "", err->text);
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

static int parse_bytes(const char *text, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	size_t size;
	const char *bytes = base64_decode(arena, text, strlen(text), &size);

	if (!bytes)
		return err_set(err, ERR_INVALID, "is no base64");
	*ret = bolt_bytes((const unsigned char *)bytes, (uint32_t)size);
	return 0;
}

static int add_param(struct request *request, bool bytes, const char *text, struct err *err)
{
	int (*parse)(const char *, struct arena *, struct bolt_value *, struct err *) = bytes ? parse_bytes : jsonvalue_parse;
	const char *equals = strchr(text, '='), *option = bytes ? "--bytes" : "--param";
	char *name;

	if (!equals || equals == text)
		return err_set(err, ERR_INVALID, "%s: '%.64s' is no NAME=%s", option, text, bytes ? "BASE64" : "JSON");
	if (request->n_params == PARAMS_MAX)
		return err_set(err, ERR_INVALID, "%s: more than %d parameters", option, PARAMS_MAX);
	name = arena_memdup0(request->arena, text, (size_t)(equals - text));
	if (parse(equals + 1, request->arena, &request->params[request->n_params].value, err) < 0)
		return err_wrap(err, "%s: '%s'", option, name);
	request->params[request->n_params++].key = name;
	return 0;
}

static int read_timeout(struct request *request, const char *text, struct err *err)
{
	char *end;
	unsigned long seconds;

	errno = 0;
	seconds = strtoul(text, &end, 10);
	if (errno || *end || end == text || seconds > TIMEOUT_MAX_S)
		return err_set(err, ERR_INVALID, "--timeout: '%.32s' is no number of seconds from 0 to %d", text, TIMEOUT_MAX_S);
	request->timeout_s = (unsigned)seconds;
	return 0;
}

static int take_option(struct request *request, int c, struct err *err)
{
	switch (c) {
	case 'f':
		if (output_format_parse(optarg, &request->format) < 0)
			return err_set(err, ERR_INVALID, "--format: '%.32s' is none of table, json, csv and cypher", optarg);
		return 0;
	case 'p':
	case 'b':
		return add_param(request, c == 'b', optarg, err);
	case 't':
		return read_timeout(request, optarg, err);
	case 'd':
		request->database = optarg;
		return 0;
	case 'r':
		request->read = true;
		return 0;
	case 'c':
		request->credentials = optarg;
		return 0;
	case 'a':
		request->ca = optarg;
		return 0;
	case 'h':
	case 'V':
		(void)fputs(c == 'h' ? usage : "boltq " BOLT_VERSION "\n", stdout);
		exit(DONE);
	default:
		exit(USAGE);
	}
}

static int parse_options(int argc, char **argv, struct request *request, struct err *err)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'f'},      {"param", required_argument, NULL, 'p'}, {"database", required_argument, NULL, 'd'},
		{"credentials", required_argument, NULL, 'c'}, {"ca", required_argument, NULL, 'a'},	{"timeout", required_argument, NULL, 't'},
		{"bytes", required_argument, NULL, 'b'},       {"read", no_argument, NULL, 'r'},	{"help", no_argument, NULL, 'h'},	{"version", no_argument, NULL, 'V'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (take_option(request, c, err) < 0)
			return err->class;
	}
	if (argc - optind < 1 || argc - optind > 2)
		return err_set(err, ERR_INVALID, "a URI and at most one query are expected; see boltq --help");
	request->uri = argv[optind];
	request->query = argc - optind == 2 && strcmp(argv[optind + 1], "-") != 0 ? argv[optind + 1] : NULL;
	return 0;
}

// All of a file, up to a maximum; the text is in the arena.
static int read_all(int fd, const char *name, size_t max, struct arena *arena, const char **ret, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT_SECRET(max);
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			(void)err_errno(err, errno, "%s cannot be read", name);
			err->class = ERR_INVALID;
			return ERR_INVALID;
		}
		buf_append(&text, piece, (size_t)n);
		if (text.overflow)
			return err_set(err, ERR_INVALID, "%s is larger than %zu bytes", name, max);
	}
	explicit_bzero(piece, sizeof(piece));
	if (text.len && memchr(text.data, '\0', text.len))
		return err_set(err, ERR_INVALID, "%s is no text", name);
	*ret = arena_strdup(arena, buf_str(&text));
	return 0;
}

static int read_file(const char *path, size_t max, struct arena *arena, const char **ret, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		(void)err_errno(err, errno, "%s cannot be opened", path);
		err->class = ERR_INVALID;
		return ERR_INVALID;
	}
	return read_all(fd, path, max, arena, ret, err);
}

static int find_credentials(struct request *request, struct bolt_auth *ret, struct err *err)
{
	const char *user = getenv("NEO4J_USERNAME"), *password = getenv("NEO4J_PASSWORD"), *text;
	char *own, *slash;

	*ret = bolt_auth_none();
	if (!request->credentials) {
		if (password)
			*ret = bolt_auth_basic(user ? user : "neo4j", password);
		return 0;
	}
	if (read_file(request->credentials, SECRET_MAX, request->arena, &text, err) < 0)
		return err->class;
	own = arena_strdup(request->arena, text);
	own[strcspn(own, "\r\n")] = '\0';
	if (strcmp(own, "none") == 0)
		return 0;
	slash = strchr(own, '/');
	if (!slash)
		return err_set(err, ERR_INVALID, "%s holds no USER/PASSWORD", request->credentials);
	*slash = '\0';
	*ret = bolt_auth_basic(own, slash + 1);
	return 0;
}

// Without the semicolon that shells of Cypher want, and white space around.
static int find_query(struct request *request, struct err *err)
{
	char *text, *end;

	if (!request->query && read_all(STDIN_FILENO, "the query on standard input", QUERY_MAX, request->arena, &request->query, err) < 0)
		return err->class;
	text = arena_strdup(request->arena, request->query);
	text += strspn(text, " \t\r\n");
	for (end = text + strlen(text); end > text && strchr("; \t\r\n", end[-1]);)
		*--end = '\0';
	request->query = text;
	return *text ? 0 : err_set(err, ERR_INVALID, "the query is empty");
}

static int print(struct bolt_result *result, const struct request *request, int64_t deadline, struct err *err)
{
	_cleanup_(output_freep) struct output *output = NULL;
	const struct bolt_summary *summary;
	const struct bolt_value *row;
	const char *const *keys;
	uint32_t n;
	int r;

	keys = bolt_result_keys(result, &n);
	output = output_new(stdout, request->format, keys, n);
	while ((r = bolt_result_next(result, deadline, &row, err)) > 0 && !ferror(stdout)) {
		if (output_row(output, row, err) < 0)
			r = err->class;
		if (r < 0)
			break;
	}
	if (r == 0)
		r = bolt_result_consume(result, deadline, &summary, err);
	if (r < 0) {
		// The rows before the failure are not lost.
		struct err ignored = ERR_INIT;

		(void)output_end(output, &ignored);
		return complain(err);
	}
	if (output_end(output, err) < 0) {
		(void)complain(err);
		return UNWRITTEN;
	}
	return DONE;
}

static int run(struct request *request, struct err *err)
{
	int64_t deadline = request->timeout_s ? deadline_in_ms((int64_t)request->timeout_s * 1000) : DEADLINE_NEVER;
	const struct bolt_value params = bolt_map(request->params, request->n_params);
	struct bolt_driver_options options = {.uri = request->uri, .user_agent = "boltq/" BOLT_VERSION};
	const struct bolt_session_options wanted = {.database = request->database, .read = request->read};
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	struct bolt_statement statement = {.params = &params};

	if (find_credentials(request, &options.auth, err) < 0 || find_query(request, err) < 0)
		return complain(err);
	if (request->ca && read_file(request->ca, CA_MAX, request->arena, &options.ca_pem, err) < 0)
		return complain(err);
	statement.text = request->query;
	if (bolt_driver_new(&options, &driver, err) < 0 || bolt_session_new(driver, &wanted, &session, err) < 0 ||
	    bolt_session_run(session, &statement, deadline, &result, err) < 0)
		return complain(err);
	return print(result, request, deadline, err);
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
	status = parse_options(argc, argv, request, &err) < 0 ? complain(&err) : run(request, &err);
	arena_free(request->arena);
	free(request);
	return status;
}
