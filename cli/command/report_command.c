// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/program.h"
#include "cli/report/tarball.h"
#include "cli/report/bundle.h"

static const struct flag flag_file = {"file", 'f', "FILE", NULL, "write it there; - is standard output (default: neofleet-report-TIME.tar.gz)"};
static const struct flag flag_no_logs = {"no-logs", 0, NULL, NULL, "leave the logs out"};

// "neofleet-report-20261129T120000Z.tar.gz"
static const char *default_name(const struct program *program)
{
	char time[TIME_TEXT_SIZE], *to = time;

	time_format_rfc3339(clock_wall_ms(program->clock), time, sizeof(time));
	for (const char *c = time; *c; c++) {
		if (*c != '-' && *c != ':')
			*to++ = *c;
	}
	*to = '\0';
	return arena_printf(program->arena, "neofleet-report-%s.tar.gz", time);
}

// Only the user may read the file, and it replaces no other.
static int write_file(const char *path, struct tarball *archive, struct err *err)
{
	_cleanup_(fclosep) FILE *file = NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return err_errno(err, errno, "cannot write '%s'", path);
	file = fdopen(fd, "w");
	if (!file) {
		(void)close(fd);
		return err_errno(err, errno, "cannot write '%s'", path);
	}
	r = tarball_write(archive, file, err);
	// A write may fail as late as here.
	if (fclose(steal_ptr(file)) != 0 && r == 0)
		r = err_errno(err, errno, "cannot write '%s'", path);
	if (r < 0)
		(void)unlink(path);
	return r;
}

static int write_out(struct program *program, struct tarball *archive, struct err *err)
{
	const char *path = invocation_value(&program->call, &flag_file, default_name(program));
	int r;

	if (strcmp(path, "-") == 0)
		return tarball_write(archive, program->streams.out, err);
	r = write_file(path, archive, err);
	if (r == 0)
		program_note(program, "the report is in %s; look into it before you hand it on", path);
	return r;
}

static int run(struct program *program, struct err *err)
{
	const struct invocation *call = &program->call;
	const struct bundle_options options = {call->n_args ? call->args[0] : NULL, !invocation_has(call, &flag_no_logs)};
	_cleanup_(tarball_release) struct tarball archive = TARBALL_INIT(clock_wall_ms(program->clock) / 1000);
	int r;

	if (call->n_args && (invocation_has(call, &flag_all_namespaces) || invocation_has(call, &flag_selector)))
		return err_set(err, ERR_INVALID, "a NAME is of one namespace: --all-namespaces and --selector are for lists");
	if ((r = program_connect(program, err)) < 0 || (r = bundle_make(program, &options, &archive, err)) < 0)
		return r;
	r = write_out(program, &archive, err);
	return r < 0 ? r : EXIT_FINE;
}

static const struct flag *const flags[] = {&flag_file, &flag_no_logs, &flag_all_namespaces, &flag_selector, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"list", "neo4jenterpriseclusters.neo4j.neo4j.com", "the clusters; get, with NAME", true},
	{"list", "neo4jenterprisestandalones.neo4j.neo4j.com", "the standalones; get, with NAME", true},
	{"get", "secrets", "to know what must not be in the report; nothing of them is written, and without it no log is", false},
	{"list", "statefulsets.apps, pods, persistentvolumeclaims", "what belongs to them", false},
	{"get", "pods/log", "the logs", false},
	{"list", "deployments.apps, neo4jplugins.neo4j.neo4j.com, events, networkpolicies.networking.k8s.io, resourcequotas", "what status and doctor say", false},
	{0},
};

const struct command command_report = {
	.name = "report",
	.args = "[NAME]",
	.summary = "puts what somebody who is to help wants to see into one file, without secrets",
	.text = "A .tar.gz with the deployments of a namespace, of all (-A) or one, their pods, volumes and last log lines, the operator and its log, and what status and doctor say.\n\n"
		"Secrets are left out twice: values of environment variables, annotations, and settings and words of a container's command that name a secret are not in it at all; and each value "
		"of the Secrets that the specs name is looked for in every text, logs too. Where one is there that you may not read, all logs are left out. What could not be read is named in "
		"missing.txt. Logs may hold what your users asked for: look into it before you hand it on.",
	.example = "report orders -n shop\nreport -A --no-logs -f - | ssh desk 'cat > report.tar.gz'",
	.flags = flags,
	.rights = rights,
	.max_args = 1,
	.run = run,
};
