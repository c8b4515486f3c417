// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "neo4j/admin.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/registration_exchange.h"
#include "operator/object/reason.h"
#include "test/unit/peer.h"

// The exchange against a scripted server. The script is strict: a query that it does not expect is a fault, so each test
// pins which calls are made, in which order, and which are not.

#define LIMIT 10000
#define PRIVATE_KEY "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"
#define PASSWORD "very-secret"
#define SUCCESS "Token registered successfully to monitor this deployment for Project with ID: p-1"

#define SHOW "SHOW PROCEDURES"
#define STATUS "CALL fleetManagement.status()"
#define STORED "CALL fleetManagement.inspectToken()"
#define INSPECT "CALL fleetManagement.inspectToken($token)"
#define INFO "CALL dbms.info()"
#define REGISTER "CALL fleetManagement.registerToken($token)"

// Rows.
__attribute__((unused)) static const struct bolt_entry present[] = {{"n", {.type = BOLT_INT, .integer = 3}}};
__attribute__((unused)) static const struct bolt_entry missing[] = {{"n", {.type = BOLT_INT, .integer = 0}}};

#define STRING(text) {.type = BOLT_STRING, .size = sizeof(text) - 1, .string = (text)}
#define BOOL(value) {.type = BOLT_BOOL, .boolean = (value)}

__attribute__((unused)) static const struct bolt_entry connected[] = {{"active", BOOL(true)}, {"connected", BOOL(true)}, {"statusMessage", STRING("fine")}};
__attribute__((unused)) static const struct bolt_entry connecting[] = {{"active", BOOL(true)}, {"connected", BOOL(false)}, {"statusMessage", STRING("wait")}};
__attribute__((unused)) static const struct bolt_entry inactive[] = {{"active", BOOL(false)}, {"connected", BOOL(false)}, {"statusMessage", STRING("off")}};
__attribute__((unused)) static const struct bolt_entry good[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2999-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
__attribute__((unused)) static const struct bolt_entry expired[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2020-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
__attribute__((unused)) static const struct bolt_entry other[] = {
	{"projectId", STRING("p-2")}, {"tokenExpires", STRING("2999-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
__attribute__((unused)) static const struct bolt_entry none[] = {
	{"projectId", {.type = BOLT_NULL}}, {"tokenExpires", {.type = BOLT_NULL}}, {"errorMessage", STRING("No token is stored")}};
__attribute__((unused)) static const struct bolt_entry refused[] = {
	{"projectId", {.type = BOLT_NULL}}, {"tokenExpires", {.type = BOLT_NULL}}, {"errorMessage", STRING("Unknown key")}};
__attribute__((unused)) static const struct bolt_entry success[] = {{"result", STRING(SUCCESS)}};
__attribute__((unused)) static const struct bolt_entry error[] = {
	{"result", STRING("An error occurred while registering the token: the database is read only")}};
__attribute__((unused)) static const struct bolt_entry garbage[] = {{"result", STRING("\x01\xC3\xA4 ??? \n 42")}};
__attribute__((unused)) static const struct bolt_entry number[] = {{"result", {.type = BOLT_INT, .integer = 1}}};

// The replies.
#define ROW(text, of) {.statement = (text), .row = (of), .n = sizeof(of) / sizeof((of)[0])}
#define FAILURE(text, with) {.statement = (text), .code = (with), .message = "the server's own words"}

struct exchange {
	struct arena *arena;
	struct token token;
	struct registration_result result;
	struct peer_book book;
};

static inline void make_token(struct exchange *x, const char *expiry)
{
	const char *json = arena_printf(x->arena,
					"{\"project_id\":\"p-1\",\"private_key\":\"" PRIVATE_KEY "\",\"kid\":\"key-identifier-1\","
					"\"expiry_time\":\"%s\"}",
					expiry);
	unsigned char *text = arena_alloc(x->arena, strlen(json) * 2);

	(void)EVP_EncodeBlock(text, (const unsigned char *)json, (int)strlen(json));
	assert_int_equal(token_check((const char *)text, strlen((const char *)text), 0, x->arena, &x->token), TOKEN_GOOD);
}

static inline struct registration_request request_to(const struct exchange *x, const struct peer_server *server)
{
	return (struct registration_request){
		.target = {.host = "127.0.0.1", .port = peer_server_port(server), .user_agent = "test/1"},
		.auth = {.user = "neo4j", .password = PASSWORD},
		.server = "n-server-0",
		.admin_secret = "admin",
		.token = &x->token,
		.may_adopt = true,
		.deadline = deadline_in_ms(LIMIT),
	};
}

// D8: not in a message, not in a code, not even a piece of it, whatever the server makes of it.
static inline void assert_no_secret(const struct exchange *x, const char *text)
{
	const char *const secrets[] = {x->token.text, PRIVATE_KEY, "key-identifier-1", PASSWORD};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		char piece[13] = "";

		assert_null(strstr(text, secrets[i]));
		for (const char *c = secrets[i]; strlen(c) >= 12; c++) {
			memcpy(piece, c, 12);
			assert_null(strstr(text, piece));
		}
	}
}

struct options {
	bool never_adopt;
	bool may_wait;
	bool identify;
	bool follow;
	const char *refuse_code;
	const char *expiry;
};

static inline void run_with(struct exchange *x, const struct peer_reply *replies, size_t n, struct options options)
{
	struct registration_request request;
	struct peer_server *server;

	*x = (struct exchange){.arena = arena_new(), .book = {.replies = replies, .n = n, .refuse_code = options.refuse_code}};
	make_token(x, options.expiry ? options.expiry : "2999-01-01T00:00:00Z");
	server = peer_server_start(peer_play_book, &x->book, NULL);
	request = request_to(x, server);
	request.may_adopt = !options.never_adopt;
	request.may_wait = options.may_wait;
	request.identify = options.identify;
	request.follow = options.follow;
	registration_run(&request, x->arena, &x->result);
	peer_server_stop(server, 1);
	// All of the script was played.
	assert_int_equal(x->book.next, n);
	assert_int_not_equal(x->result.reason, REASON_NONE);
	assert_no_secret(x, x->result.message);
	assert_no_secret(x, x->result.code);
}

#define RUN(x, replies, ...) run_with((x), (replies), sizeof(replies) / sizeof((replies)[0]), (struct options){__VA_ARGS__})

static inline void end(struct exchange *x)
{
	buf_release(&x->book.log);
	arena_free(x->arena);
}

static inline void assert_failed(const struct exchange *x, bool called, enum reason reason, const char *message)
{
	assert_false(x->result.registered);
	assert_int_equal(x->result.called, called);
	assert_int_equal(x->result.reason, reason);
	assert_string_equal(x->result.message, message);
}

static inline void assert_registered(const struct exchange *x, bool called)
{
	assert_string_equal(x->result.message, "Registered with Aura Fleet Management");
	assert_int_equal(x->result.reason, REASON_REGISTERED);
	assert_true(x->result.registered);
	assert_int_equal(x->result.called, called);
	assert_true(x->result.answered);
}
