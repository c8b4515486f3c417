// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "net/frame.h"

#include <string.h>

enum { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };
#define FINAL 0x80u
#define RESERVED 0x70u
#define OPCODE 0x0fu
#define MASKED 0x80u
#define LENGTH 0x7fu
#define LENGTH_16 126u
#define LENGTH_64 127u

static bool is_control(unsigned opcode)
{
	return opcode & 8u;
}

static unsigned opcode_of(const struct frame_reader *reader)
{
	return reader->head[0] & OPCODE;
}

// How many bytes the head has, by those that are there.
static size_t head_size(const struct frame_reader *reader)
{
	unsigned length = reader->head[1] & LENGTH;

	if (reader->head_len < 2)
		return 2;
	return length == LENGTH_16 ? 4 : length == LENGTH_64 ? FRAME_HEAD_MAX : 2;
}

static uint64_t length_of(const struct frame_reader *reader)
{
	uint64_t length = 0;

	if (reader->head_len == 2)
		return reader->head[1] & LENGTH;
	for (size_t i = 2; i < reader->head_len; i++)
		length = length << 8 | reader->head[i];
	return length;
}

static int check_control(const struct frame_reader *reader, struct err *err)
{
	unsigned opcode = opcode_of(reader);

	if (opcode != CLOSE && opcode != PING && opcode != PONG)
		return err_set(err, ERR_PROTOCOL, "a WebSocket frame has the unknown opcode %u", opcode);
	if (!(reader->head[0] & FINAL) || reader->left > FRAME_CONTROL_MAX)
		return err_set(err, ERR_PROTOCOL, "a control frame of a WebSocket is too long, or in parts");
	return 0;
}

static int check_data(struct frame_reader *reader, struct err *err)
{
	unsigned opcode = opcode_of(reader);

	if (opcode != CONTINUATION && opcode != TEXT && opcode != BINARY)
		return err_set(err, ERR_PROTOCOL, "a WebSocket frame has the unknown opcode %u", opcode);
	if ((opcode == CONTINUATION) != reader->message)
		return err_set(err, ERR_PROTOCOL, "a WebSocket message begins inside another, or goes on without a beginning");
	if (!reader->message)
		reader->begun = false;
	reader->message = !(reader->head[0] & FINAL);
	return 0;
}

static int begin(struct frame_reader *reader, struct err *err)
{
	reader->left = length_of(reader);
	reader->control_len = 0;
	if (reader->head[0] & RESERVED)
		return err_set(err, ERR_PROTOCOL, "a WebSocket frame uses an extension that was not agreed on");
	if (reader->head[1] & MASKED)
		return err_set(err, ERR_PROTOCOL, "a WebSocket frame of the server is masked");
	if (reader->left >> 63)
		return err_set(err, ERR_PROTOCOL, "a WebSocket frame has an impossible length");
	reader->inside = true;
	return is_control(opcode_of(reader)) ? check_control(reader, err) : check_data(reader, err);
}

// The head, byte by byte.
static int read_head(struct frame_reader *reader, const unsigned char *data, size_t len, struct frame_piece *ret, struct err *err)
{
	while (ret->used < len && !reader->inside) {
		reader->head[reader->head_len++] = data[ret->used++];
		if (reader->head_len < head_size(reader))
			continue;
		if (begin(reader, err) < 0)
			return err->class;
	}
	return 0;
}

static void end(struct frame_reader *reader)
{
	reader->inside = false;
	reader->head_len = 0;
}

static enum frame_event event_of(unsigned opcode)
{
	return opcode == PING ? FRAME_PING : opcode == CLOSE ? FRAME_CLOSE : FRAME_WANTS_INPUT;
}

static void read_control(struct frame_reader *reader, const unsigned char *data, size_t n, struct frame_piece *ret)
{
	if (n)
		memcpy(reader->control + reader->control_len, data, n);
	reader->control_len += n;
	if (reader->left > n)
		return;
	ret->event = event_of(opcode_of(reader));
	ret->data = reader->control;
	ret->len = reader->control_len;
}

static void read_data(struct frame_reader *reader, const unsigned char *data, size_t n, struct frame_piece *ret)
{
	if (!n)
		return;
	ret->event = FRAME_DATA;
	ret->first = !reader->begun;
	ret->data = data;
	ret->len = n;
	reader->begun = true;
}

static void read_payload(struct frame_reader *reader, const unsigned char *data, size_t len, struct frame_piece *ret)
{
	size_t room = len - ret->used, n = reader->left < room ? (size_t)reader->left : room;

	if (is_control(opcode_of(reader)))
		read_control(reader, data + ret->used, n, ret);
	else
		read_data(reader, data + ret->used, n, ret);
	reader->left -= n;
	ret->used += n;
	if (!reader->left)
		end(reader);
}

int frame_read(struct frame_reader *reader, const unsigned char *data, size_t len, struct frame_piece *ret, struct err *err)
{
	*ret = (struct frame_piece){.event = FRAME_WANTS_INPUT};
	// A frame without a payload is whole before any more comes.
	while (ret->event == FRAME_WANTS_INPUT && ret->used < len) {
		if (read_head(reader, data, len, ret, err) < 0)
			return err->class;
		if (reader->inside)
			read_payload(reader, data, len, ret);
	}
	return 0;
}

void frame_write(struct buf *out, enum frame_kind kind, const unsigned char mask[4], const void *data, size_t len)
{
	const unsigned char *bytes = data;
	unsigned char head[FRAME_HEAD_MAX] = {(unsigned char)(FINAL | kind)};
	size_t n = 2, width = len > 0xffff ? 8 : len > FRAME_CONTROL_MAX ? 2 : 0;

	head[1] = (unsigned char)(MASKED | (width == 8 ? LENGTH_64 : width == 2 ? LENGTH_16 : len));
	for (size_t i = width; i-- > 0;)
		head[n++] = (unsigned char)(len >> (8 * i));
	buf_append(out, head, n);
	buf_append(out, mask, 4);
	for (size_t i = 0; i < len; i++)
		buf_addc(out, (char)(bytes[i] ^ mask[i % 4]));
}
