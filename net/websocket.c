// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// curl makes the connection, with TLS and proxy, and hands it over (net/http.h, http_line); what is said on it is said here. curl's own
// WebSocket came later than the curl of the distributions that we build on.

#include "net/websocket.h"

#include <openssl/evp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/must.h"

#define KEY_BYTES 16
#define KEY_TEXT 25 // base64 of the key
#define ACCEPT_TEXT 29 // base64 of a SHA-1
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define HEAD_MAX ((size_t)16 * 1024)
#define REQUEST_MAX ((size_t)128 * 1024)
#define WORDS_MAX ((size_t)64 * 1024)
// Of each message, and of answers to pings that come meanwhile.
#define OUTPUT_MAX (4 * WEBSOCKET_MESSAGE_MAX)

struct websocket {
	struct http_line *line;
	struct frame_reader reader;
	struct buf output;
	unsigned char input[WEBSOCKET_PIECE_MAX];
	size_t input_at, input_len;
	bool agreed; // frames may be sent
};

void websocket_close(struct websocket *websocket)
{
	struct err ignored = ERR_INIT;

	if (!websocket)
		return;
	if (websocket->agreed && !websocket_wants_output(websocket)) {
		frame_write(&websocket->output, FRAME_KIND_CLOSE, (const unsigned char[4]){0}, "\x03\xe8", 2);
		(void)websocket_flush(websocket, &ignored);
	}
	http_line_close(websocket->line);
	buf_release(&websocket->output);
	explicit_bzero(websocket->input, sizeof(websocket->input));
	free(websocket);
}

static int draw(void *bytes, size_t size, struct err *err)
{
	return getrandom(bytes, size, 0) == (ssize_t)size ? 0 : err_set(err, ERR_INTERNAL, "the system gives no random bytes");
}

static void make_accept(const char *key, char accept[ACCEPT_TEXT])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	_cleanup_buf_ struct buf text = BUF_INIT(KEY_TEXT + sizeof(GUID));
	unsigned size = 0;

	buf_addf(&text, "%s%s", key, GUID);
	if (EVP_Digest(text.data, text.len, digest, &size, EVP_sha1(), NULL) != 1)
		abort();
	(void)EVP_EncodeBlock((unsigned char *)accept, digest, (int)size);
}

static int wait_line(const struct websocket *websocket, short events, int64_t deadline, struct err *err)
{
	struct pollfd item = {.fd = http_line_fd(websocket->line), .events = events};
	int left = deadline_left_ms(deadline);

	if (left > 0 && poll(&item, 1, left) > 0)
		return 0;
	return deadline_left_ms(deadline) > 0 ? 0 : err_set(err, ERR_TIMEOUT, "the server did not answer in time to the wish for a WebSocket");
}

static int send_all(struct websocket *websocket, int64_t deadline, struct err *err)
{
	int r = websocket_flush(websocket, err);

	while (r == 0 && websocket_wants_output(websocket)) {
		r = wait_line(websocket, POLLOUT, deadline, err);
		if (r == 0)
			r = websocket_flush(websocket, err);
	}
	return r;
}

static int ask(struct websocket *websocket, const char *protocol, const char *key, int64_t deadline, struct err *err)
{
	http_line_head(websocket->line, &websocket->output);
	buf_addf(&websocket->output, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n", key, protocol);
	if (websocket->output.overflow)
		return err_set(err, ERR_TOO_LARGE, "the request is longer than %zu bytes", REQUEST_MAX);
	return send_all(websocket, deadline, err);
}

// More of the answer; ERR_IO at its end.
static int read_more(struct websocket *websocket, struct buf *answer, int64_t deadline, struct err *err)
{
	char piece[4096];
	size_t n;
	int r = http_line_receive(websocket->line, piece, sizeof(piece), &n, err);

	if (r == 0 && n == 0)
		return wait_line(websocket, POLLIN, deadline, err);
	if (r == 0)
		buf_append(answer, piece, n);
	return r;
}

// The length of the head, with its empty line.
static int read_head(struct websocket *websocket, struct buf *answer, int64_t deadline, size_t *ret_len, struct err *err)
{
	const char *end;
	int r = 0;

	while (r == 0 && !(end = strstr(buf_str(answer), "\r\n\r\n")) && !answer->overflow)
		r = read_more(websocket, answer, deadline, err);
	if (r < 0)
		return r;
	if (!end || (size_t)(end - answer->data) > HEAD_MAX)
		return err_set(err, ERR_PROTOCOL, "the head of the answer is longer than %zu bytes", HEAD_MAX);
	*ret_len = (size_t)(end - answer->data) + 4;
	return 0;
}

// The value of a header, without white space around it; NULL: there is none.
static const char *header_of(const char *head, const char *name, size_t *ret_len)
{
	size_t n = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line && line[2]; line = strstr(line + 2, "\r\n")) {
		const char *text = line + 2;

		if (strncasecmp(text, name, n) != 0 || text[n] != ':')
			continue;
		text += n + 1;
		text += strspn(text, " \t");
		*ret_len = strcspn(text, "\r\n");
		return text;
	}
	return NULL;
}

static bool header_is(const char *head, const char *name, const char *wanted)
{
	size_t len;
	const char *value = header_of(head, name, &len);

	return value && len == strlen(wanted) && strncmp(value, wanted, len) == 0;
}

static int status_of(const char *head)
{
	if (strncmp(head, "HTTP/1.1 ", 9) != 0 && strncmp(head, "HTTP/1.0 ", 9) != 0)
		return 0;
	return strspn(head + 9, "0123456789") == 3 ? (int)strtol(head + 9, NULL, 10) : 0;
}

// What the server says instead, as far as its words come.
static void read_refusal(struct websocket *websocket, const struct buf *answer, size_t head_len, int64_t deadline, struct http_response *response)
{
	struct buf body = BUF_INIT(WORDS_MAX);
	struct err ignored = ERR_INIT;
	size_t len, wanted = SIZE_MAX;
	const char *length = header_of(answer->data, "Content-Length", &len);
	int r = 0;

	if (length)
		wanted = strtoul(length, NULL, 10);
	buf_append(&body, answer->data + head_len, answer->len - head_len);
	while (r == 0 && body.len < wanted && !body.overflow)
		r = read_more(websocket, &body, deadline, &ignored);
	*response = (struct http_response){.status = status_of(answer->data), .body = body};
}

static int judge(struct websocket *websocket, const struct buf *answer, size_t head_len, const char *protocol, const char *accept, struct err *err)
{
	size_t rest = answer->len - head_len;

	if (!header_is(answer->data, "Sec-WebSocket-Accept", accept) || !header_is(answer->data, "Sec-WebSocket-Protocol", protocol))
		return err_set(err, ERR_PROTOCOL, "the server agreed to a WebSocket, but not to '%s'", protocol);
	// What came behind the head belongs to the first frames.
	memcpy(websocket->input, answer->data + head_len, rest);
	websocket->input_len = rest;
	websocket->agreed = true;
	return 0;
}

static int shake_hands(struct websocket *websocket, const char *protocol, int64_t deadline, struct http_response *response, struct err *err)
{
	_cleanup_buf_ struct buf answer = BUF_INIT(WEBSOCKET_PIECE_MAX);
	unsigned char nonce[KEY_BYTES];
	char key[KEY_TEXT], accept[ACCEPT_TEXT];
	size_t head_len = 0;
	int r = draw(nonce, sizeof(nonce), err);

	if (r < 0)
		return r;
	(void)EVP_EncodeBlock((unsigned char *)key, nonce, sizeof(nonce));
	make_accept(key, accept);
	if ((r = ask(websocket, protocol, key, deadline, err)) < 0 || (r = read_head(websocket, &answer, deadline, &head_len, err)) < 0)
		return r;
	response->status = status_of(answer.data);
	if (response->status == 0)
		return err_set(err, ERR_PROTOCOL, "the server does not answer in HTTP/1.1");
	if (response->status == 101)
		return judge(websocket, &answer, head_len, protocol, accept, err);
	read_refusal(websocket, &answer, head_len, deadline, response);
	return 0;
}

int websocket_open(const struct http_request *request, const char *protocol, struct websocket **ret, struct http_response *response,
		   struct err *err)
{
	_cleanup_(websocket_closep) struct websocket *websocket = must(calloc(1, sizeof(*websocket)));
	int64_t deadline = request->timeout_ms ? deadline_in_ms(request->timeout_ms) : DEADLINE_NEVER;
	struct http_request get = *request;
	int r;

	get.method = "GET";
	get.secret = true;
	*ret = NULL;
	websocket->output = BUF_INIT_SECRET(REQUEST_MAX);
	r = http_line_open(&get, &websocket->line, err);
	if (r == 0)
		r = shake_hands(websocket, protocol, deadline, response, err);
	buf_release(&websocket->output);
	websocket->output = BUF_INIT_SECRET(OUTPUT_MAX);
	if (r == 0 && response->status == 101)
		*ret = steal_ptr(websocket);
	return r;
}

int websocket_fd(const struct websocket *websocket)
{
	return http_line_fd(websocket->line);
}

bool websocket_wants_output(const struct websocket *websocket)
{
	return websocket->output.len > 0;
}

int websocket_add(struct websocket *websocket, const void *data, size_t len, struct err *err)
{
	unsigned char mask[4];
	int r = draw(mask, sizeof(mask), err);

	if (r == 0)
		frame_write(&websocket->output, FRAME_KIND_BINARY, mask, data, len);
	return r;
}

int websocket_flush(struct websocket *websocket, struct err *err)
{
	size_t n = 1;
	int r = 0;

	while (r == 0 && n && websocket->output.len) {
		r = http_line_send(websocket->line, websocket->output.data, websocket->output.len, &n, err);
		buf_consume(&websocket->output, n);
	}
	return r;
}

static int answer_ping(struct websocket *websocket, const struct frame_piece *ping, struct err *err)
{
	unsigned char mask[4];
	int r = draw(mask, sizeof(mask), err);

	if (r < 0)
		return r;
	frame_write(&websocket->output, FRAME_KIND_PONG, mask, ping->data, ping->len);
	if (websocket->output.overflow)
		return err_set(err, ERR_PROTOCOL, "the server pings and reads nothing");
	return websocket_flush(websocket, err);
}

int websocket_receive(struct websocket *websocket, struct frame_piece *ret, struct err *err)
{
	int r;

	for (;;) {
		r = frame_read(&websocket->reader, websocket->input + websocket->input_at, websocket->input_len - websocket->input_at, ret, err);
		websocket->input_at += ret->used;
		if (r == 0 && ret->event == FRAME_PING)
			r = answer_ping(websocket, ret, err);
		else if (r == 0 && ret->event != FRAME_WANTS_INPUT)
			return 0;
		if (r < 0)
			return r;
		if (websocket->input_at < websocket->input_len)
			continue;
		websocket->input_at = websocket->input_len = 0;
		r = http_line_receive(websocket->line, websocket->input, sizeof(websocket->input), &websocket->input_len, err);
		if (r < 0 || websocket->input_len == 0) {
			ret->event = FRAME_WANTS_INPUT;
			return r;
		}
	}
}
