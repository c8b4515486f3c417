// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// From a command line to an exit status. Only a command that asks for them makes the client and its loop; they are taken down here, on every way
// out.

#include "cli/program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/release.h"
#include "cli/help.h"
#include "kube/client.h"
#include "kube/config.h"
#include "net/loop.h"

#define TIMEOUT_DEFAULT_S 10
#define TIMEOUT_MAX_S 3600

static void end(struct program *program)
{
	if (program->loop)
		loop_stop(program->loop);
	if (program->watcher)
		program->free_watcher(program->watcher);
	kube_client_freep(&program->client);
	loop_freep(&program->loop);
	kube_config_free(program->config);
	arena_free(program->arena);
	free(program);
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct program *begin(const struct program_streams *streams, const char *path)
{
	struct program *program = calloc(1, sizeof(*program));

	if (!program)
		abort();
	program->streams = *streams;
	program->arena = arena_new();
	arena_wipe_on_free(program->arena);
	program->name = strcmp(name_of(path), "neofleet-cli") == 0 ? "neofleet-cli" : "kubectl neofleet";
	program->clock = streams->clock ? streams->clock : &clock_system;
	return program;
}

void program_note(struct program *program, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)fprintf(program->streams.notes, "%s: ", program->name);
	(void)vfprintf(program->streams.notes, fmt, args);
	(void)fputc('\n', program->streams.notes);
	va_end(args);
}

static bool is_usage(const struct err *err)
{
	return err->class == ERR_INVALID && err->status == 0;
}

// The words of a failed call do not say who spoke.
static int complain(struct program *program, const struct err *err)
{
	const char *server = program->config ? kube_config_server(program->config) : "";

	if (is_usage(err))
		program_note(program, "%s", err->text);
	else if (err->class == ERR_TIMEOUT && program->client)
		program_note(program, "the API server %s did not answer within %d s; see --request-timeout", server, program->timeout_s);
	else if (err->status == 401)
		program_note(program, "the API server %s does not know you: %s", server, err->text);
	else if (err->class == ERR_FORBIDDEN)
		program_note(program, "you lack a right: %s", err->text);
	else if (err->status >= 400 && err->status != 404)
		program_note(program, "the API server %s answered %d: %s", server, err->status, err->text);
	else
		program_note(program, "%s", err->text);
	return is_usage(err) ? EXIT_USAGE : EXIT_UNABLE;
}

static int misused(struct program *program, const struct err *err)
{
	const struct command *command = program->call.command;

	program_note(program, "%s; see %s %s--help", err->text, program->name, command ? arena_printf(program->arena, "%s ", command->name) : "");
	return EXIT_USAGE;
}

static int flush(struct program *program, int status)
{
	if (fflush(program->streams.out) == 0 && !ferror(program->streams.out))
		return status;
	program_note(program, "the output could not be written: %s", strerror(errno));
	return EXIT_UNABLE;
}

// kubectl asks a plugin for completions by running a program with another name.
static char *const *with_command(struct program *program, int *argc, char *const *argv)
{
	char **longer = arena_new_array(program->arena, char *, (size_t)*argc + 1);

	memcpy(longer + 1, argv, (size_t)*argc * sizeof(*argv));
	longer[0] = longer[1];
	longer[1] = arena_strdup(program->arena, "__complete");
	(*argc)++;
	return longer;
}

static int run(struct program *program, int argc, char *const *argv)
{
	struct err err = ERR_INIT;
	int r;

	if (argc > 0 && strcmp(name_of(argv[0]), "kubectl_complete-neofleet") == 0)
		argv = with_command(program, &argc, argv);
	if (invocation_parse(argc, argv, program->arena, &program->call, &err) < 0)
		return misused(program, &err);
	if (!program->call.command || invocation_has(&program->call, &flag_help)) {
		help_write(program->call.command, program->name, program->streams.out);
		return flush(program, EXIT_FINE);
	}
	r = program->call.command->run(program, &err);
	return flush(program, r < 0 ? complain(program, &err) : r);
}

int program_run(int argc, char *const *argv, const struct program_streams *streams)
{
	struct program *program = begin(streams, argc > 0 ? argv[0] : "");
	int status = run(program, argc, argv);

	end(program);
	return status;
}

static int read_timeout(const struct program *program, int *ret_s, struct err *err)
{
	const char *text = invocation_value(&program->call, &flag_timeout, NULL);
	char *rest = NULL;
	unsigned long seconds = TIMEOUT_DEFAULT_S;

	errno = 0;
	if (text)
		seconds = strtoul(text, &rest, 10);
	// kubectl writes "5s".
	if (text && (errno || rest == text || (*rest && strcmp(rest, "s") != 0) || seconds < 1 || seconds > TIMEOUT_MAX_S))
		return err_set(err, ERR_INVALID, "--request-timeout: '%.32s' is no number of seconds from 1 to %d", text, TIMEOUT_MAX_S);
	*ret_s = (int)seconds;
	return 0;
}

int program_connect(struct program *program, struct err *err)
{
	const struct invocation *call = &program->call;
	int r;

	if (program->client)
		return 0;
	r = read_timeout(program, &program->timeout_s, err);
	if (r < 0)
		return r;
	r = kube_config_load(invocation_value(call, &flag_kubeconfig, NULL), invocation_value(call, &flag_context, NULL), &program->config, err);
	if (r < 0)
		return r;
	kube_config_set_user_agent(program->config, release_cli_user_agent);
	if ((r = loop_new(&program->loop, err)) < 0 || (r = loop_start(program->loop, err)) < 0)
		return r;
	r = kube_client_new(program->config, program->loop, &program->client, err);
	if (r == 0)
		kube_client_set_timeout_ms(program->client, program->timeout_s * 1000);
	return r;
}

const char *program_namespace(const struct program *program)
{
	if (invocation_has(&program->call, &flag_all_namespaces))
		return NULL;
	return invocation_value(&program->call, &flag_namespace, kube_config_namespace(program->config));
}
