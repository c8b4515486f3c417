// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A read whose deadline is far away sleeps in recv() itself, which wakes up each TICK_MS to look at the clock: half the system calls
// of poll() and recv(), and no timer that is set and taken back. All other waiting is poll(), with the deadline. TLS runs over two
// memory BIOs, so that OpenSSL never touches the socket: all waiting is in one place, and every send carries MSG_NOSIGNAL.

#include "bolt/wire.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/exhausted.h"
#include "bolt/dial.h"
#include "bolt/tls.h"

#define PIECE ((size_t)16 * 1024)
#define PORT 7687
#define TICK_MS 500
#define FAR_MS (2 * TICK_MS)
// Bytes of TLS that are no content: more than any handshake, or any server's tickets, need.
#define EMPTY_MAX ((size_t)256 * 1024)

struct wire {
	int fd;
	SSL *ssl; // NULL for plain TCP
	struct bolt_cancel *cancel;
	bool ticks;   // recv() can be slept in
	int least, expected; // bytes that end a wait: as the socket is set, and for the next read
	bool drained; // the last read took all there was: the next one waits before it reads, instead of reading in vain
};

static int wait_fd(const struct wire *wire, short events, int64_t deadline, const char *doing, struct err *err)
{
	const struct wait wait = {.deadline = deadline, .cancel = wire->cancel, .doing = doing};
	struct pollfd item = {.fd = wire->fd, .events = events};

	return wait_for(&wait, &item, 1, err);
}

static int io_error(struct err *err)
{
	(void)err_errno(err, errno, "the connection broke");
	err->class = ERR_IO;
	return ERR_IO;
}

// A peer that always has more to say must not outlast the deadline, nor a cancellation. The milliseconds left.
static int check_time(const struct wire *wire, int64_t deadline, const char *doing, struct err *err)
{
	int left = deadline_left_ms(deadline);

	if (bolt_cancel_fired(wire->cancel))
		return err_set(err, ERR_CANCELLED, "cancelled while %s", doing);
	return left > 0 ? left : err_set(err, ERR_TIMEOUT, "no answer in time while %s", doing);
}

// A call that is made only where the answers to several requests are waited for, and back.
static void set_least(struct wire *wire)
{
	if (wire->expected != wire->least && setsockopt(wire->fd, SOL_SOCKET, SO_RCVLOWAT, &wire->expected, sizeof(wire->expected)) == 0)
		wire->least = wire->expected;
	wire->drained |= wire->expected > 1;
	wire->expected = 1;
}

static int socket_read(struct wire *wire, void *data, size_t size, int64_t deadline, size_t *ret_n, struct err *err)
{
	set_least(wire);
	for (;;) {
		int r = check_time(wire, deadline, "reading", err);
		bool sleeps = wire->ticks && r >= FAR_MS && bolt_cancel_guard(wire->cancel, wire->fd);
		ssize_t n;

		if (r > 0 && !sleeps && wire->drained)
			r = wait_fd(wire, POLLIN, deadline, "reading", err);
		if (r < 0)
			return r;
		n = recv(wire->fd, data, size, sleeps ? 0 : MSG_DONTWAIT);
		wire->drained = n < (ssize_t)size;
		if (sleeps)
			bolt_cancel_unguard(wire->cancel);
		// Our own shutdown of the socket looks like the peer's end.
		if (sleeps && bolt_cancel_fired(wire->cancel))
			continue;
		if (n >= 0) {
			*ret_n = (size_t)n;
			return 0;
		}
		if (errno != EAGAIN && errno != EINTR)
			return io_error(err);
	}
}

static int socket_write(struct wire *wire, const char *data, size_t len, int64_t deadline, struct err *err)
{
	while (len > 0) {
		ssize_t n = send(wire->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return io_error(err);
		r = wait_fd(wire, POLLOUT, deadline, "writing", err);
		if (r < 0)
			return r;
	}
	return 0;
}

// Sends what OpenSSL wants sent, and feeds it what comes. Called when it wants to read.
static int tls_flush(struct wire *wire, int64_t deadline, struct err *err)
{
	BIO *out = SSL_get_wbio(wire->ssl);
	char piece[PIECE];
	int n, r;

	while ((n = BIO_read(out, piece, sizeof(piece))) > 0) {
		r = socket_write(wire, piece, (size_t)n, deadline, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int tls_fill(struct wire *wire, int64_t deadline, size_t *ret_n, struct err *err)
{
	char piece[PIECE];
	int r = tls_flush(wire, deadline, err);

	if (r < 0)
		return r;
	r = socket_read(wire, piece, sizeof(piece), deadline, ret_n, err);
	if (r == 0 && *ret_n > 0) {
		int taken = BIO_write(SSL_get_rbio(wire->ssl), piece, (int)*ret_n);

		// A memory BIO takes all; of less, the stream would have a hole.
		assert(taken == (int)*ret_n);
	}
	return r;
}

// OpenSSL digests tickets and changes of keys by itself. They have a bound, too.
static int check_empty(size_t *empty, size_t n, struct err *err)
{
	*empty += n;
	return *empty > EMPTY_MAX ? err_set(err, ERR_PROTOCOL, "the server sent %zu bytes of TLS without any content", *empty) : 0;
}

static int tls_handshake(struct wire *wire, int64_t deadline, struct err *err)
{
	size_t empty = 0;

	for (;;) {
		int done = SSL_do_handshake(wire->ssl), r;
		size_t n;

		if (done == 1)
			return tls_flush(wire, deadline, err);
		if (SSL_get_error(wire->ssl, done) != SSL_ERROR_WANT_READ)
			return tls_error(wire->ssl, "TLS handshake", err);
		r = tls_fill(wire, deadline, &n, err);
		if (r < 0)
			return err_wrap(err, "TLS handshake");
		if (n == 0)
			return err_set(err, ERR_IO, "TLS handshake: the server closed the connection; is TLS on at this port?");
		r = check_empty(&empty, n, err);
		if (r < 0)
			return err_wrap(err, "TLS handshake");
	}
}

static struct wire *wire_new(int fd)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		memory_is_exhausted();
	wire->fd = fd;
	wire->least = wire->expected = 1;
	return wire;
}

// Takes a connected socket.
static int take_socket(struct wire *wire, struct err *err)
{
	const struct timeval tick = {.tv_sec = TICK_MS / 1000, .tv_usec = TICK_MS % 1000 * 1000};
	int flags = fcntl(wire->fd, F_GETFL);

	if (flags < 0 || fcntl(wire->fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return err_errno(err, errno, "cannot use the socket");
	wire->ticks = setsockopt(wire->fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) == 0;
	return 0;
}

int wire_open(const struct bolt_target *target, int64_t deadline, struct wire **ret, struct err *err)
{
	int64_t until = target->connect_ms ? deadline_in_ms(target->connect_ms) : deadline;
	const struct wait wait = {.deadline = until < deadline ? until : deadline, .cancel = target->cancel};
	_cleanup_(wire_closep) struct wire *wire = wire_new(-1);
	int r = 0;

	// Before anything is sent: what is wrong with the texts is found without a server.
	if (target->tls != BOLT_TLS_NONE)
		r = tls_new(target, &wire->ssl, err);
	if (r == 0)
		r = dial(target->host, target->port ? target->port : PORT, &wait, &wire->fd, err);
	if (r == 0)
		r = take_socket(wire, err);
	wire->cancel = target->cancel;
	if (r == 0 && wire->ssl)
		r = tls_handshake(wire, wait.deadline, err);
	if (r == 0)
		*ret = steal_ptr(wire);
	return r;
}

int wire_from_fd(int fd, const struct bolt_target *target, int64_t deadline, struct wire **ret, struct err *err)
{
	_cleanup_(wire_closep) struct wire *wire = wire_new(-1);
	int r = 0;

	if (target && target->tls != BOLT_TLS_NONE)
		r = tls_new(target, &wire->ssl, err);
	wire->fd = fd;
	wire->cancel = target ? target->cancel : NULL;
	if (r == 0)
		r = take_socket(wire, err);
	if (r == 0 && wire->ssl)
		r = tls_handshake(wire, deadline, err);
	if (r == 0)
		*ret = steal_ptr(wire);
	else
		wire->fd = -1; // still the caller's
	return r;
}

void wire_set_cancel(struct wire *wire, struct bolt_cancel *cancel)
{
	wire->cancel = cancel;
}

void wire_expect(struct wire *wire, size_t n)
{
	if (!wire->ssl && n > 0 && n < PIECE)
		wire->expected = (int)n;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	SSL_free(wire->ssl);
	if (wire->fd >= 0)
		(void)close(wire->fd);
	free(wire);
}

int wire_read(struct wire *wire, void *data, size_t size, int64_t deadline, size_t *ret_n, struct err *err)
{
	size_t empty = 0;

	if (!wire->ssl)
		return socket_read(wire, data, size, deadline, ret_n, err);
	for (;;) {
		int n = SSL_read(wire->ssl, data, (int)size), r;

		if (n > 0) {
			*ret_n = (size_t)n;
			return 0;
		}
		*ret_n = 0;
		if (SSL_get_error(wire->ssl, n) == SSL_ERROR_ZERO_RETURN)
			return 0;
		if (SSL_get_error(wire->ssl, n) != SSL_ERROR_WANT_READ)
			return tls_error(wire->ssl, "TLS", err);
		r = tls_fill(wire, deadline, ret_n, err);
		if (r < 0 || *ret_n == 0)
			return r;
		r = check_empty(&empty, *ret_n, err);
		if (r < 0)
			return r;
	}
}

int wire_write(struct wire *wire, const void *data, size_t len, int64_t deadline, struct err *err)
{
	const char *bytes = data;

	if (!wire->ssl)
		return socket_write(wire, bytes, len, deadline, err);
	while (len > 0) {
		size_t piece = len < PIECE ? len : PIECE;
		int r;

		// Writing into memory never blocks.
		if (SSL_write(wire->ssl, bytes, (int)piece) != (int)piece)
			return tls_error(wire->ssl, "TLS", err);
		r = tls_flush(wire, deadline, err);
		if (r < 0)
			return r;
		bytes += piece;
		len -= piece;
	}
	return 0;
}
