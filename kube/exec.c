// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define OUTPUT_MAX ((size_t)256 * 1024)
#define TIMEOUT_MS 60000
#define AGAIN_MS INT64_C(600000)
#define RETRY_MS INT64_C(30000)
#define REFUSED_MS INT64_C(10000)
#define TOKEN_MAX ((size_t)64 * 1024)
// Replaces a token this long before it expires, or when nine tenths of its remaining time are over.
#define EARLY_MS INT64_C(120000)
#define PIECE_MS 100

struct exec {
	struct arena *arena; // owns what follows
	char **argv, **envp;
	const char *api_version, *hint;
	int timeout_ms;
	int64_t again_ms, retry_ms, refused_ms;
	void (*on_certificate)(void *user, const char *certificate, const char *key);
	void *user;
	struct buf certificate, key; // as the program printed them; only the thread that runs the program uses them
	pthread_t thread;
	pthread_mutex_t lock; // of the members below
	pthread_cond_t changed;
	struct buf token;
	int64_t expires_ms; // wall clock; 0: never said
	int64_t given_ms;   // monotonic
	bool refused;
	bool stopping, started;
};

static bool is_stopping(struct exec *exec)
{
	bool stopping;

	(void)pthread_mutex_lock(&exec->lock);
	stopping = exec->stopping;
	(void)pthread_mutex_unlock(&exec->lock);
	return stopping;
}

// Starts the child as programs expect it: no signal is blocked or ignored, and its input is empty. The child leads a group, so that processes
// that it has started end with it.
static int spawn(const struct exec *exec, int output, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	(void)posix_spawnattr_setpgroup(&attr, 0);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	r = posix_spawnp(ret, exec->argv[0], &actions, &attr, exec->argv, exec->envp);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return r;
}

static int check_time(struct exec *exec, int64_t deadline, struct err *err)
{
	if (deadline_left_ms(deadline) == 0)
		return err_set(err, ERR_TIMEOUT, "credential plugin '%s' has not come to its end within %d s", exec->argv[0],
			       exec->timeout_ms / 1000);
	return is_stopping(exec) ? err_set(err, ERR_CANCELLED, "stopping") : 0;
}

// Reads what the program prints until it closes its output.
static int read_output(struct exec *exec, int fd, int64_t deadline, struct buf *ret, struct err *err)
{
	char piece[4096];
	ssize_t n = 1;

	while (n > 0) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int r = check_time(exec, deadline, err);

		if (r < 0)
			return r;
		if (poll(&wait, 1, PIECE_MS) <= 0)
			continue;
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			buf_append(ret, piece, (size_t)n);
		explicit_bzero(piece, sizeof(piece));
	}
	if (ret->overflow)
		return err_set(err, ERR_TOO_LARGE, "credential plugin '%s' prints more than %zu bytes", exec->argv[0], OUTPUT_MAX);
	return 0;
}

// The program mostly ends when it closes its output; otherwise the waits grow.
static int wait_for_end(struct exec *exec, pid_t pid, int64_t deadline, int *ret_status, struct err *err)
{
	int r = 0, pause_ms = 1;

	while (r == 0 && waitpid(pid, ret_status, WNOHANG) == 0) {
		(void)poll(NULL, 0, pause_ms);
		pause_ms = pause_ms < PIECE_MS ? pause_ms * 2 : PIECE_MS;
		r = check_time(exec, deadline, err);
	}
	return r;
}

static int run(struct exec *exec, struct buf *ret, struct err *err)
{
	_cleanup_close_ int in = -1, out = -1;
	int64_t deadline = deadline_in_ms(exec->timeout_ms);
	int ends[2], status = 0, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, errno, "cannot make a pipe");
	in = ends[0];
	out = ends[1];
	r = spawn(exec, out, &pid);
	if (r != 0) {
		(void)err_errno(err, r, "credential plugin '%s' cannot be run%s%s", exec->argv[0], exec->hint ? "; " : "",
				exec->hint ? exec->hint : "");
		return err->class = ERR_INVALID;
	}
	(void)close(steal_fd(&out));
	r = read_output(exec, in, deadline, ret, err);
	if (r == 0)
		r = wait_for_end(exec, pid, deadline, &status, err);
	if (r < 0) {
		(void)kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		return err_set(err, ERR_INVALID, "credential plugin '%s' has failed with status %d; run it by hand to see why", exec->argv[0],
			       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return r;
}

static const char *member(yyjson_val *status, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(status, key));

	return text && *text ? text : NULL;
}

static bool replace(struct buf *buf, const char *text)
{
	if (strcmp(buf_str(buf), text ? text : "") == 0)
		return false;
	buf_clear(buf);
	buf_add(buf, text ? text : "");
	return true;
}

static void tell_certificate(struct exec *exec, const char *certificate, const char *key)
{
	bool changed = replace(&exec->certificate, certificate);

	changed = replace(&exec->key, key) || changed;
	if (changed && exec->on_certificate)
		exec->on_certificate(exec->user, certificate, key);
}

static int take(struct exec *exec, struct arena *arena, const struct buf *output, struct err *err)
{
	yyjson_val *root = json_parse(arena, buf_str(output), output->len), *status = yyjson_obj_get(root, "status");
	const char *token = member(status, "token"), *expires = member(status, "expirationTimestamp");
	const char *certificate = member(status, "clientCertificateData"), *key = member(status, "clientKeyData");
	int64_t expires_ms = 0;

	if (!yyjson_equals_str(yyjson_obj_get(root, "kind"), "ExecCredential") ||
	    !yyjson_equals_str(yyjson_obj_get(root, "apiVersion"), exec->api_version))
		return err_set(err, ERR_INVALID, "credential plugin '%s' prints no ExecCredential of %s", exec->argv[0], exec->api_version);
	if (!token && !certificate && !key)
		return err_set(err, ERR_INVALID, "credential plugin '%s' prints neither a token nor a client certificate", exec->argv[0]);
	if (!certificate != !key)
		return err_set(err, ERR_INVALID, "credential plugin '%s' prints %s; it must print both or neither", exec->argv[0],
			       key ? "clientKeyData without clientCertificateData" : "clientCertificateData without clientKeyData");
	if (token && strlen(token) > TOKEN_MAX)
		return err_set(err, ERR_TOO_LARGE, "credential plugin '%s' prints a token of more than %zu bytes", exec->argv[0], TOKEN_MAX);
	if (expires && time_parse_rfc3339(expires, &expires_ms) < 0)
		return err_set(err, ERR_INVALID, "credential plugin '%s': expirationTimestamp is no time", exec->argv[0]);
	tell_certificate(exec, certificate, key);
	(void)pthread_mutex_lock(&exec->lock);
	(void)replace(&exec->token, token);
	exec->expires_ms = expires_ms;
	exec->given_ms = clock_monotonic_ms(&clock_system);
	exec->refused = false;
	(void)pthread_mutex_unlock(&exec->lock);
	return 0;
}

static int ask(struct exec *exec, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf output = BUF_INIT_SECRET(OUTPUT_MAX);
	int r = run(exec, &output, err);

	arena_wipe_on_free(arena);
	return r < 0 ? r : take(exec, arena, &output, err);
}

// Under the lock: how long the credentials stay good.
static int64_t lasts_ms(const struct exec *exec)
{
	int64_t left = exec->expires_ms - clock_wall_ms(&clock_system);

	if (!exec->expires_ms)
		return exec->again_ms;
	left = left > 10 * EARLY_MS ? left - EARLY_MS : left * 9 / 10;
	return left > 1000 ? left : 1000;
}

// Waits for ms, or until the given credentials are refused. Returns false when it is time to end.
static bool wait_ms(struct exec *exec, int64_t ms)
{
	const struct timespec until = deadline_timespec(deadline_in_ms(ms));
	int r = 0;

	while (!exec->stopping && !exec->refused && r == 0)
		r = pthread_cond_timedwait(&exec->changed, &exec->lock, &until);
	return !exec->stopping;
}

static void *renew(void *user)
{
	struct exec *exec = user;
	int64_t ms;

	(void)pthread_mutex_lock(&exec->lock);
	ms = lasts_ms(exec);
	while (wait_ms(exec, ms)) {
		struct err err = ERR_INIT;
		int r;

		(void)pthread_mutex_unlock(&exec->lock);
		r = ask(exec, &err);
		if (r < 0 && r != ERR_CANCELLED)
			log_warning("no new credentials, keeping the old ones", "error", err.text);
		(void)pthread_mutex_lock(&exec->lock);
		exec->refused = false;
		ms = r == 0 ? lasts_ms(exec) : exec->retry_ms;
	}
	(void)pthread_mutex_unlock(&exec->lock);
	return NULL;
}

static size_t count_env(const struct exec_variable *env)
{
	size_t n = 0;

	while (env && env[n].name)
		n++;
	return n;
}

// Our own environment with the options' variables in place of ours.
static char **make_env(struct exec *exec, const struct exec_options *options)
{
	size_t n = 0, n_own = count_env(options->env);
	char **envp;

	while (environ[n])
		n++;
	envp = arena_new_array(exec->arena, char *, n + n_own + 2);
	n = 0;
	envp[n++] = arena_printf(exec->arena,
				 "KUBERNETES_EXEC_INFO={\"apiVersion\":\"%s\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}",
				 options->api_version);
	// A program sees the first of two variables with one name, so the kubeconfig's come first.
	for (size_t i = 0; i < n_own; i++)
		envp[n++] = arena_printf(exec->arena, "%s=%s", options->env[i].name, options->env[i].value);
	for (size_t i = 0; environ[i]; i++) {
		size_t len = strcspn(environ[i], "=") + 1;
		bool known = false;

		for (size_t k = 0; k < n_own + 1; k++)
			known = known || strncmp(envp[k], environ[i], len) == 0;
		if (!known)
			envp[n++] = arena_strdup(exec->arena, environ[i]);
	}
	return envp;
}

static char **make_argv(struct exec *exec, const struct exec_options *options)
{
	char **argv;
	size_t n = 0;

	while (options->args && options->args[n])
		n++;
	argv = arena_new_array(exec->arena, char *, n + 2);
	argv[0] = arena_strdup(exec->arena, options->command);
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = arena_strdup(exec->arena, options->args[i]);
	return argv;
}

int exec_new(const struct exec_options *options, struct exec **ret, struct err *err)
{
	_cleanup_(exec_freep) struct exec *exec = calloc(1, sizeof(*exec));
	pthread_condattr_t attr;
	int r;

	if (!exec)
		abort();
	exec->arena = arena_new();
	arena_wipe_on_free(exec->arena); // the environment may hold anything
	exec->token = BUF_INIT_SECRET(TOKEN_MAX);
	exec->certificate = BUF_INIT_SECRET(OUTPUT_MAX);
	exec->key = BUF_INIT_SECRET(OUTPUT_MAX);
	(void)pthread_mutex_init(&exec->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&exec->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	exec->argv = make_argv(exec, options);
	exec->envp = make_env(exec, options);
	exec->api_version = arena_strdup(exec->arena, options->api_version);
	exec->hint = arena_strdup(exec->arena, options->hint);
	exec->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
	exec->again_ms = options->again_ms ? options->again_ms : AGAIN_MS;
	exec->retry_ms = options->again_ms ? options->again_ms : RETRY_MS;
	exec->refused_ms = options->refused_ms ? options->refused_ms : REFUSED_MS;
	exec->on_certificate = options->on_certificate;
	exec->user = options->user;
	r = ask(exec, err);
	if (r < 0)
		return r;
	r = pthread_create(&exec->thread, NULL, renew, exec);
	if (r != 0)
		return err_errno(err, r, "cannot start a thread");
	exec->started = true;
	*ret = steal_ptr(exec);
	return 0;
}

void exec_free(struct exec *exec)
{
	if (!exec)
		return;
	(void)pthread_mutex_lock(&exec->lock);
	exec->stopping = true;
	(void)pthread_cond_broadcast(&exec->changed);
	(void)pthread_mutex_unlock(&exec->lock);
	if (exec->started)
		(void)pthread_join(exec->thread, NULL);
	buf_release(&exec->token);
	buf_release(&exec->certificate);
	buf_release(&exec->key);
	(void)pthread_cond_destroy(&exec->changed);
	(void)pthread_mutex_destroy(&exec->lock);
	arena_free(exec->arena);
	free(exec);
}

void exec_token(struct exec *exec, struct buf *ret)
{
	(void)pthread_mutex_lock(&exec->lock);
	buf_add(ret, buf_str(&exec->token));
	(void)pthread_mutex_unlock(&exec->lock);
}

void exec_refused(struct exec *exec)
{
	(void)pthread_mutex_lock(&exec->lock);
	// Do not run the plugin again if these credentials are new, or if the refused ones are older than the current ones.
	if (clock_monotonic_ms(&clock_system) - exec->given_ms >= exec->refused_ms) {
		exec->given_ms = clock_monotonic_ms(&clock_system);
		exec->refused = true;
		(void)pthread_cond_broadcast(&exec->changed);
	}
	(void)pthread_mutex_unlock(&exec->lock);
}
