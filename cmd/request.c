// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One table has the options: what getopt() takes, the help and the completion of the shells are made of it.

#include "cmd/request.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "bolt/driver.h"
#include "cmd/jsonvalue.h"
#include "cmd/textfile.h"

#define SECRET_MAX ((size_t)64 * 1024)
#define CA_MAX ((size_t)1024 * 1024)
#define PARAM_MAX ((size_t)64 * 1024 * 1024)
#define TIMEOUT_MAX_S 86400

static const struct choice {
	const char *name;
	int letter;
	const char *value;   // NULL: it takes none; FILE is completed by the shell
	const char *choices; // NULL: any
	const char *help;
} choices[] = {
	{"format", 'f', "FORMAT", "table json csv cypher", "table, json (an object a row), csv or cypher (a map a row, which Cypher reads back); default: table"},
	{"null", 'n', "TEXT", NULL, "what null is in csv (default: nothing)"},
	{"param", 'p', "NAME=JSON", NULL, "a parameter, as --param 'name=\"Eva\"', or of a file: --param name=@FILE; any number of times"},
	{"bytes", 'b', "NAME=BASE64", NULL, "a parameter that is bytes; NAME=@FILE: the bytes of the file"},
	{"file", 'i', "FILE", NULL, "the statements of a file, in place of QUERY; any number of times"},
	{"database", 'd', "NAME", NULL, "the database (default: the user's home database)"},
	{"read", 'r', NULL, NULL, "the query only reads: in a cluster it goes to a reader"},
	{"credentials", 'c', "FILE", NULL, "USER/PASSWORD, or 'none' (default: $NEO4J_USERNAME and $NEO4J_PASSWORD)"},
	{"ca", 'a', "FILE", NULL, "PEM certificates to trust instead of the system's, with +s"},
	{"timeout", 't', "SECONDS", NULL, "give up when a statement has waited so long for the server (default: 60; 0: never)"},
	{"summary", 's', "FILE", NULL, "writes what the server said after each statement, an object of JSON a line: counters, notifications, plan"},
	{"quiet", 'q', NULL, NULL, "with a table: no counters and no notifications on standard error"},
	{"completion", 'C', "SHELL", "bash zsh fish", "writes the completion of a shell, and ends"},
	{"help", 'h', NULL, NULL, NULL},
	{"version", 'V', NULL, NULL, NULL},
};
#define N_CHOICES (sizeof(choices) / sizeof(choices[0]))

static void print_help(void)
{
	(void)fputs("usage: boltq [OPTION]... URI [QUERY]\n"
		    "Runs Cypher on a Neo4j server or cluster and prints the rows: one statement, or several with a semicolon after each, until one\n"
		    "fails. Without QUERY, or for '-', they are read from standard input.\n\n",
		    stdout);
	for (size_t i = 0; i < N_CHOICES; i++) {
		const char *value = choices[i].value ? choices[i].value : "";

		if (choices[i].help)
			(void)printf("  --%s %-*s %s\n", choices[i].name, 17 - (int)strlen(choices[i].name), value, choices[i].help);
	}
	(void)fputs("  --help, --version\n", stdout);
}

static void complete_bash(void)
{
	(void)fputs("# Completion of boltq by bash: source <(boltq --completion bash)\n"
		    "_boltq() {\n"
		    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}\n"
		    "\t[ \"$cur\" != = ] || cur=\n"
		    "\t[ \"$option\" != = ] || option=${COMP_WORDS[COMP_CWORD - 2]}\n"
		    "\tcase $option in\n",
		    stdout);
	for (size_t i = 0; i < N_CHOICES; i++) {
		if (choices[i].choices)
			(void)printf("\t--%s) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\") ;;\n", choices[i].name, choices[i].choices);
		else if (choices[i].value && strcmp(choices[i].value, "FILE") == 0)
			(void)printf("\t--%s) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n", choices[i].name);
		else if (choices[i].value)
			(void)printf("\t--%s) COMPREPLY=() ;;\n", choices[i].name);
	}
	(void)fputs("\t*)\n\t\tcase $cur in\n\t\t-*) mapfile -t COMPREPLY < <(compgen -W '", stdout);
	for (size_t i = 0; i < N_CHOICES; i++)
		(void)printf("%s--%s", i ? " " : "", choices[i].name);
	(void)fputs("' -- \"$cur\") ;;\n\t\t*) COMPREPLY=() ;;\n\t\tesac\n\t\t;;\n\tesac\n}\ncomplete -F _boltq boltq\n", stdout);
}

// Within single quotes of zsh and fish; brackets and colons mean something to zsh's _arguments.
static void print_help_of(const struct choice *choice, bool zsh)
{
	for (const char *at = choice->help ? choice->help : ""; *at; at++) {
		if (*at == '\'')
			(void)fputs(zsh ? "'\\''" : "\\'", stdout);
		else if (zsh && strchr("[]:\\", *at))
			(void)printf("\\%c", *at);
		else
			(void)fputc(*at, stdout);
	}
}

static bool is_repeated(const struct choice *choice)
{
	return choice->letter == 'p' || choice->letter == 'b' || choice->letter == 'i';
}

static void complete_zsh(void)
{
	(void)fputs("#compdef boltq\n# Completion of boltq by zsh: source <(boltq --completion zsh)\n_boltq() {\n\t_arguments", stdout);
	for (size_t i = 0; i < N_CHOICES; i++) {
		const struct choice *choice = &choices[i];

		(void)printf(" \\\n\t\t'%s--%s%s[", is_repeated(choice) ? "*" : "", choice->name, choice->value ? "=" : "");
		print_help_of(choice, true);
		(void)fputc(']', stdout);
		if (choice->choices)
			(void)printf(":%s:(%s)", choice->value, choice->choices);
		else if (choice->value)
			(void)printf(":%s:%s", choice->value, strcmp(choice->value, "FILE") == 0 ? "_files" : " ");
		(void)fputc('\'', stdout);
	}
	(void)fputs(" \\\n\t\t'1:URI: ' '2:QUERY: '\n}\ncompdef _boltq boltq\n", stdout);
}

static void complete_fish(void)
{
	(void)fputs("# Completion of boltq by fish: boltq --completion fish | source\ncomplete -c boltq -f\n", stdout);
	for (size_t i = 0; i < N_CHOICES; i++) {
		const struct choice *choice = &choices[i];

		(void)printf("complete -c boltq -l %s", choice->name);
		if (choice->choices)
			(void)printf(" -x -a '%s'", choice->choices);
		else if (choice->value)
			(void)fputs(strcmp(choice->value, "FILE") == 0 ? " -r -F" : " -x", stdout);
		(void)fputs(" -d '", stdout);
		print_help_of(choice, false);
		(void)fputs("'\n", stdout);
	}
}

static int complete(const char *shell, struct err *err)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = {{"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shell, shells[i].name) == 0) {
			shells[i].print();
			exit(0);
		}
	}
	return err_set(err, ERR_INVALID, "--completion: '%.32s' is none of bash, zsh and fish", shell);
}

static int parse_bytes(const char *text, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	size_t size;
	const char *bytes;

	if (text[0] == '@') {
		if (textfile_bytes(text + 1, PARAM_MAX, arena, &bytes, &size, err) < 0)
			return err->class;
	} else {
		bytes = base64_decode(arena, text, strlen(text), &size);
	}
	if (!bytes)
		return err_set(err, ERR_INVALID, "is no base64");
	*ret = bolt_bytes((const unsigned char *)bytes, (uint32_t)size);
	return 0;
}

static int parse_json(const char *text, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	if (text[0] == '@' && textfile_text(text + 1, PARAM_MAX, arena, &text, err) < 0)
		return err->class;
	return jsonvalue_parse(text, arena, ret, err);
}

static int add_param(struct request *request, bool bytes, const char *text, struct err *err)
{
	int (*parse)(const char *, struct arena *, struct bolt_value *, struct err *) = bytes ? parse_bytes : parse_json;
	const char *equals = strchr(text, '='), *option = bytes ? "--bytes" : "--param";
	char *name;

	if (!equals || equals == text)
		return err_set(err, ERR_INVALID, "%s: '%.64s' is no NAME=%s", option, text, bytes ? "BASE64" : "JSON");
	if (request->n_params == REQUEST_PARAMS_MAX)
		return err_set(err, ERR_INVALID, "%s: more than %d parameters", option, REQUEST_PARAMS_MAX);
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

static int add_file(struct request *request, const char *path, struct err *err)
{
	if (request->n_files == REQUEST_FILES_MAX)
		return err_set(err, ERR_INVALID, "--file: more than %d files", REQUEST_FILES_MAX);
	request->files[request->n_files++] = path;
	return 0;
}

// Where a letter's text goes; NULL: it is no mere text.
static const char **place_of(struct request *request, int c)
{
	switch (c) {
	case 'n':
		return &request->null;
	case 'd':
		return &request->database;
	case 'c':
		return &request->credentials;
	case 'a':
		return &request->ca;
	case 's':
		return &request->summary;
	default:
		return NULL;
	}
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
	case 'i':
		return add_file(request, optarg, err);
	case 't':
		return read_timeout(request, optarg, err);
	case 'r':
		request->read = true;
		return 0;
	case 'q':
		request->quiet = true;
		return 0;
	case 'C':
		return complete(optarg, err);
	case 'h':
		print_help();
		exit(0);
	case 'V':
		(void)puts("boltq " BOLT_VERSION);
		exit(0);
	default:
		return err_set(err, ERR_INVALID, "see boltq --help");
	}
}

static int check(const struct request *request, struct err *err)
{
	if (request->n_files && request->query)
		return err_set(err, ERR_INVALID, "a query and --file are too much; the query may stand in a file, too");
	if (request->null && request->format != OUTPUT_CSV)
		return err_set(err, ERR_INVALID, "--null goes with --format csv: the other formats have a word for null");
	return 0;
}

int request_parse(struct request *request, int argc, char **argv, struct err *err)
{
	struct option options[N_CHOICES + 1] = {0};
	int c;

	for (size_t i = 0; i < N_CHOICES; i++)
		options[i] = (struct option){choices[i].name, choices[i].value ? required_argument : no_argument, NULL, choices[i].letter};
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const char **place = place_of(request, c);

		if (place)
			*place = optarg;
		else if (take_option(request, c, err) < 0)
			return err->class;
	}
	if (argc - optind < 1 || argc - optind > 2)
		return err_set(err, ERR_INVALID, "a URI and at most one query are expected; see boltq --help");
	request->uri = argv[optind];
	request->query = argc - optind == 2 && strcmp(argv[optind + 1], "-") != 0 ? argv[optind + 1] : NULL;
	return check(request, err);
}

int request_credentials(struct request *request, struct bolt_auth *ret, struct err *err)
{
	const char *user = getenv("NEO4J_USERNAME"), *password = getenv("NEO4J_PASSWORD"), *text;
	char *own, *slash;

	*ret = bolt_auth_none();
	if (!request->credentials) {
		if (password)
			*ret = bolt_auth_basic(user ? user : "neo4j", password);
		return 0;
	}
	if (textfile_text(request->credentials, SECRET_MAX, request->arena, &text, err) < 0)
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

int request_ca(struct request *request, const char **ret, struct err *err)
{
	*ret = NULL;
	return request->ca ? textfile_text(request->ca, CA_MAX, request->arena, ret, err) : 0;
}
