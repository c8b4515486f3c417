// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Sockets are non-blocking and poll() waits with the deadline. TLS runs over two memory BIOs, so that OpenSSL never touches the
// socket: all waiting is in one place, and every send carries MSG_NOSIGNAL.

#include "bolt/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/clock.h"

#define PIECE ((size_t)16 * 1024)

struct wire {
	int fd;
	SSL_CTX *ctx; // NULL for plain TCP
	SSL *ssl;
	BIO *in, *out; // owned by ssl
};

static int wait_for(const struct wire *wire, short events, int64_t deadline, const char *what, struct err *err)
{
	struct pollfd item = {.fd = wire->fd, .events = events};
	int left, n;

	do {
		left = deadline_left_ms(deadline);
		n = poll(&item, 1, left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, errno, "cannot wait for the socket");
	if (n == 0)
		return err_set(err, ERR_TIMEOUT, "no answer in time while %s", what);
	return 0;
}

static int io_error(const char *what, struct err *err)
{
	int r = errno;

	(void)err_errno(err, r, "%s", what);
	err->class = ERR_IO;
	return ERR_IO;
}

static int socket_read(struct wire *wire, void *data, size_t size, int64_t deadline, size_t *ret_n, struct err *err)
{
	for (;;) {
		ssize_t n;
		int r;

		// A peer that always has more to say must not outlast the deadline.
		if (deadline_left_ms(deadline) == 0)
			return err_set(err, ERR_TIMEOUT, "no answer in time while reading");
		n = recv(wire->fd, data, size, 0);
		if (n >= 0) {
			*ret_n = (size_t)n;
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return io_error("the connection broke", err);
		r = wait_for(wire, POLLIN, deadline, "reading", err);
		if (r < 0)
			return r;
	}
}

static int socket_write(struct wire *wire, const char *data, size_t len, int64_t deadline, struct err *err)
{
	while (len > 0) {
		ssize_t n = send(wire->fd, data, len, MSG_NOSIGNAL);
		int r;

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return io_error("the connection broke", err);
		r = wait_for(wire, POLLOUT, deadline, "writing", err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int connect_one(struct wire *wire, const struct addrinfo *address, int64_t deadline, struct err *err)
{
	int error = 0, one = 1, r;
	socklen_t size = sizeof(error);

	wire->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0)
		return err_errno(err, errno, "cannot make a socket");
	(void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(wire->fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return io_error("cannot connect", err);
	r = wait_for(wire, POLLOUT, deadline, "connecting", err);
	if (r < 0)
		return r;
	(void)getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error == 0)
		return 0;
	errno = error;
	return io_error("cannot connect", err);
}

static int connect_any(struct wire *wire, const struct bolt_target *target, int64_t deadline, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses = NULL;
	char port[8];
	int r;

	(void)snprintf(port, sizeof(port), "%u", target->port ? target->port : 7687U);
	r = getaddrinfo(target->host, port, &hints, &addresses);
	if (r != 0)
		return err_set(err, ERR_IO, "host '%s' is not known: %s", target->host, gai_strerror(r));
	r = err_set(err, ERR_IO, "host '%s' has no address", target->host);
	for (struct addrinfo *a = addresses; a && r < 0; a = a->ai_next) {
		if (wire->fd >= 0)
			(void)close(wire->fd);
		err_clear(err);
		r = connect_one(wire, a, deadline, err);
	}
	freeaddrinfo(addresses);
	return r < 0 ? err_wrap(err, "%s:%s", target->host, port) : 0;
}

static int tls_error(const struct wire *wire, const char *what, struct err *err)
{
	long verdict = wire->ssl ? SSL_get_verify_result(wire->ssl) : X509_V_OK;
	unsigned long code = ERR_get_error();
	char text[160] = "closed by the peer";

	if (code)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	if (verdict != X509_V_OK)
		return err_set(err, ERR_IO, "%s: the server's certificate is not accepted: %s", what,
			       X509_verify_cert_error_string(verdict));
	return err_set(err, ERR_IO, "%s: %s", what, text);
}

// Sends what OpenSSL wants sent, and feeds it what comes. Called when it wants to read.
static int tls_flush(struct wire *wire, int64_t deadline, struct err *err)
{
	char piece[PIECE];
	int n, r;

	while ((n = BIO_read(wire->out, piece, sizeof(piece))) > 0) {
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
	if (r == 0 && *ret_n > 0)
		(void)BIO_write(wire->in, piece, (int)*ret_n);
	return r;
}

static int tls_handshake(struct wire *wire, int64_t deadline, struct err *err)
{
	for (;;) {
		int done = SSL_do_handshake(wire->ssl), r;
		size_t n;

		if (done == 1)
			return tls_flush(wire, deadline, err);
		if (SSL_get_error(wire->ssl, done) != SSL_ERROR_WANT_READ)
			return tls_error(wire, "TLS handshake", err);
		r = tls_fill(wire, deadline, &n, err);
		if (r < 0)
			return err_wrap(err, "TLS handshake");
		if (n == 0)
			return err_set(err, ERR_IO, "TLS handshake: the server closed the connection; is TLS on at this port?");
	}
}

static int trust(SSL_CTX *ctx, const char *ca_pem, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *bio;
	X509 *certificate;
	int n = 0;

	if (!ca_pem)
		return SSL_CTX_set_default_verify_paths(ctx) == 1
			       ? 0
			       : err_set(err, ERR_INTERNAL, "the system's certificate store cannot be read");
	bio = BIO_new_mem_buf(ca_pem, -1);
	while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		n += X509_STORE_add_cert(store, certificate);
		X509_free(certificate);
	}
	BIO_free(bio);
	ERR_clear_error();
	// A certificate that is itself trusted need not be a CA: pinning a self-signed one.
	(void)X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	return n ? 0 : err_set(err, ERR_INVALID, "the CA text holds no PEM certificate");
}

// Whether the server shows the very certificate that was pinned; everything else goes the usual way.
static int verify(X509_STORE_CTX *context, void *user)
{
	const char *pinned = user;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned len = 0;

	if (X509_digest(X509_STORE_CTX_get0_cert(context), EVP_sha256(), digest, &len) != 1)
		return 0;
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	return strcmp(hex, pinned) == 0 ? 1 : X509_verify_cert(context);
}

static int tls_start(struct wire *wire, const struct bolt_target *target, int64_t deadline, struct err *err)
{
	const char *name = target->server_name ? target->server_name : target->host;
	int r;

	wire->ctx = SSL_CTX_new(TLS_client_method());
	if (!wire->ctx)
		return tls_error(wire, "TLS", err);
	(void)SSL_CTX_set_min_proto_version(wire->ctx, TLS1_2_VERSION);
	SSL_CTX_set_verify(wire->ctx, SSL_VERIFY_PEER, NULL);
	r = trust(wire->ctx, target->ca_pem, err);
	if (r < 0)
		return r;
	if (target->pinned)
		SSL_CTX_set_cert_verify_callback(wire->ctx, verify, (void *)(uintptr_t)target->pinned);
	wire->ssl = SSL_new(wire->ctx);
	wire->in = BIO_new(BIO_s_mem());
	wire->out = BIO_new(BIO_s_mem());
	if (!wire->ssl || !wire->in || !wire->out)
		abort();
	SSL_set_bio(wire->ssl, wire->in, wire->out);
	SSL_set_connect_state(wire->ssl);
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(wire->ssl), name) != 1) {
		// SSL_set_tlsext_host_name() without its cast that drops const.
		if (SSL_set1_host(wire->ssl, name) != 1 ||
		    SSL_ctrl(wire->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name) != 1)
			return tls_error(wire, "TLS", err);
	}
	return tls_handshake(wire, deadline, err);
}

static struct wire *wire_new(int fd)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		abort();
	wire->fd = fd;
	return wire;
}

int wire_open(const struct bolt_target *target, int64_t deadline, struct wire **ret, struct err *err)
{
	_cleanup_(wire_closep) struct wire *wire = wire_new(-1);
	int r = connect_any(wire, target, deadline, err);

	if (r == 0 && target->tls != BOLT_TLS_NONE)
		r = tls_start(wire, target, deadline, err);
	if (r == 0)
		*ret = steal_ptr(wire);
	return r;
}

int wire_from_fd(int fd, struct wire **ret, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_errno(err, errno, "cannot use the socket");
	*ret = wire_new(fd);
	return 0;
}

void wire_close(struct wire *wire)
{
	if (!wire)
		return;
	SSL_free(wire->ssl);
	SSL_CTX_free(wire->ctx);
	if (wire->fd >= 0)
		(void)close(wire->fd);
	free(wire);
}

int wire_read(struct wire *wire, void *data, size_t size, int64_t deadline, size_t *ret_n, struct err *err)
{
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
			return tls_error(wire, "TLS", err);
		r = tls_fill(wire, deadline, ret_n, err);
		if (r < 0 || *ret_n == 0)
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
			return tls_error(wire, "TLS", err);
		r = tls_flush(wire, deadline, err);
		if (r < 0)
			return r;
		bytes += piece;
		len -= piece;
	}
	return 0;
}
