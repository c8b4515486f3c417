// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The main thread waits for a signal, and now and then checks whether the API server answers. SIGINT and SIGTERM are blocked before the first
// thread is made, so that no other thread gets one.

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/page/board.h"
#include "cli/page/desk.h"
#include "cli/page/gate.h"
#include "cli/page/lookout.h"
#include "cli/program.h"
#include "net/loop.h"
#include "net/site.h"

#define ADDRESS "127.0.0.1"
#define CONNECTIONS 64
#define IDLE_S 120
#define BODY_MAX ((size_t)4 * 1024)
#define LOOK_MS 50	 // until the lists are there
#define LOOK_LATER_MS 5000

static const struct flag flag_port = {"port", 0, "PORT", NULL, "serve on this port of 127.0.0.1 (default: any that is free)"};

struct ui {
	struct gate gate;
	struct desk desk;
	struct board *board;
	struct lookout *lookout;
	struct site *site;
	sigset_t signals, former;
};

static int read_port(const struct program *program, uint16_t *ret, struct err *err)
{
	const char *text = invocation_value(&program->call, &flag_port, "0");
	char *rest;
	unsigned long port;

	errno = 0;
	port = strtoul(text, &rest, 10);
	if (errno || rest == text || *rest || port > UINT16_MAX)
		return err_set(err, ERR_INVALID, "--port: '%.16s' is no port", text);
	*ret = (uint16_t)port;
	return 0;
}

static int serve(struct ui *ui, struct program *program, uint16_t port, struct err *err)
{
	const struct site_options options = {
		.address = ADDRESS, .port = port, .connections = CONNECTIONS, .idle_s = IDLE_S, .body_max = BODY_MAX, .handler = desk_answer, .user = &ui->desk};
	int r = gate_make(&ui->gate, err);

	if (r < 0)
		return r;
	ui->desk = (struct desk){program, &ui->gate, ui->board};
	// Nobody can know the folder before it is printed.
	r = site_start(&options, &ui->site, &port, err);
	if (r < 0)
		return r;
	gate_set_port(&ui->gate, port);
	(void)fprintf(program->streams.out, "%s%s?key=%s\n", ui->gate.origin, ui->gate.folder, ui->gate.key);
	(void)fflush(program->streams.out);
	program_note(program, "open this address: it works once, in one browser of this machine; Ctrl-C ends the page");
	return 0;
}

static void wait_for_end(struct ui *ui)
{
	bool listed = false;
	int got;

	do {
		const int ms = listed ? LOOK_LATER_MS : LOOK_MS;
		const struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};

		listed = lookout_check(ui->lookout);
		got = sigtimedwait(&ui->signals, NULL, &limit);
	} while (got < 0);
}

// Calls and streams end first, so that nobody waits for them; the informers end after the loop.
static void end(struct ui *ui, struct program *program)
{
	board_close(ui->board);
	if (program->loop)
		loop_stop(program->loop);
	site_stop(ui->site);
	lookout_free(ui->lookout);
	board_free(ui->board);
	gate_wipe(&ui->gate);
	(void)pthread_sigmask(SIG_SETMASK, &ui->former, NULL);
	free(ui);
}

static int run(struct program *program, struct err *err)
{
	struct ui *ui;
	uint16_t port = 0;
	int r = read_port(program, &port, err);

	if (r < 0)
		return r;
	ui = calloc(1, sizeof(*ui));
	if (!ui)
		abort();
	(void)sigemptyset(&ui->signals);
	(void)sigaddset(&ui->signals, SIGINT);
	(void)sigaddset(&ui->signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &ui->signals, &ui->former);
	ui->board = board_new();
	r = program_connect(program, err);
	if (r == 0)
		r = lookout_start(program, ui->board, &ui->lookout, err);
	if (r == 0)
		r = serve(ui, program, port, err);
	if (r == 0)
		wait_for_end(ui);
	end(ui, program);
	return r;
}

static const struct flag *const flags[] = {&flag_port, &flag_all_namespaces, &flag_selector, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"list, watch", "neo4jenterpriseclusters.neo4j.neo4j.com", "to show them", false},
	{"list, watch", "neo4jenterprisestandalones.neo4j.neo4j.com", "to show them; one of the two is required", false},
	{"list, watch", "statefulsets.apps", "to count servers, and to show rolls", false},
	{"list, watch", "pods, persistentvolumeclaims, neo4jplugins.neo4j.neo4j.com, events", "for a deployment's own page", false},
	{"get", "neo4jenterpriseclusters.neo4j.neo4j.com, neo4jenterprisestandalones.neo4j.neo4j.com, statefulsets.apps", "for a deployment's own page", false},
	{"get", "pods/log", "for a deployment's own page: why a server ended, where the pod has only the end of a stack trace", false},
	{"get", "secrets", "for the token's project and expiry, when a deployment's own page is opened; only that Secret is read", false},
	{"patch", "neo4jenterpriseclusters/status, neo4jenterprisestandalones/status", "to have one registered, when you say so", false},
	{"list", "deployments.apps", "to say whether the operator runs", false},
	{0},
};

const struct command command_ui = {
	.name = "ui",
	.summary = "serves a page that shows the deployments live in your browser",
	.text = "The page is served on this machine alone, and only to the browser that opens the printed address first. It reads the API server as you, so it works without the "
		"operator, too, and says what you may not read. It changes nothing but, after a question, what the command register does.",
	.example = "ui -A\nui --port 8484 -n shop",
	.flags = flags,
	.rights = rights,
	.run = run,
};
