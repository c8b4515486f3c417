// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The complete text of neo4j.conf and apoc.conf for one deployment. Pure: the same input gives the same bytes.
//
// Sorted by name, each name once (server.jvm.additional repeats: it carries the version's default flags), lists as unions.
// A later source wins over an earlier one: our defaults, plugins, spec.config, spec.env, spec.propertySharding, what the operator must set.
// Source: Neo4j Operations Manual, configuration settings; docker-neo4j, entrypoint.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "neo4j/conf_setting.h"
#include "neo4j/pluginlist.h"
#include "neo4j/version.h"

// The longest text of either file, well below the limit of a ConfigMap.
#define CONF_MAX_BYTES (512 * 1024)

// The wishes of one Neo4jPlugin.
struct conf_plugin {
	const char *name; // mapped
	const struct conf_setting *settings;
	size_t n_settings;
	const char *const *unrestricted;
	size_t n_unrestricted;
	const char *const *allowed;
	size_t n_allowed;
};

struct conf_request {
	struct version version; // an undecidable one counts as the newest
	bool told;		// the version is the server's word, since the image's tag does not tell
	bool cluster;
	int servers;
	const char *const *endpoints; // host:port of each server, cluster only
	const char *domain;	      // DNS domain of the servers' names, e.g. cluster.local; cluster only
	const char *mode_constraint;  // NONE, PRIMARY, SECONDARY; cluster only
	uint64_t memory_limit;	      // bytes; 0: none
	bool tls;		      // certificate and key are in CONF_TLS_FOLDER
	bool fleet;		      // Fleet Manager is wanted
	bool metrics;		      // for Prometheus, on CONF_METRICS_PORT
	struct plugin_list list;      // NEO4J_PLUGINS as the container will see it
	const struct conf_plugin *plugins; // in order of their claims
	size_t n_plugins;
	const struct conf_setting *config; // spec.config
	size_t n_config;
	const struct conf_setting *env; // spec.env, as settings
	size_t n_env;
	bool sharding; // for sharded property databases
	const struct conf_setting *sharding_config; // spec.propertySharding.config
	size_t n_sharding_config;
};

struct conf {
	const char *neo4j_conf;
	const char *apoc_conf; // NULL: no such setting
	const char *lasting;   // the parts of both that also count after the first start: the digest covers them
};

#define CONF_TLS_FOLDER "/tls"
#define CONF_METRICS_PORT 2004

// ERR_INVALID: a setting belongs to the operator, has a control character, exceeds the memory limit, ...: the text begins with the setting's
// field and names the cure.
int conf_build(const struct conf_request *request, struct arena *arena, struct conf *ret, struct err *err);
