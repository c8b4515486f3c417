// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any settings in a deployment's neo4j.conf: refused, or written so that no line of the file is anything else than a comment
// or a setting (B4), the same bytes each time. Input: a byte of switches, then texts name=value up to a NUL.

#include <string.h>

#include "neo4j/conf.h"
#include "test/fuzz/fuzz.h"

#define SETTINGS_MAX 16

static void check_lines(const char *text)
{
	while (text && *text) {
		const char *end = strchr(text, '\n');

		must(end != NULL);
		must(*text == '\n' || *text == '#' || memchr(text, '=', (size_t)(end - text)) != NULL);
		for (const char *c = text; c < end; c++)
			must((unsigned char)*c >= ' ' || *c == '\t');
		text = end + 1;
	}
}

static size_t take_settings(const uint8_t **data, size_t *size, struct arena *arena, struct conf_setting *settings)
{
	size_t n = 0;

	while (n < SETTINGS_MAX && *size > 0) {
		const char *text = take_text(data, size, arena);
		const char *value = strchr(text, '=');

		settings[n++] = (struct conf_setting){
			.name = value ? arena_memdup0(arena, text, (size_t)(value - text)) : text,
			.value = value ? value + 1 : "",
			.field = "spec.config",
		};
	}
	return n;
}

static struct conf_request request_for(uint8_t switches)
{
	static const char *const endpoints[] = {"n-server-0.n-headless.ns.svc.cluster.local:6000"};
	static const char *const names[] = {"apoc", "fleet-management"};
	static const char *const tags[] = {"5.26-enterprise", "2025.12-enterprise", "2026.02.3-enterprise", "latest"};

	return (struct conf_request){
		.version = version_of_tag(tags[switches >> 3 & 3]),
		.cluster = switches & 1,
		.servers = 1,
		.endpoints = endpoints,
		.domain = "cluster.local",
		.mode_constraint = "NONE",
		.memory_limit = switches & 2 ? UINT64_C(4) << 30 : 0,
		.tls = switches & 4,
		.fleet = switches & 32,
		.list = {.names = names, .n = switches >> 6 & 1 ? 2 : 0},
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct conf_setting settings[SETTINGS_MAX];
	struct conf_request request;
	struct conf first, second;
	struct err err = ERR_INIT;

	if (size == 0)
		return 0;
	request = request_for(*data);
	data++, size--;
	// Half of them come by spec.config, half by spec.env.
	request.n_config = take_settings(&data, &size, arena, settings);
	request.n_env = request.n_config / 2;
	request.n_config -= request.n_env;
	request.config = settings;
	request.env = settings + request.n_config;
	if (conf_build(&request, arena, &first, &err) < 0) {
		must(err.class == ERR_INVALID || err.class == ERR_TOO_LARGE);
		return 0;
	}
	check_lines(first.neo4j_conf);
	check_lines(first.apoc_conf);
	must(conf_build(&request, arena, &second, &err) == 0);
	must(strcmp(first.neo4j_conf, second.neo4j_conf) == 0 && strcmp(first.lasting, second.lasting) == 0);
	return 0;
}
