// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One thread between a WebSocket and a socket pair. It reads from an end only while the other end takes what was read before, so that neither
// side can make it keep more than one buffer. Each message begins with its channel: 0 is the data, 1 is for errors; the first two bytes of
// either are the port, which the node repeats.

#include "cli/port_forward.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "kube/client.h"
#include "kube/head.h"
#include "kube/path.h"
#include "net/websocket.h"

#define PROTOCOL "v4.channel.k8s.io"
#define CHANNELS 2
enum { CHANNEL_DATA, CHANNEL_ERRORS };
#define PORT_BYTES 2
#define PIECE ((size_t)16 * 1024)
#define WORDS_MAX ((size_t)4096)
// A thread that is to end looks so often.
#define TICK_MS 200

struct port_forward {
	struct websocket *websocket;
	int fd; // the thread's end of the pair
	pthread_t thread;
	bool running;
	atomic_bool stopping;
	// The thread's, until it has ended.
	struct buf inward;	// for the near end
	size_t skip[CHANNELS]; // bytes of the port that are still to come
	unsigned channel;	// of the present message
	struct buf words;	// on the channel for errors
	struct err err;
};

static int take_piece(struct port_forward *forward, const struct frame_piece *piece)
{
	const unsigned char *data = piece->data;
	size_t len = piece->len, skipped;

	if (piece->first) {
		forward->channel = *data++;
		len--;
	}
	if (forward->channel >= CHANNELS)
		return err_set(&forward->err, ERR_PROTOCOL, "the node speaks on channel %u, which was not agreed on", forward->channel);
	skipped = len < forward->skip[forward->channel] ? len : forward->skip[forward->channel];
	forward->skip[forward->channel] -= skipped;
	buf_append(forward->channel == CHANNEL_DATA ? &forward->inward : &forward->words, data + skipped, len - skipped);
	return 0;
}

// From the node. False: it is over.
static bool receive(struct port_forward *forward)
{
	struct frame_piece piece;

	while (forward->inward.len == 0) {
		if (websocket_receive(forward->websocket, &piece, &forward->err) < 0 || piece.event == FRAME_CLOSE)
			return false;
		if (piece.event == FRAME_WANTS_INPUT)
			return true;
		if (take_piece(forward, &piece) < 0)
			return false;
	}
	return true;
}

static bool is_for_later(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static bool hand_over(struct port_forward *forward)
{
	while (forward->inward.len) {
		ssize_t n = send(forward->fd, forward->inward.data, forward->inward.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return is_for_later(n);
		buf_consume(&forward->inward, (size_t)n);
	}
	return true;
}

// From the near end.
static bool take(struct port_forward *forward)
{
	unsigned char piece[1 + PIECE] = {CHANNEL_DATA};
	bool fine = true;

	while (fine && !websocket_wants_output(forward->websocket)) {
		ssize_t n = recv(forward->fd, piece + 1, PIECE, MSG_DONTWAIT);

		if (is_for_later(n))
			break;
		fine = n > 0 && websocket_add(forward->websocket, piece, (size_t)n + 1, &forward->err) == 0 && websocket_flush(forward->websocket, &forward->err) == 0;
	}
	explicit_bzero(piece, sizeof(piece));
	return fine;
}

static bool move(struct port_forward *forward)
{
	if (websocket_flush(forward->websocket, &forward->err) < 0 || !hand_over(forward) || !receive(forward))
		return false;
	return hand_over(forward) && take(forward);
}

static void *pump(void *user)
{
	struct port_forward *forward = user;

	while (!atomic_load(&forward->stopping) && move(forward)) {
		bool full = forward->inward.len, waits = websocket_wants_output(forward->websocket);
		struct pollfd items[] = {
			{.fd = websocket_fd(forward->websocket), .events = (short)((full ? 0 : POLLIN) | (waits ? POLLOUT : 0))},
			{.fd = forward->fd, .events = (short)((waits ? 0 : POLLIN) | (full ? POLLOUT : 0))},
		};

		(void)poll(items, 2, TICK_MS);
	}
	(void)hand_over(forward);
	(void)shutdown(forward->fd, SHUT_RDWR);
	return NULL;
}

static void make_path(struct kube_name pod, uint16_t port, struct buf *ret)
{
	char text[8];

	(void)snprintf(text, sizeof(text), "%u", port);
	kube_path(ret, &kube_pods, pod.namespace, pod.name);
	buf_add(ret, "/portforward");
	kube_query(ret, "ports", text);
}

static int connect_to(struct program *program, struct kube_name pod, uint16_t port, struct websocket **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	_cleanup_(kube_head_release) struct kube_head head = {0};
	struct http_request request = {.method = "GET", .timeout_ms = program->timeout_s * 1000};
	struct http_response response = {0};
	int r;

	make_path(pod, port, &path);
	r = kube_head_make(kube_client_config(program->client), &path, &head, &request, err);
	if (r == 0)
		r = websocket_open(&request, PROTOCOL, ret, &response, err);
	if (r == 0 && !*ret)
		r = kube_status_error(&response, err);
	buf_release(&response.body);
	return r;
}

static int start(struct port_forward *forward, int *ret_fd, struct err *err)
{
	int fds[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_errno(err, errno, "cannot make a pair of sockets");
	forward->fd = fds[0];
	r = pthread_create(&forward->thread, NULL, pump, forward);
	if (r != 0) {
		(void)close(fds[1]);
		return err_errno(err, r, "cannot make a thread");
	}
	forward->running = true;
	*ret_fd = fds[1];
	return 0;
}

int port_forward_open(struct program *program, struct kube_name pod, uint16_t port, struct port_forward **ret, int *ret_fd, struct err *err)
{
	_cleanup_(port_forward_freep) struct port_forward *forward = must(calloc(1, sizeof(*forward)));
	int r;

	*forward = (struct port_forward){.fd = -1, .inward = BUF_INIT_SECRET(WEBSOCKET_PIECE_MAX), .words = BUF_INIT(WORDS_MAX), .skip = {PORT_BYTES, PORT_BYTES}};
	r = connect_to(program, pod, port, &forward->websocket, err);
	if (r == 0)
		r = start(forward, ret_fd, err);
	if (r == 0)
		*ret = steal_ptr(forward);
	return r;
}

static void join(struct port_forward *forward)
{
	if (forward->running)
		(void)pthread_join(forward->thread, NULL);
	forward->running = false;
}

const char *port_forward_problem(struct port_forward *forward)
{
	join(forward);
	if (forward->words.len)
		return buf_str(&forward->words);
	return err_is_set(&forward->err) ? forward->err.text : NULL;
}

void port_forward_free(struct port_forward *forward)
{
	if (!forward)
		return;
	atomic_store(&forward->stopping, true);
	join(forward);
	websocket_close(forward->websocket);
	if (forward->fd >= 0)
		(void)close(forward->fd);
	buf_release(&forward->inward);
	buf_release(&forward->words);
	free(forward);
}
