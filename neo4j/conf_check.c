// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The servers read neo4j.conf as Java properties: a line that ends in a backslash goes on in the next line, so one value could swallow or add a
// setting. So could a line break.

#include "neo4j/conf_check.h"

#include <ctype.h>
#include <string.h>

#include "neo4j/conf_names.h"
#include "neo4j/conf_types.h"

#define CURE_PODS "the operator sets it for each pod; leave it out"
#define CURE_TLS "the operator sets it; use spec.tls"
#define CURE_DISCOVERY "the operator sets up discovery; leave it out"
#define CURE_CLUSTER "it is of clusters before Neo4j 5, and the operator sets up the cluster; leave it out"
#define CURE_VOLUME "data belongs on the volume at /data; leave it out"
#define CURE_FOLDER "data belongs on the volume; name a folder below /data, or leave it out"

enum scope { SCOPE_ALWAYS, SCOPE_CLUSTER, SCOPE_OFF_VOLUME };

struct owned {
	const char *name; // a name that ends in '.' stands for all names that begin so
	enum scope scope;
	const char *cure;
	const char *usual; // a value that says what is so anyway, which users may have; NULL: none
};

static const struct owned owned[] = {
	{"causal_clustering.", SCOPE_ALWAYS, CURE_CLUSTER, NULL},
	{"dbms.cluster.discovery.", SCOPE_ALWAYS, CURE_DISCOVERY, NULL},
	{"dbms.cluster.endpoints", SCOPE_ALWAYS, CURE_DISCOVERY, NULL},
	{"dbms.cluster.minimum_initial_system_primaries_count", SCOPE_ALWAYS, "it follows from spec.topology.servers; leave it out", NULL},
	{"dbms.kubernetes.", SCOPE_ALWAYS, CURE_DISCOVERY, NULL},
	{"dbms.security.auth_enabled", SCOPE_ALWAYS, "the operator needs to log in with spec.auth.adminSecret; leave it out", NULL},
	{"dbms.ssl.policy.bolt.", SCOPE_ALWAYS, CURE_TLS, NULL},
	{"dbms.ssl.policy.https.", SCOPE_ALWAYS, CURE_TLS, NULL},
	{"initial.dbms.automatically_enable_free_servers", SCOPE_ALWAYS, "new servers are always enabled; leave it out", "true"},
	{"initial.server.mode_constraint", SCOPE_ALWAYS, "use spec.topology.serverModeConstraint", NULL},
	{"internal.server.directories.databases.root", SCOPE_ALWAYS, CURE_VOLUME, NULL},
	{"server.bolt.advertised_address", SCOPE_CLUSTER, CURE_PODS, NULL},
	{"server.bolt.enabled", SCOPE_ALWAYS, "the operator and the probes need Bolt; leave it out", NULL},
	{"server.bolt.listen_address", SCOPE_ALWAYS, "the Services and the probes expect port 7687; leave it out", "0.0.0.0:7687"},
	{"server.bolt.tls_level", SCOPE_ALWAYS, CURE_TLS, NULL},
	{"server.cluster.advertised_address", SCOPE_ALWAYS, CURE_PODS, NULL},
	{"server.cluster.listen_address", SCOPE_ALWAYS, CURE_PODS, NULL},
	{"server.cluster.raft.advertised_address", SCOPE_ALWAYS, CURE_PODS, NULL},
	{"server.cluster.raft.listen_address", SCOPE_ALWAYS, CURE_PODS, NULL},
	{"server.default_advertised_address", SCOPE_ALWAYS, CURE_PODS, NULL},
	{"server.default_listen_address", SCOPE_ALWAYS, "pods listen on all their addresses; leave it out", "0.0.0.0"},
	{"server.directories.cluster_state", SCOPE_OFF_VOLUME, CURE_FOLDER, NULL},
	{"server.directories.configuration", SCOPE_ALWAYS, "the image sets it; leave it out", NULL},
	{"server.directories.data", SCOPE_ALWAYS, CURE_VOLUME, NULL},
	{"server.directories.logs", SCOPE_ALWAYS, "the pod has a folder /logs for them; leave it out", NULL},
	{"server.directories.neo4j_home", SCOPE_ALWAYS, "the image sets it; leave it out", NULL},
	{"server.directories.plugins", SCOPE_ALWAYS, "the pod has a folder /plugins for them; leave it out", NULL},
	{"server.directories.transaction.logs.root", SCOPE_OFF_VOLUME, CURE_FOLDER, NULL},
	{"server.discovery.", SCOPE_ALWAYS, CURE_DISCOVERY, NULL},
	{"server.http.advertised_address", SCOPE_CLUSTER, CURE_PODS, NULL},
	{"server.http.listen_address", SCOPE_ALWAYS, "the Services expect port 7474; leave it out", "0.0.0.0:7474"},
	{"server.https.advertised_address", SCOPE_CLUSTER, CURE_PODS, NULL},
	{"server.https.enabled", SCOPE_ALWAYS, CURE_TLS, NULL},
	{"server.https.listen_address", SCOPE_ALWAYS, "the Services expect port 7473; leave it out", "0.0.0.0:7473"},
	{"server.routing.advertised_address", SCOPE_ALWAYS, CURE_PODS, NULL},
	{"server.routing.listen_address", SCOPE_ALWAYS, CURE_PODS, NULL},
};

static const char *const lists[] = {
	"dbms.security.http_auth_allowlist",
	"dbms.security.procedures.allowlist",
	"dbms.security.procedures.denylist",
	"dbms.security.procedures.unrestricted",
	"server.unmanaged_extension_classes",
	NULL,
};

bool conf_is_list(const char *name)
{
	for (size_t i = 0; lists[i]; i++)
		if (!strcmp(lists[i], name))
			return true;
	return false;
}

bool conf_is_initial(const char *name)
{
	return !strncmp(name, "initial.", strlen("initial.")) || !strcmp(name, "dbms.cluster.endpoints") ||
	       !strcmp(name, "dbms.cluster.discovery.v2.endpoints") ||
	       !strcmp(name, "dbms.cluster.minimum_initial_system_primaries_count");
}

// For settings relative to the folder of data. Without such a setting the server would look elsewhere for its files.
static bool is_on_volume(const char *folder)
{
	folder += strspn(folder, " \t");
	if (!*folder || strchr(folder, '\\') || strstr(folder, ".."))
		return false;
	return *folder != '/' || !strncmp(folder, "/data/", strlen("/data/"));
}

// value NULL: we do not know it.
static const struct owned *find_owned(const char *setting, const char *value, bool cluster)
{
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
		size_t len = strlen(owned[i].name);
		bool whole_family = owned[i].name[len - 1] == '.';

		if ((owned[i].scope == SCOPE_CLUSTER && !cluster) || (owned[i].scope == SCOPE_OFF_VOLUME && value && is_on_volume(value)) ||
		    (owned[i].usual && value && !strcmp(value, owned[i].usual)))
			continue;
		if (whole_family ? !strncmp(setting, owned[i].name, len) : !strcmp(setting, owned[i].name))
			return &owned[i];
	}
	return NULL;
}

bool conf_is_reserved(const char *setting, bool cluster, const char **ret_cure)
{
	char buffer[CONF_NAME_MAX];
	const char *present = conf_present_name(setting, buffer);
	const struct owned *found = find_owned(present, NULL, cluster);

	if (found)
		*ret_cure = found->cure;
	else if (strcmp(present, setting) != 0)
		*ret_cure = "it is the old name of a setting, and loses against the present one; use that";
	else if (conf_is_list(setting))
		*ret_cure = "give it as a value, so that it can be joined with the entries of plugins";
	else if (!strcmp(setting, CONF_PASSWORD_LENGTH))
		*ret_cure = "give it as a value: the operator holds the password against it";
	else
		return false;
	return true;
}

static bool is_name(const char *name)
{
	if (!isalpha((unsigned char)*name))
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return true;
}

// A backslash that no other one escapes, followed by "u", begins a letter's number of four digits.
static bool has_bad_number(const char *value)
{
	for (const char *c = value; *c; c++) {
		if (*c != '\\')
			continue;
		c++;
		if (*c == 'u' && strspn(c + 1, "0123456789abcdefABCDEF") < 4)
			return true;
		if (!*c)
			break;
	}
	return false;
}

static const char *value_problem(const char *value)
{
	size_t backslashes = 0;

	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return "must not hold control characters such as line breaks; a setting is one line";
	for (size_t i = strlen(value); i > 0 && value[i - 1] == '\\'; i--)
		backslashes++;
	if (backslashes % 2)
		return "must not end in a backslash, which would join the next line to it; double it";
	return has_bad_number(value) ? "must not hold '\\u' without four digits behind it, at which Neo4j does not start; double the backslash"
				     : NULL;
}

static int fail_owned(const struct conf_setting *setting, const char *present, const char *cure, struct err *err)
{
	if (!strcmp(present, setting->name))
		return err_set(err, ERR_INVALID, "%s: must not be set: %s", setting->field, cure);
	return err_set(err, ERR_INVALID, "%s: must not be set (Neo4j takes it for %s): %s", setting->field, present, cure);
}

int conf_check_setting(const struct conf_setting *setting, bool cluster, const struct version *version, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = NULL;
	char buffer[CONF_NAME_MAX];
	const char *present = conf_present_name(setting->name, buffer), *problem = value_problem(setting->value);
	const struct owned *found = find_owned(present, setting->value, cluster);

	if (!is_name(setting->name))
		return err_set(err, ERR_INVALID,
			       "%s: is not the name of a setting; it must begin with a letter and hold only letters, digits, '.', "
			       "'_' and '-'",
			       setting->field);
	if (problem)
		return err_set(err, ERR_INVALID, "%s: %s", setting->field, problem);
	if (found)
		return fail_owned(setting, present, found->cure, err);
	arena = arena_new();
	problem = conf_type_problem(present, setting->value, version, arena);
	return problem ? err_set(err, ERR_INVALID, "%s: %s", setting->field, problem) : 0;
}
