// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The operator's process: options, signals, the health and metrics endpoints. Everything else is behind operator/wiring.h.

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/release.h"
#include "net/server.h"
#include "operator/wiring.h"

static struct wiring_options arg_wiring = {.workers = 4};
static unsigned arg_port = 8080, arg_probe_port = 8081;
static const char *arg_level_file;
static enum log_level arg_level = LOG_INFO;

static const char usage[] =
	"usage: neofleet [OPTION]...\n"
	"Runs Neo4j deployments on Kubernetes and keeps them registered with Aura Fleet Manager.\n"
	"\n"
	"  --kubeconfig FILE   how to reach the cluster (default: $KUBECONFIG, the pod's service account, ~/.kube/config)\n"
	"  --context NAME      context of the kubeconfig (default: its current one)\n"
	"  --namespace NAME    watch this namespace only (default: all)\n"
	"  --workers N         reconciles at a time, 1 to 64 (default: 4)\n"
	"  --leader-elect      work only while holding a Lease, so that several may run\n"
	"  --lease-name NAME   of that Lease (default: 'neofleet', or 'neofleet-' and the name of --namespace)\n"
	"  --lease-namespace NAME  where that Lease is (default: the pod's namespace, or the kubeconfig's)\n"
	"  --port N            port of /metrics (default: 8080)\n"
	"  --probe-port N      port of /healthz and /readyz (default: 8081)\n"
	"  --aura-url URL      where the Aura API is (default: https://api.neo4j.io); the proxy is that of $HTTPS_PROXY and $NO_PROXY\n"
	"  --aura-ca-file FILE authorities to trust there, PEM (default: the system's)\n"
	"  --log-level LEVEL   debug, info, warning or error (default: info)\n"
	"  --log-level-file FILE  holds the level instead; looked at every few seconds, so that it may change while running\n"
	"  --log-format FORMAT text (key=value) or json (default: text)\n"
	"  --help, --version\n";

static bool parse_number(const char *text, unsigned min, unsigned max, unsigned *ret)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || value < min || value > max)
		return false;
	*ret = (unsigned)value;
	return true;
}

static void refuse(const char *option, const char *value, const char *wanted)
{
	(void)fprintf(stderr, "neofleet: --%s: '%s' must be %s\n", option, value, wanted);
	exit(2);
}

static bool is_dns_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 253 && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.")] == '\0' && isalnum((unsigned char)*text) &&
	       isalnum((unsigned char)text[len - 1]);
}

static bool is_web_address(const char *text)
{
	const char *host = strncmp(text, "https://", 8) == 0 ? text + 8 : strncmp(text, "http://", 7) == 0 ? text + 7 : "";
	size_t len = strlen(host);

	return len > 0 && len <= 512 && host[len - 1] != '/' && !strpbrk(host, " \t\r\n?#@");
}

// An option whose value is taken as it stands.
static bool take_text(int c)
{
	const struct {
		int c;
		const char **value;
	} texts[] = {
		{'k', &arg_wiring.kubeconfig}, {'c', &arg_wiring.context},	   {'n', &arg_wiring.namespace},
		{'F', &arg_level_file},	       {'L', &arg_wiring.lease_namespace}, {'A', &arg_wiring.aura_ca_file},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].c == c) {
			*texts[i].value = optarg;
			return true;
		}
	}
	return false;
}

// An option whose value is checked.
static bool take_checked(int c)
{
	unsigned workers;

	if (c == 'w') {
		if (!parse_number(optarg, 1, 64, &workers))
			refuse("workers", optarg, "a number from 1 to 64");
		arg_wiring.workers = (int)workers;
	} else if (c == 'p' || c == 'P') {
		if (!parse_number(optarg, 1, 65535, c == 'p' ? &arg_port : &arg_probe_port))
			refuse(c == 'p' ? "port" : "probe-port", optarg, "a number from 1 to 65535");
	} else if (c == 'l') {
		if (log_level_parse(optarg, &arg_level) < 0)
			refuse("log-level", optarg, "debug, info, warning or error");
		log_set_level(arg_level);
	} else if (c == 'f') {
		if (strcmp(optarg, "text") != 0 && strcmp(optarg, "json") != 0)
			refuse("log-format", optarg, "text or json");
		log_set_json(strcmp(optarg, "json") == 0);
	} else {
		return false;
	}
	return true;
}

// A name or an address, which is checked.
static bool take_name(int c)
{
	if (c == 'N' && !is_dns_name(optarg))
		refuse("lease-name", optarg, "a name as Kubernetes wants it: lower-case letters, digits, '-' and '.'");
	if (c == 'a' && !is_web_address(optarg))
		refuse("aura-url", optarg, "an address such as https://api.neo4j.io, without a slash at its end");
	if (c == 'N')
		arg_wiring.lease_name = optarg;
	if (c == 'a')
		arg_wiring.aura_url = optarg;
	return c == 'N' || c == 'a';
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"kubeconfig", required_argument, NULL, 'k'}, {"context", required_argument, NULL, 'c'},
		{"namespace", required_argument, NULL, 'n'},  {"workers", required_argument, NULL, 'w'},
		{"port", required_argument, NULL, 'p'},	      {"log-level", required_argument, NULL, 'l'},
		{"leader-elect", no_argument, NULL, 'e'},     {"lease-namespace", required_argument, NULL, 'L'},
		{"log-level-file", required_argument, NULL, 'F'}, {"log-format", required_argument, NULL, 'f'},
		{"aura-url", required_argument, NULL, 'a'},   {"aura-ca-file", required_argument, NULL, 'A'},
		{"lease-name", required_argument, NULL, 'N'}, {"probe-port", required_argument, NULL, 'P'},
		{"help", no_argument, NULL, 'h'},	      {"version", no_argument, NULL, 'V'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (take_text(c) || take_name(c) || take_checked(c))
			continue;
		if (c == 'e') {
			arg_wiring.leader_elect = true;
		} else if (c == 'h' || c == 'V') {
			(void)(c == 'h' ? printf("%s", usage) : printf("neofleet %s\n", release_version));
			exit(0);
		} else {
			exit(2);
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "neofleet: unexpected argument '%s'; see neofleet --help\n", argv[optind]);
		exit(2);
	}
}

// Tokens and passwords pass through this process: nobody may dump or trace its memory.
static void forbid_dumps(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

#define LOOK_EVERY_S 10
// When the stores take this long to fill, it logs why.
#define EXPLAIN_AFTER_MS 3000
#define EXPLAIN_EVERY_MS 30000
#define FREE_MAX ((size_t)64 * 1024)

// The process uses memory in bursts. All threads share one heap, so that memory which one has freed serves another; large blocks come from the
// system and go back to it.
static void limit_heap(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 512 * 1024);
	(void)mallopt(M_TOP_PAD, 64 * 1024);
}

// Gives free memory back to the system after a burst, also from the middle of the heap.
static void give_back(void)
{
	if (mallinfo2().fordblks > FREE_MAX)
		(void)malloc_trim(0);
}

// The level in the file; the option's where there is no file, or no level in it.
static void look_at_level(void)
{
	_cleanup_(fclosep) FILE *file = arg_level_file ? fopen(arg_level_file, "re") : NULL;
	enum log_level level = arg_level;
	char word[16];

	if (!arg_level_file)
		return;
	if (!file || fscanf(file, "%15s", word) != 1 || log_level_parse(word, &level) < 0)
		level = arg_level;
	log_set_level(level);
}

static _Atomic(struct wiring *) the_wiring;
static _Atomic int64_t oldest_ms; // of the reconciles that run

// Each wait of a reconcile has a deadline, and all of them together are far shorter than this: the reconcile hangs. The kubelet then ends the
// process, and the next one finishes the work.
#define HANGS_MS INT64_C(900000)

static unsigned serve_health(void *user, struct buf *body, const char **ret_content_type)
{
	bool hangs = atomic_load(&oldest_ms) >= HANGS_MS;

	(void)user;
	*ret_content_type = "text/plain";
	buf_add(body, hangs ? "a reconcile hangs; the log says where\n" : "ok\n");
	return hangs ? 503 : 200;
}

static unsigned serve_ready(void *user, struct buf *body, const char **ret_content_type)
{
	struct wiring *wiring = atomic_load(&the_wiring);
	bool ready = wiring && wiring_synced(wiring);

	(void)user;
	*ret_content_type = "text/plain";
	buf_add(body, ready ? "ok\n" : "the first lists are not complete yet\n");
	return ready ? 200 : 503;
}

static unsigned serve_metrics(void *user, struct buf *body, const char **ret_content_type)
{
	struct wiring *wiring = atomic_load(&the_wiring);

	(void)user;
	*ret_content_type = "text/plain; version=0.0.4";
	if (wiring)
		wiring_metrics(wiring, body);
	return 200;
}

// The lease has come or gone: tells supervise() to look. The signal is blocked like the others, so any thread may send it.
static void wake(void)
{
	(void)kill(getpid(), SIGUSR1);
}

// The lease is lost. Exit without cleanup, so that nothing already started can still write beside the new holder.
static _Noreturn void end_at_once(void)
{
	log_error("another process may lead now, ending");
	_exit(1);
}

// Waits for a signal to end; until the stores are in sync it looks at them now and then. Returns the signal, or 0 on error.
static int supervise(struct wiring *wiring, const sigset_t *signals, struct err *err)
{
	const struct timespec glance = {.tv_nsec = 20 * 1000 * 1000}, seldom = {.tv_sec = LOOK_EVERY_S};
	int64_t explain = deadline_in_ms(EXPLAIN_AFTER_MS);
	bool synced = false, working = false;
	int signal;

	for (;;) {
		signal = sigtimedwait(signals, NULL, synced ? &seldom : &glance);
		if (wiring_lost(wiring))
			end_at_once();
		if (signal > 0 && signal != SIGUSR1)
			return signal;
		if (!synced && wiring_synced(wiring)) {
			log_info("all stores are in sync");
			synced = true;
		}
		if (synced)
			give_back();
		if (!synced && deadline_left_ms(explain) == 0) {
			wiring_explain(wiring);
			explain = deadline_in_ms(EXPLAIN_EVERY_MS);
		}
		look_at_level();
		atomic_store(&oldest_ms, wiring_look(wiring));
		if (working || !synced || !wiring_leads(wiring))
			continue;
		if (wiring_work(wiring, err) < 0)
			return 0;
		log_info("working");
		working = true;
	}
}

// Two listeners, so that a request for metrics keeps no probe waiting. The kubelet opens a connection for each probe; with so many allowed for
// one address, sixteen other addresses would have to join to take them all.
static int serve(struct server **ret_metrics, struct server **ret_probes, struct err *err)
{
	static const struct server_route metrics[] = {{"/metrics", serve_metrics, NULL}};
	static const struct server_route probes[] = {{"/healthz", serve_health, NULL}, {"/readyz", serve_ready, NULL}};
	int r = server_start(&(struct server_options){.port = (uint16_t)arg_probe_port,
						      .connections = 128,
						      .connections_of_one = 8,
						      .idle_s = 2,
						      .routes = probes,
						      .n_routes = sizeof(probes) / sizeof(probes[0])},
			     ret_probes, NULL, err);

	return r < 0 ? r
		     : server_start(&(struct server_options){.port = (uint16_t)arg_port,
							     .connections = 16,
							     .connections_of_one = 4,
							     .idle_s = 5,
							     .routes = metrics,
							     .n_routes = sizeof(metrics) / sizeof(metrics[0])},
				    ret_metrics, NULL, err);
}

int main(int argc, char **argv)
{
	struct server *metrics = NULL, *probes = NULL;
	struct wiring *wiring = NULL;
	struct err err = ERR_INIT;
	sigset_t signals;

	parse_options(argc, argv);
	arg_wiring.on_lease = wake;
	forbid_dumps();
	limit_heap();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGUSR1);
	// Blocked before any thread is made, so that only supervise() sees them.
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	log_info("starting", "version", release_version);
	if (serve(&metrics, &probes, &err) == 0 && wiring_start(&arg_wiring, &wiring, &err) == 0) {
		atomic_store(&the_wiring, wiring);
		if (supervise(wiring, &signals, &err) > 0)
			log_info("stopping");
	}
	if (err_is_set(&err))
		log_error("cannot run", "error", err.text);
	atomic_store(&the_wiring, NULL);
	server_stop(metrics);
	server_stop(probes);
	wiring_stop(wiring);
	return err_is_set(&err);
}
