// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/server/server_login.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/release.h"
#include "base/steps.h"
#include "neo4j/admin.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/reason.h"
#include "operator/server/confirmation.h"
#include "operator/server/secret_cache.h"

#define BOLT_PORT 7687
#define LOGIN_TIMEOUT_MS 5000

// How much of this process's memory all answers of all servers may hold together, and how much one answer may cost. A server belongs to somebody
// else and must not be able to take more. SHOW DATABASES at the documented limits needs half of a result.
#define ANSWERS_MAX ((size_t)16 * 1024 * 1024)
static struct budget answers = BUDGET_INIT(ANSWERS_MAX);
static const struct bolt_limits limits = {
	.opening = (size_t)16 * 1024,
	.message = (size_t)128 * 1024,
	.result = (size_t)2 * 1024 * 1024,
	.budget = &answers,
	.own = (size_t)128 * 1024,
};

static bool fail(struct access_problem *ret, enum reason reason, const char *message)
{
	*ret = (struct access_problem){.reason = reason, .message = message};
	return false;
}

bool access_fetch(const struct context *context, const struct access_servers *servers, const char *name, struct arena *arena,
		  struct kube_object **ret_secret, struct access_problem *ret_problem)
{
	const char *namespace = servers->dbms->metadata.namespace;
	struct err err = ERR_INIT;
	int r = secret_cache_fetch(servers->keyring, context->client, (struct kube_name){namespace, name}, ret_secret, &err);

	if (r == 0)
		return true;
	if (r == ERR_NOT_FOUND)
		return fail(ret_problem, REASON_SECRET_NOT_FOUND,
			    arena_printf(arena, "Secret '%s' not found in namespace '%s'; create it there", name, namespace));
	return fail(ret_problem, REASON_SECRET_UNREADABLE,
		    arena_printf(arena, "Secret '%s' cannot be read (%s); it is tried again", name, err.text));
}

static bool read_credentials(const struct context *context, struct access *access, struct arena *arena,
			     struct access_problem *ret_problem)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	const struct dbms *dbms = access->servers->dbms;
	const char *problem;

	if (!access_fetch(context, access->servers, dbms->admin_secret, arena, &secret, ret_problem))
		return false;
	// The length counts only when a password is set; the password of a running server is what it is.
	if (admin_secret_read(kube_object_root(secret), 1, access->arena, &access->credentials, &problem)) {
		scrub_add_password(&access->scrub, access->credentials.password);
		return true;
	}
	return fail(ret_problem, REASON_CREDENTIALS_REFUSED,
		    arena_printf(arena, "Secret '%s' cannot be used: %s", dbms->admin_secret, problem));
}

static const struct tls_secret *certificate_of(const struct access *access, const struct pod *pod)
{
	for (size_t i = 0; i < access->n_certificates; i++) {
		if (strcmp(access->certificates[i].secret, pod->tls_secret) == 0)
			return &access->certificates[i].certificate;
	}
	return NULL;
}

static bool read_certificate(const struct context *context, struct access *access, const char *name, struct arena *arena,
			     struct access_problem *ret_problem)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	struct access_certificate *next = &access->certificates[access->n_certificates];
	const char *problem;

	if (access->n_certificates == ACCESS_CERTIFICATES_MAX)
		return fail(ret_problem, REASON_CERTIFICATE_UNUSABLE, "The servers were started with too many different certificates");
	if (!access_fetch(context, access->servers, name, arena, &secret, ret_problem))
		return false;
	if (!tls_secret_read(kube_object_root(secret), clock_wall_ms(&clock_system), access->arena, &next->certificate, &problem))
		return fail(ret_problem, REASON_CERTIFICATE_UNUSABLE, arena_printf(arena, "Secret '%s' cannot be used: %s", name, problem));
	next->secret = name;
	access->n_certificates++;
	return true;
}

// A pod is dialled as it was started, whatever the spec says now.
static bool read_certificates(const struct context *context, struct access *access, struct arena *arena,
			      struct access_problem *ret_problem)
{
	char pin[TLS_SECRET_PIN_SIZE];

	for (size_t i = 0; i < access->servers->n_pods; i++) {
		const struct pod *pod = &access->servers->pods[i];

		if (pod->tls_secret && !certificate_of(access, pod) &&
		    !read_certificate(context, access, pod->tls_secret, arena, ret_problem) && !tls_secret_pin_of(pod->certificate, pin))
			return false;
	}
	return true;
}

bool access_read(const struct context *context, struct access *access, struct arena *arena, struct access_problem *ret_problem)
{
	arena_wipe_on_free(access->arena);
	access->scrub = (struct scrub){0};
	return read_credentials(context, access, arena, ret_problem) && read_certificates(context, access, arena, ret_problem);
}

// Where a server is in the name service: its pod's own place, while the pod is older than the spec's domain.
struct place {
	const char *namespace, *domain; // "cluster.local"
};

static struct place place_of(const struct access_servers *servers, const struct pod *pod, struct arena *arena)
{
	const char *namespace = servers->dbms->metadata.namespace;
	const char *service = arena_printf(arena, "%s.%s.svc.", servers->names->headless, namespace);
	bool told = pod && pod->domain && strncmp(pod->domain, service, strlen(service)) == 0;

	return (struct place){namespace, told ? pod->domain + strlen(service) : servers->dbms->cluster_domain};
}

// The name of a Service or of a pod behind one: the longest form that the certificate covers.
static const char *covered(const struct tls_secret *certificate, const char *stem, struct place place, struct arena *arena)
{
	const char *const forms[] = {
		arena_printf(arena, "%s.%s.svc.%s", stem, place.namespace, place.domain),
		arena_printf(arena, "%s.%s.svc", stem, place.namespace),
		arena_printf(arena, "%s.%s", stem, place.namespace),
		stem,
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (tls_secret_covers(certificate, forms[i]))
			return forms[i];
	}
	return NULL;
}

// The name to verify for a pod: the Service's for clients, or the pod's own; NULL when the certificate covers neither.
static const char *server_name(const struct tls_secret *certificate, const struct names *names, const char *pod, struct place place,
			       struct arena *arena)
{
	const char *name = covered(certificate, names->client, place, arena);

	return name ? name : covered(certificate, arena_printf(arena, "%s.%s", pod, names->headless), place, arena);
}

const char *access_name_problem(const struct tls_secret *certificate, const struct access_servers *servers,
				struct arena *arena)
{
	struct place place = place_of(servers, NULL, arena);

	for (int i = 0; i < servers->dbms->servers; i++) {
		if (!server_name(certificate, servers->names, names_pod(servers->names, i, arena), place, arena))
			return arena_printf(arena,
					    "the certificate in key 'tls.crt' covers neither '%s.%s.svc.%s' nor '%s'; add the first "
					    "to its subject alternative names",
					    servers->names->client, servers->dbms->metadata.namespace,
					    servers->dbms->cluster_domain, names_pod_host(servers->names, i, arena));
	}
	return NULL;
}

static void trust(const struct access *access, const struct pod *pod, const struct tls_secret *certificate, struct bolt_target *target)
{
	const struct names *names = access->servers->names;

	target->tls = BOLT_TLS_VERIFY;
	target->ca_pem = certificate->trust;
	target->server_name = server_name(certificate, names, pod->name, place_of(access->servers, pod, access->arena), access->arena);
	// The handshake refuses a name that nothing covers; without a name it would verify the address.
	if (!target->server_name)
		target->server_name = arena_printf(access->arena, "%s.%s", pod->name, pod->domain ? pod->domain : names->domain);
}

struct bolt_target access_target(const struct access *access, const struct pod *pod)
{
	struct bolt_target target = {.host = pod->address, .port = BOLT_PORT, .user_agent = release_user_agent, .limits = &limits};
	const struct tls_secret *certificate;
	char *pin;

	if (!pod->tls_secret)
		return target;
	// A renewed certificate reaches a server only when its pod is replaced; until then the server shows the old one.
	pin = arena_alloc(access->arena, TLS_SECRET_PIN_SIZE);
	target.pinned = tls_secret_pin_of(pod->certificate, pin) ? pin : NULL;
	certificate = certificate_of(access, pod);
	target.tls = BOLT_TLS_ANY; // with a pin: that certificate and no other
	if (certificate || !target.pinned)
		trust(access, pod, certificate ? certificate : &(struct tls_secret){.trust = ""}, &target);
	return target;
}

// "Neo4j/2025.12.1"
const char *access_version(const struct access *access, const struct bolt_link *link)
{
	const char *server = scrub_text(&access->scrub, bolt_link_server(link), access->arena);
	const char *slash = strchr(server, '/');

	return slash ? slash + 1 : server;
}

void access_failure(const char *pod, const struct err *err, struct arena *arena, struct access_problem *ret)
{
	if (strcmp(err->code, CONFIRMATION_FAILED) == 0)
		(void)fail(ret, REASON_UNREACHABLE, arena_printf(arena, "Server '%s' is not asked: %s; it is tried again", pod, err->text));
	else if (admin_is_unreachable(err))
		(void)fail(ret, REASON_UNREACHABLE,
			   arena_printf(arena, "Server '%s' cannot be reached over Bolt (%s); it is tried again", pod, err->text));
	else
		(void)fail(ret, REASON_SERVER_ERROR,
			   arena_printf(arena, "Server '%s' answered with a failure (%s%s%s); it is tried again", pod, err->code,
					err->code[0] ? ": " : "", err->text));
}

int access_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, const struct scrub *scrub,
		struct bolt_link **ret, struct err *err)
{
	int r = bolt_link_open(target, auth, deadline, ret, err);

	if (r < 0)
		scrub_err(scrub, err);
	return r;
}

static void note_login(const struct access_login *login, const struct bolt_link *link, const struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct access *access = login->access;

	if (link) {
		access_note(login->context, login->memory, access->servers, NULL, NULL);
		kept_set(login->memory->version, access_version(access, link));
	} else if (err->class == ERR_FORBIDDEN) {
		access_note(login->context, login->memory, access->servers,
			    access_refusal(access->servers->dbms->admin_secret, err, arena), err->code);
	} else {
		access_leave(login->context, access->servers);
	}
}

int access_log_in(const struct access_login *login, struct bolt_link **ret, struct err *err)
{
	const struct access *access = login->access;
	struct bolt_target target = access_target(access, login->pod);
	const struct confirmation confirmation = {.servers = access->servers};
	struct bolt_auth auth = {.user = access->credentials.user, .password = access->credentials.password};
	int64_t started;
	int r;

	STEP("logging into a server");
	assert(auth.user && auth.password);
	r = confirmation_check(login->context, &confirmation, login->pod, login->deadline, err);
	if (r < 0 || (!login->unlisted && (r = access_enter(login->context, login->memory, access->servers, err)) < 0))
		return r;
	started = clock_monotonic_ms(&clock_system);
	r = access_open(&target, &auth, login->deadline, &access->scrub, ret, err);
	histogram_add(login->context->logins, clock_monotonic_ms(&clock_system) - started);
	if (!login->unlisted)
		note_login(login, r == 0 ? *ret : NULL, err);
	return r;
}

static const struct pod *ready_pod(const struct access_servers *servers)
{
	for (size_t i = 0; i < servers->n_pods; i++) {
		const struct pod *pod = &servers->pods[i];

		if (pod_can_be_asked(pod))
			return pod;
	}
	return NULL;
}

// A standalone has no survey: it is asked where the operator is logged in anyway. A database that is on its way is looked at again.
static const struct topology *ask_topology(const struct access_login *login, struct bolt_link *link, struct arena *arena)
{
	struct topology *topology = arena_new_array(arena, struct topology, 1);
	const struct admin admin = {.link = link, .deadline = login->deadline, .arena = arena, .scrub = &login->access->scrub};
	struct err err = ERR_INIT;

	if (login->access->servers->dbms->kind != DBMS_STANDALONE || admin_topology(&admin, topology, &err) < 0)
		return NULL;
	access_note_topology(login->memory, topology);
	return topology;
}

static const struct topology *log_in(const struct context *context, struct access_memory *memory, const struct access_servers *servers,
				     const struct pod *pod, struct arena *texts)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct access access = {.servers = servers, .arena = arena};
	struct access_login login = {.context = context, .memory = memory, .access = &access, .pod = pod};
	struct access_problem problem;
	struct err err = ERR_INIT;

	if (!access_read(context, &access, arena, &problem))
		return NULL;
	login.deadline = deadline_in_ms(LOGIN_TIMEOUT_MS);
	// Checked after the deadline was set, so the lease outlasts the deadline.
	if (!context_has_ms(context, LOGIN_TIMEOUT_MS))
		return NULL;
	// access_log_in() notes an answer; anything else is tried again.
	return access_log_in(&login, &link, &err) == 0 ? ask_topology(&login, link, texts) : NULL;
}

// Whether a login is due: nothing is known for this basis, a refusal or a silence is old enough, or databases are on their way.
static bool is_due(const struct access_memory *memory, const char *basis)
{
	if (!basis_is(&memory->basis, basis))
		return true;
	if (!memory->known || memory->refused)
		return deadline_left_ms(memory->next_ms) == 0;
	return memory->moving && deadline_left_ms(memory->topology_ms) == 0;
}

static int64_t again_after(const struct access_memory *memory, const struct access_verdict *verdict)
{
	if (!verdict->known || verdict->refusal)
		return deadline_left_ms(memory->next_ms) + 1;
	return memory->moving ? deadline_left_ms(memory->topology_ms) + 1 : 0;
}

void access_check(const struct context *context, struct access_memory *memory, const struct access_servers *servers,
		  struct arena *arena, struct access_verdict *ret)
{
	const char *basis = access_basis(context, servers, arena);
	const struct pod *pod = ready_pod(servers);
	const struct topology *topology = NULL;

	access_heed_others(context, memory, servers, basis);
	if (pod && is_due(memory, basis)) {
		basis_set(&memory->basis, basis);
		memory->known = false;
		memory->next_ms = deadline_in_ms(ACCESS_REFUSED_MS);
		topology = log_in(context, memory, servers, pod, arena);
	}
	// A server that did not look at the password tells nothing about it.
	*ret = (struct access_verdict){.known = memory->known && !memory->limited && basis_is(&memory->basis, basis), .topology = topology};
	if (ret->known && memory->refused)
		ret->refusal = arena_strdup(arena, memory->message);
	if (pod)
		ret->again_after_ms = again_after(memory, ret);
}
