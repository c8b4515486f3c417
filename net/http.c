// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "net/http.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/must.h"

#define CONNECT_TIMEOUT_MS 10000L
#define KEEPALIVE_IDLE_S 20L
#define KEEPALIVE_INTERVAL_S 5L
// A host that does not acknowledge for this long is lost.
#define LOST_AFTER_MS 30000
#define RETRY_AFTER_MAX_S 3600
#define ERROR_BODY_MAX ((size_t)64 * 1024)
#define RECEIVE_BUFFER (4 * 1024L)
#define SEND_BUFFER (16 * 1024L) // curl takes no smaller one

// A transfer, blocking or streamed; a streamed one has events.
struct http_stream {
	struct loop *loop;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *connect_to;
	char *body;
	char error[CURL_ERROR_SIZE];
	char *label; // method and URL without its query, for errors
	struct http_response response;
	struct err err;
	struct http_stream_events events;
	bool streamed;
	bool stopped; // on_data asked to stop
	const char *wanted;
	int timeout_ms;
	struct loop_waiter waiter;
};

static void slist_free(struct curl_slist *list)
{
	// The bearer token is among them.
	for (struct curl_slist *item = list; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(list);
}

static void stream_free(struct http_stream *stream)
{
	if (stream->easy)
		curl_easy_cleanup(stream->easy);
	slist_free(stream->headers);
	slist_free(stream->connect_to);
	if (stream->body)
		explicit_bzero(stream->body, strlen(stream->body));
	free(stream->body);
	free(stream->label);
	buf_release(&stream->response.body);
	free(stream);
}

static size_t take_data(struct http_stream *stream, const char *data, size_t n)
{
	long status = 0;

	(void)curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
	if (stream->streamed && status < 400) {
		stream->stopped = stream->stopped || !stream->events.on_data(stream->events.user, data, n);
		return stream->stopped ? 0 : n;
	}
	buf_append(&stream->response.body, data, n);
	return stream->response.body.overflow ? 0 : n;
}

static size_t on_write(char *data, size_t size, size_t n, void *user)
{
	struct http_stream *stream = user;
	size_t taken = take_data(stream, data, n * size);

	loop_moved(stream->loop);
	// A watch may be quiet for long, and curl's buffer would keep the last Secret all that time.
	if (stream->response.body.secret)
		explicit_bzero(data, n * size);
	return taken;
}

static void set_blob(CURL *easy, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.flags = CURL_BLOB_COPY};

	if (!pem)
		return;
	blob.len = strlen(pem);
	memcpy(&blob.data, &pem, sizeof(pem)); // the member lacks const; curl copies and does not write
	(void)curl_easy_setopt(easy, option, &blob);
}

// When it refuses a certificate, curl reports the first error in OpenSSL's queue. All clusters' authorities have the same name and different
// keys, so that error would be one of the arithmetic.
static int verify_certificate(X509_STORE_CTX *store, void *user)
{
	int r = X509_verify_cert(store);

	(void)user;
	if (r <= 0)
		ERR_clear_error();
	return r;
}

// OpenSSL keeps the last record's plain text in its buffer by default.
static CURLcode on_ssl_context(CURL *easy, void *context, void *user)
{
	(void)easy;
	(void)user;
	(void)SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
	SSL_CTX_set_cert_verify_callback(context, verify_certificate, NULL);
	return CURLE_OK;
}

static void header_add(struct http_stream *stream, const char *line)
{
	stream->headers = must(curl_slist_append(stream->headers, line));
}

static void set_host(struct http_stream *stream, CURLU *url, const char *name)
{
	_cleanup_buf_ struct buf to = BUF_INIT(1024), host = BUF_INIT(1024);
	char *old = NULL, *port = NULL, *whole = NULL;

	if (curl_url_get(url, CURLUPART_HOST, &old, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK) {
		buf_addf(&to, "%s:%s:%s:%s", name, port, old, port);
		buf_addf(&host, "Host: %s:%s", old, port);
		stream->connect_to = must(curl_slist_append(NULL, buf_str(&to)));
		header_add(stream, buf_str(&host));
		(void)curl_easy_setopt(stream->easy, CURLOPT_CONNECT_TO, stream->connect_to);
		(void)curl_easy_setopt(stream->easy, CURLOPT_URL, whole);
	}
	curl_free(old);
	curl_free(port);
	curl_free(whole);
}

// curl asks for the URL's host and verifies it, so the URL gets the name and the connection gets the address.
static void set_server_name(struct http_stream *stream, const struct http_request *request)
{
	CURLU *url;

	if (!request->tls || !request->tls->server_name)
		return;
	url = must(curl_url());
	if (curl_url_set(url, CURLUPART_URL, request->url, 0) == CURLUE_OK)
		set_host(stream, url, request->tls->server_name);
	curl_url_cleanup(url);
}

static void set_tls(CURL *easy, const struct http_tls *tls)
{
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, tls && tls->proxy ? tls->proxy : "");
	// Our own code chose the proxy and has looked at $NO_PROXY, where that counts.
	(void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	if (!tls)
		return;
	set_blob(easy, CURLOPT_CAINFO_BLOB, tls->ca_pem);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->certificate_pem);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, tls->key_pem);
	if (tls->insecure) {
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_headers(struct http_stream *stream, const struct http_request *request)
{
	for (size_t i = 0; i < HTTP_HEADERS_MAX; i++) {
		if (request->headers[i])
			header_add(stream, request->headers[i]);
	}
	if (request->bearer) {
		_cleanup_buf_ struct buf line = BUF_INIT_SECRET(64 * 1024);

		buf_addf(&line, "Authorization: Bearer %s", request->bearer);
		header_add(stream, buf_str(&line));
	}
	// curl would wait for a 100 Continue that API servers do not send.
	header_add(stream, "Expect:");
	(void)curl_easy_setopt(stream->easy, CURLOPT_HTTPHEADER, stream->headers);
}

// A watch's connection that lost its peer never reports an error by itself; and the kernel would resend lost data for a quarter of an hour by
// default.
static int on_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
	const unsigned lost_after_ms = LOST_AFTER_MS;

	(void)user;
	(void)purpose;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost_after_ms, sizeof(lost_after_ms));
	return CURL_SOCKOPT_OK;
}

// A transfer has both buffers for as long as it lasts, which is days for a watch; curl's own sizes are 16 and 64 KiB.
static void set_buffers(CURL *easy)
{
	(void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BUFFER);
}

// For HTTP/2 curl has a buffer of its own, shared by all streams of the connection, which keeps the last data and which we cannot wipe. So a
// request with a secret uses HTTP/1.1, where curl hands out the very buffer that it reads into.
static void set_connection(CURL *easy, bool secret)
{
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)(secret ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
	(void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, secret ? 0L : 1L);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
	// A thread may hang in a name look-up when the transfer ends; curl would wait for that thread, and all other transfers with it.
	(void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static void set_request(struct http_stream *stream, const struct http_request *request)
{
	CURL *easy = stream->easy;

	(void)curl_easy_setopt(easy, CURLOPT_URL, request->url);
	(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, request->user_agent);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, stream->error);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, stream);
	stream->wanted = request->wanted;
	stream->timeout_ms = request->timeout_ms;
	if (request->timeout_ms)
		(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	if (request->body) {
		stream->body = must(strdup(request->body));
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(stream->body));
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, stream->body);
	}
}

static struct http_stream *stream_new(struct loop *loop, const struct http_request *request)
{
	struct http_stream *stream = must(calloc(1, sizeof(*stream)));

	stream->loop = loop;
	stream->easy = must(curl_easy_init());
	if (asprintf(&stream->label, "%s %.*s", request->method, (int)strcspn(request->url, "?"),
		     request->url) < 0)
		abort();
	stream->response.body = BUF_INIT(request->max_bytes ? request->max_bytes : ERROR_BODY_MAX);
	stream->response.body.secret = request->secret;
	set_request(stream, request);
	set_buffers(stream->easy);
	set_connection(stream->easy, request->secret);
	set_tls(stream->easy, request->tls);
	set_server_name(stream, request);
	set_headers(stream, request);
	return stream;
}

static void explain(struct http_stream *stream, CURLcode result)
{
	const char *text = stream->error[0] ? stream->error : curl_easy_strerror(result);
	enum err_class class = ERR_IO;

	if (result == CURLE_OK)
		return;
	if (stream->stopped || result == CURLE_ABORTED_BY_CALLBACK) {
		(void)err_set(&stream->err, ERR_CANCELLED, "%s: ended by us", stream->label);
		return;
	}
	if (stream->response.body.overflow) {
		(void)err_set(&stream->err, ERR_TOO_LARGE, "%s: the answer is larger than %zu bytes", stream->label,
			      stream->response.body.max);
		return;
	}
	if (result == CURLE_OPERATION_TIMEDOUT)
		class = ERR_TIMEOUT;
	else if (result == CURLE_SSL_CERTPROBLEM || result == CURLE_URL_MALFORMAT ||
		 result == CURLE_SSL_CACERT_BADFILE)
		class = ERR_INVALID;
	(void)err_set(&stream->err, class, "%s: %s", stream->label, text);
}

static void keep_header(struct http_stream *stream)
{
	struct http_response *response = &stream->response;
	struct curl_header *header;

	if (stream->wanted && curl_easy_header(stream->easy, stream->wanted, 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		(void)snprintf(response->header, sizeof(response->header), "%s", header->value);
}

static void on_done(void *user, CURLcode result)
{
	struct http_stream *stream = user;
	curl_off_t retry_after = 0;
	long status = 0;

	explain(stream, result);
	(void)curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(stream->easy, CURLINFO_RETRY_AFTER, &retry_after);
	stream->response.status = (int)status;
	keep_header(stream);
	if (retry_after > RETRY_AFTER_MAX_S)
		retry_after = RETRY_AFTER_MAX_S;
	stream->response.retry_after_ms = retry_after > 0 ? (int)retry_after * 1000 : 0;
	if (!stream->streamed) {
		loop_signal(stream->loop, &stream->waiter);
		return;
	}
	stream->events.on_end(stream->events.user, &stream->response, &stream->err);
	stream_free(stream);
}

static int add_transfer(struct http_stream *stream)
{
	unsigned flags = (stream->streamed ? LOOP_LASTS : 0U) | (stream->response.body.secret ? LOOP_APART : 0U);
	const struct loop_transfer transfer = {.flags = flags, .timeout_ms = stream->timeout_ms, .done = on_done, .user = stream};

	return loop_transfer_add(stream->loop, stream->easy, &transfer);
}

static void start(void *user)
{
	struct http_stream *stream = user;

	if (add_transfer(stream) < 0)
		on_done(stream, CURLE_ABORTED_BY_CALLBACK);
}

struct http_stream *http_begin(struct loop *loop, const struct http_request *request)
{
	struct http_stream *stream = stream_new(loop, request);

	loop_post(loop, start, stream);
	return stream;
}

int http_end(struct http_stream *stream, struct http_response *ret, struct err *err)
{
	int r = 0;

	loop_wait(stream->loop, &stream->waiter);
	if (err_is_set(&stream->err)) {
		*err = stream->err;
		r = stream->err.class;
	} else {
		*ret = stream->response;
		stream->response.body = BUF_INIT(1);
	}
	stream_free(stream);
	return r;
}

int http_perform(struct loop *loop, const struct http_request *request, struct http_response *ret, struct err *err)
{
	return http_end(http_begin(loop, request), ret, err);
}

struct http_stream *http_stream_open(struct loop *loop, const struct http_request *request,
				     const struct http_stream_events *events)
{
	struct http_stream *stream = stream_new(loop, request);

	stream->streamed = true;
	stream->events = *events;
	if (add_transfer(stream) < 0) {
		stream_free(stream);
		return NULL;
	}
	return stream;
}

void http_stream_give_up(struct http_stream *stream, int64_t silent_ms)
{
	(void)snprintf(stream->error, sizeof(stream->error), "nothing was heard for %lld s",
		       (long long)silent_ms / 1000);
	loop_transfer_fail(stream->loop, stream->easy, silent_ms);
}

void http_stream_close(struct http_stream *stream)
{
	if (!stream)
		return;
	loop_transfer_remove(stream->loop, stream->easy);
	stream_free(stream);
}

struct http_line {
	struct http_stream *stream;
	CURLU *url;
	const char *method;
};

void http_line_close(struct http_line *line)
{
	if (!line)
		return;
	stream_free(line->stream);
	curl_url_cleanup(line->url);
	free(line);
}

static struct http_line *line_new(const struct http_request *request)
{
	struct http_line *line = must(calloc(1, sizeof(*line)));

	line->stream = stream_new(NULL, request);
	line->url = must(curl_url());
	line->method = request->method;
	set_connection(line->stream->easy, true);
	(void)curl_easy_setopt(line->stream->easy, CURLOPT_CONNECT_ONLY, 1L);
	(void)curl_easy_setopt(line->stream->easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	return line;
}

int http_line_open(const struct http_request *request, struct http_line **ret, struct err *err)
{
	_cleanup_(http_line_closep) struct http_line *line = line_new(request);
	CURLcode result = curl_url_set(line->url, CURLUPART_URL, request->url, 0) == CURLUE_OK ? CURLE_OK : CURLE_URL_MALFORMAT;

	if (result == CURLE_OK)
		result = curl_easy_perform(line->stream->easy);
	explain(line->stream, result);
	if (err_is_set(&line->stream->err)) {
		*err = line->stream->err;
		return err->class;
	}
	*ret = steal_ptr(line);
	return 0;
}

static void add_part(const struct http_line *line, CURLUPart part, const char *before, struct buf *ret)
{
	char *text = NULL;

	if (curl_url_get(line->url, part, &text, 0) == CURLUE_OK)
		buf_addf(ret, "%s%s", before, text);
	curl_free(text);
}

void http_line_head(const struct http_line *line, struct buf *ret)
{
	bool named = false;

	buf_addf(ret, "%s ", line->method);
	add_part(line, CURLUPART_PATH, "", ret);
	add_part(line, CURLUPART_QUERY, "?", ret);
	buf_add(ret, " HTTP/1.1\r\n");
	for (const struct curl_slist *item = line->stream->headers; item; item = item->next) {
		size_t len = strlen(item->data);

		// Without a value, it only says what curl shall not send.
		if (item->data[len - 1] != ':')
			buf_addf(ret, "%s\r\n", item->data);
		named |= strncmp(item->data, "Host:", 5) == 0;
	}
	if (!named) {
		add_part(line, CURLUPART_HOST, "Host: ", ret);
		add_part(line, CURLUPART_PORT, ":", ret);
		buf_add(ret, "\r\n");
	}
}

int http_line_fd(const struct http_line *line)
{
	curl_socket_t fd = -1;

	(void)curl_easy_getinfo(line->stream->easy, CURLINFO_ACTIVESOCKET, &fd);
	return fd;
}

static int line_moved(const struct http_line *line, CURLcode result, struct err *err)
{
	if (result == CURLE_OK || result == CURLE_AGAIN)
		return 0;
	return err_set(err, ERR_IO, "%s: %s", line->stream->label, curl_easy_strerror(result));
}

int http_line_send(struct http_line *line, const void *data, size_t len, size_t *ret_n, struct err *err)
{
	*ret_n = 0;
	return line_moved(line, curl_easy_send(line->stream->easy, data, len, ret_n), err);
}

int http_line_receive(struct http_line *line, void *data, size_t size, size_t *ret_n, struct err *err)
{
	CURLcode result;

	*ret_n = 0;
	result = curl_easy_recv(line->stream->easy, data, size, ret_n);
	if (result == CURLE_OK && *ret_n == 0)
		return err_set(err, ERR_IO, "%s: the server has ended the connection", line->stream->label);
	return line_moved(line, result, err);
}
