// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A cluster's servers answer SHOW SERVERS and SHOW DATABASES, over Bolt, some times in a row, and the operator decides on it each time: no
// claim is deleted whose server no row ever called Deallocating, Deallocated or Dropped, and no pod that is ready leaves otherwise (B8); a
// pod is evicted only when all others are back, or when it was unready before the roll (B6); the same facts make the same decision,
// also by what is kept of a survey; and the memory is linear in what the servers say (E4). Input: four bytes on the cluster, then the
// rounds, each of rows.

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/chunk.h"
#include "bolt/link.h"
#include "bolt/pack.h"
#include "neo4j/admin.h"
#include "operator/cluster/roll.h"
#include "operator/cluster/scale.h"
#include "operator/object/reason.h"
#include "test/fuzz/fuzz.h"

#define SAID_MAX ((size_t)48 * 1024)
#define ORDINALS 8
#define ROUNDS_MAX 10
#define LIMIT_MS 300000 // nothing has to wait; a machine may be busy

// A value costs 24 bytes for one of its encoding, and a row is read into a struct besides.
#define ANSWER_FACTOR 128
#define DECISION_FACTOR 64
#define BASE_BYTES ((size_t)64 * 1024)

static const char domain[] = "n-headless.x.svc.cluster.local";
static const struct names names = {.workload = "n-server", .domain = domain};
static const char *const pod_names[ORDINALS] = {"n-server-0", "n-server-1", "n-server-2", "n-server-3",
						"n-server-4", "n-server-5", "n-server-6", "n-server-7"};
static const char *const claim_names[ORDINALS] = {"data-n-server-0", "data-n-server-1", "data-n-server-2", "data-n-server-3",
						  "data-n-server-4", "data-n-server-5", "data-n-server-6", "data-n-server-7"};

struct input {
	const uint8_t *data;
	size_t size;
};

// The cluster as it is, and all that was ever said of it.
struct world {
	struct arena *arena; // of uids and other names
	struct pod pods[ORDINALS]; // those below the replicas
	size_t n_pods;
	unsigned revision, uids;
	const char *record; // roll_record()
	bool waited[ORDINALS]; // it has been unready since before the roll began
	struct data_volume volumes[ORDINALS];
	size_t n_volumes;
	bool leaves[ORDINALS]; // a row has said so of the server of this claim, or an earlier pass has seen it
	int replicas, wanted, round;
};

static unsigned take(struct input *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

// --- the peer

static void add_message(struct buf *out, uint8_t tag, const struct bolt_value *field)
{
	size_t start = chunk_begin(out);

	pack_struct(out, tag, 1);
	pack_value(out, field);
	chunk_end(out, start);
}

static void add_success(struct buf *out, const char *key, struct bolt_value value)
{
	const struct bolt_entry entry = {key, value};
	const struct bolt_value map = bolt_map(&entry, 1);

	add_message(out, 0x70, &map);
}

// A row is of so many bytes, one for each column.
#define SERVER_BYTES 6
#define COPY_BYTES 7

// One text of a row: nearly always of those that Neo4j has.
static struct bolt_value word(unsigned which, const char *const *words, size_t n, struct arena *arena)
{
	if (which < 0xf0)
		return bolt_string(words[which % n]);
	if (which == 0xf0)
		return bolt_null();
	if (which == 0xf1)
		return bolt_int(7);
	return bolt_string(arena_printf(arena, "%c%s", (int)('a' + which % 16), words[which % n]));
}

static struct bolt_value address(unsigned which, struct arena *arena)
{
	if (which < 0xe0)
		return bolt_string(arena_printf(arena, "n-server-%u.%s%s", which % ORDINALS, domain, which & 8 ? "" : ":7687"));
	if (which < 0xe8)
		return bolt_null();
	return bolt_string(which & 1 ? "n-server-0.elsewhere:7687" : "10.0.0.9:7687");
}

static struct bolt_value hosting(unsigned which, struct arena *arena)
{
	static const char *const databases[] = {"system", "neo4j", "a", "b"};
	unsigned n = which >= 0xc0 ? (which & 63) * 16 : which % 5;
	struct bolt_value *items = arena_new_array(arena, struct bolt_value, n);

	for (unsigned i = 0; i < n; i++)
		items[i] = bolt_string(n > 4 ? arena_printf(arena, "database-with-a-long-name-%u", i) : databases[i]);
	return bolt_list(items, n);
}

static void add_server(const uint8_t *bytes, struct arena *arena, struct buf *out)
{
	static const char *const states[] = {"Enabled", "Deallocating", "Deallocated", "Dropped", "Free", "Cordoned"};
	static const char *const healths[] = {"Available", "Unavailable"};
	const struct bolt_value fields[SERVER_BYTES] = {
		bytes[0] == 0xff ? bolt_null() : bolt_string(arena_printf(arena, "id-%d", bytes[0] % 16)),
		bytes[1] == 0xff ? bolt_null() : bolt_string(arena_printf(arena, "name-%d", bytes[1] % 16)),
		address(bytes[2], arena),
		word(bytes[3], states, sizeof(states) / sizeof(states[0]), arena),
		word(bytes[4], healths, 2, arena),
		hosting(bytes[5], arena),
	};
	const struct bolt_value row = bolt_list(fields, SERVER_BYTES);

	add_message(out, 0x71, &row);
}

static void add_copy(const uint8_t *bytes, struct arena *arena, struct buf *out)
{
	static const char *const databases[] = {"neo4j", "system", "a"}, *const types[] = {"standard", "system", "composite"};
	static const char *const roles[] = {"primary", "secondary", "unknown"};
	static const char *const statuses[] = {"online", "offline", "deallocating", "starting"};
	const struct bolt_value fields[COPY_BYTES] = {
		word(bytes[0], databases, 3, arena), word(bytes[1], types, 3, arena),	 address(bytes[2], arena),
		word(bytes[3], roles, 3, arena),     bolt_bool(bytes[4] & 1),		 word(bytes[5], statuses, 4, arena),
		word(bytes[6], statuses, 4, arena),
	};
	const struct bolt_value row = bolt_list(fields, COPY_BYTES);

	add_message(out, 0x71, &row);
}

static void add_answer(struct input *input, const char *const *columns, uint32_t n_columns, struct arena *arena, struct buf *out)
{
	struct bolt_value fields[COPY_BYTES];
	unsigned rows = take(input) % 24;

	for (uint32_t i = 0; i < n_columns; i++)
		fields[i] = bolt_string(columns[i]);
	add_success(out, "fields", bolt_list(fields, n_columns));
	while (rows-- > 0 && input->size >= n_columns) {
		(n_columns == SERVER_BYTES ? add_server : add_copy)(input->data, arena, out);
		input->data += n_columns;
		input->size -= n_columns;
	}
	add_success(out, "type", bolt_string("r"));
}

static void write_script(struct input *input, struct buf *out)
{
	static const char *const servers[] = {"serverId", "name", "address", "state", "health", "hosting"};
	static const char *const copies[] = {"name", "type", "address", "role", "writer", "requestedStatus", "currentStatus"};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	buf_append(out, "\0\0\x08\x05", 4);
	add_success(out, "server", bolt_string("Neo4j/2025.12.1"));
	add_success(out, "connection_id", bolt_string("bolt-1"));
	add_answer(input, servers, SERVER_BYTES, arena, out);
	add_answer(input, copies, COPY_BYTES, arena, out);
}

// --- the survey of it

static void ask(int fd, size_t said, const char *pod, struct survey *survey)
{
	static const struct bolt_target target = {.user_agent = "fuzz/1"};
	static const struct bolt_auth auth = {.user = "neo4j", .password = "password"};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct admin admin = {.deadline = deadline_in_ms(LIMIT_MS), .arena = survey->arena};
	struct err err = ERR_INIT;
	int r = bolt_link_adopt(fd, &target, &auth, admin.deadline, &link, &err);

	admin.link = link;
	if (r == 0)
		r = admin_servers(&admin, &survey->servers, &err);
	if (r == 0)
		r = admin_databases(&admin, &survey->copies, &err);
	must(r == (int)err.class && r != ERR_TIMEOUT && r != ERR_INTERNAL);
	must(arena_used(survey->arena) <= ANSWER_FACTOR * said + BASE_BYTES);
	if (r == 0) {
		survey->asked = pod;
		return;
	}
	survey->problem = arena_strdup(survey->arena, err.text);
	survey->reason = REASON_SURVEY_UNREADABLE;
	survey->servers.n = survey->copies.n = 0;
}

static struct survey *survey_of(struct input *input, const char *pod, size_t *ret_said)
{
	_cleanup_buf_ struct buf said = BUF_INIT(SAID_MAX);
	struct survey *survey = survey_new();
	int fds[2];

	write_script(input, &said);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	must(said.overflow || write(fds[1], said.data, said.len) == (ssize_t)said.len);
	must(shutdown(fds[1], SHUT_WR) == 0);
	ask(fds[0], said.len, pod, survey);
	(void)close(fds[1]);
	*ret_said = said.len;
	return survey;
}

// --- what was said of a pod's server

static bool is_at(const struct topology_server *server, int ordinal)
{
	const struct pod pod = {.name = pod_names[ordinal]};

	return survey_is_at(server->address, &names, &pod);
}

static bool says(const struct survey *survey, int ordinal, const char *state)
{
	for (size_t i = 0; i < survey->servers.n; i++) {
		if (is_at(&survey->servers.items[i], ordinal) && strcmp(survey->servers.items[i].state, state) == 0)
			return true;
	}
	return false;
}

static bool says_it_leaves(const struct survey *survey, int ordinal)
{
	return says(survey, ordinal, "Deallocating") || says(survey, ordinal, "Deallocated") || says(survey, ordinal, "Dropped");
}

// A row of its address that is of a server with databases.
static bool is_listed(const struct survey *survey, int ordinal)
{
	for (size_t i = 0; i < survey->servers.n; i++) {
		const struct topology_server *server = &survey->servers.items[i];

		if (is_at(server, ordinal) && strcmp(server->state, "Dropped") != 0 && strcmp(server->state, "Free") != 0)
			return true;
	}
	return false;
}

static bool is_one_of(const char *text, const char *const words[2])
{
	return strcmp(text, words[0]) == 0 || strcmp(text, words[1]) == 0;
}

// Whether a row of the server is in one of the states, at the address of a pod (ordinal -1: at any). A server may have two rows, if the
// servers lie.
static bool has_row(const struct survey *survey, const char *id, const char *const states[2], int ordinal)
{
	for (size_t i = 0; i < survey->servers.n; i++) {
		const struct topology_server *server = &survey->servers.items[i];

		if (strcmp(server->id, id) == 0 && is_one_of(server->state, states) && (ordinal < 0 || is_at(server, ordinal)))
			return true;
	}
	return false;
}

// --- scale

static struct scale_facts facts_of(const struct world *world, const struct survey *survey)
{
	return (struct scale_facts){
		.names = &names,
		.survey = survey,
		.pods = world->pods,
		.n_pods = world->n_pods,
		.volumes = world->volumes,
		.n_volumes = world->n_volumes,
		.wanted = world->wanted,
		.replicas = world->replicas,
	};
}

static void check_servers(const struct survey *survey, const struct scale_decision *decision)
{
	static const char *const present[2] = {"Enabled", "Cordoned"}, *const emptied[2] = {"Deallocated", "Free"};
	static const char *const news[2] = {"Free", "Free"};
	bool drains = decision->action == SCALE_DRAIN || decision->action == SCALE_RELIEVE;
	const char *const *states = decision->action == SCALE_ENABLE ? news : drains ? present : emptied;

	for (size_t i = 0; i < decision->n_servers; i++)
		must(has_row(survey, decision->servers[i], states, -1));
	must((decision->n_servers > 0) == (decision->action == SCALE_ENABLE || decision->action == SCALE_DRAIN ||
					   decision->action == SCALE_CONDEMN || decision->action == SCALE_DROP ||
					   decision->action == SCALE_RELIEVE || decision->action == SCALE_FORGET));
}

static bool is_ready(const struct world *world, int ordinal)
{
	for (size_t i = 0; i < world->n_pods; i++) {
		if (strcmp(world->pods[i].name, pod_names[ordinal]) == 0)
			return world->pods[i].ready;
	}
	return false;
}

static void check_claim(const struct world *world, const struct survey *survey, const struct scale_decision *decision)
{
	static const char *const deallocated[2] = {"Deallocated", "Deallocated"};
	const struct data_volume *volume = decision->volume;

	if (decision->action == SCALE_MARK)
		must(volume && !volume->leaving);
	if (decision->action == SCALE_CONDEMN)
		must(volume && has_row(survey, decision->servers[0], deallocated, volume->ordinal));
	if (decision->action == SCALE_DISCARD)
		must(volume && volume->deallocated && world->leaves[volume->ordinal] && volume->ordinal >= world->replicas &&
		     !is_listed(survey, volume->ordinal));
}

static void check_decision(const struct world *world, const struct survey *survey, const struct scale_decision *decision)
{
	bool answered = survey && !survey->problem;

	must(decision->action == SCALE_REST || (decision->message && *decision->message));
	must(answered || decision->n_servers == 0);
	if (answered) {
		check_servers(survey, decision);
		check_claim(world, survey, decision);
	} else {
		must(decision->action == SCALE_REST || decision->action == SCALE_WAIT || decision->action == SCALE_STOPPED);
	}
	must(decision->replicas >= world->replicas - 1);
	if (decision->replicas < world->replicas) {
		must(answered && !is_listed(survey, decision->replicas));
		must(world->leaves[decision->replicas] || !is_ready(world, decision->replicas) || says(survey, decision->replicas, "Free"));
	}
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_same(const struct scale_decision *a, const struct scale_decision *b)
{
	must(a->action == b->action && a->replicas == b->replicas && a->n_servers == b->n_servers);
	must(same_text(a->message, b->message) && same_text(a->note, b->note) && a->volume == b->volume);
	for (size_t i = 0; i < a->n_servers; i++)
		must(strcmp(a->servers[i], b->servers[i]) == 0);
}

// As it is between two passes: a text.
static struct survey *kept(const struct survey *survey, struct arena *arena)
{
	const char *text = survey_text(survey, arena);

	return survey_read(text, strlen(text));
}

static void decide(const struct world *world, const struct survey *survey, size_t said, struct arena *arena, struct scale_decision *ret)
{
	_cleanup_(arena_freep) struct arena *text = arena_new();
	_cleanup_(survey_freep) struct survey *again = survey ? kept(survey, text) : NULL;
	struct scale_facts facts = facts_of(world, survey);
	struct scale_decision second;

	scale_decide(&facts, arena, ret);
	must(arena_used(arena) <= DECISION_FACTOR * said + BASE_BYTES);
	check_decision(world, survey, ret);
	facts.survey = again;
	scale_decide(&facts, text, &second);
	check_same(ret, &second);
	must(scale_is_grave(&facts, ret) || (ret->action != SCALE_DISCARD && ret->action != SCALE_DROP));
}

static void forget_volume(struct world *world, const struct data_volume *volume)
{
	size_t at = (size_t)(volume - world->volumes);

	world->leaves[volume->ordinal] = false;
	memmove(&world->volumes[at], &world->volumes[at + 1], (world->n_volumes - at - 1) * sizeof(*volume));
	world->n_volumes--;
}

static bool has_volume(const struct world *world, int ordinal)
{
	for (size_t i = 0; i < world->n_volumes; i++) {
		if (world->volumes[i].ordinal == ordinal)
			return true;
	}
	return false;
}

static void add_volume(struct world *world, int ordinal, bool leaving, bool deallocated)
{
	world->leaves[ordinal] = deallocated;
	world->volumes[world->n_volumes++] = (struct data_volume){
		.name = claim_names[ordinal],
		.uid = "c",
		.size = "1Gi",
		.ordinal = ordinal,
		.leaving = leaving || deallocated,
		.deallocated = deallocated ? arena_printf(world->arena, "id-%d", ordinal) : NULL,
	};
}

static const char *revision_of(struct world *world)
{
	return arena_printf(world->arena, "r%u", world->revision);
}

static struct pod new_pod(struct world *world, int ordinal)
{
	return (struct pod){
		.name = pod_names[ordinal],
		.uid = arena_printf(world->arena, "u%u", world->uids++),
		.address = "10.0.0.1",
		.revision = revision_of(world),
		.unready_since = arena_printf(world->arena, "t%d", world->round),
	};
}

// The StatefulSet controller: a pod for each ordinal, with a claim, and none beyond.
static void set_pods(struct world *world)
{
	while (world->n_pods > (size_t)world->replicas)
		world->n_pods--;
	while (world->n_pods < (size_t)world->replicas) {
		int ordinal = (int)world->n_pods;

		world->pods[world->n_pods++] = new_pod(world, ordinal);
		world->waited[ordinal] = false;
		if (!has_volume(world, ordinal))
			add_volume(world, ordinal, false, false);
	}
}

static void set_ready(struct world *world, unsigned unready)
{
	for (size_t i = 0; i < world->n_pods; i++) {
		struct pod *pod = &world->pods[i];
		bool ready = !(unready >> i & 1);

		if (pod->ready && !ready)
			pod->unready_since = arena_printf(world->arena, "t%d", world->round);
		pod->ready = ready;
		if (ready) {
			pod->unready_since = NULL;
			world->waited[i] = false;
		}
	}
}

static void carry_out(struct world *world, const struct scale_decision *decision)
{
	struct data_volume *volume = decision->volume ? &world->volumes[decision->volume - world->volumes] : NULL;

	if (decision->action == SCALE_MARK)
		volume->leaving = true;
	if (decision->action == SCALE_CONDEMN) {
		volume->leaving = true;
		volume->deallocated = arena_strdup(world->arena, decision->servers[0]);
	}
	if (decision->action == SCALE_DISCARD)
		forget_volume(world, volume);
	world->replicas = decision->replicas;
}

// --- roll

static void check_evicted(const struct world *world, const struct phase_facts *facts, const struct pod *evicted)
{
	must(pod_is_outdated(facts, evicted) && !evicted->terminating);
	if (world->waited[evicted - world->pods])
		return;
	must((int)facts->n_pods >= facts->servers && facts->survey && !facts->survey->problem);
	must(!facts->removing || !evicted->ready); // those that leave may be waiting for it, and are Enabled never again
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];
		const struct topology_server *server = survey_server(facts->survey, &names, pod);

		must(pod == evicted || (pod->ready && server && strcmp(server->health, "Available") == 0 &&
					(facts->removing || strcmp(server->state, "Enabled") == 0)));
	}
}

static struct phase_facts phase_of(struct world *world, const struct survey *survey, bool removing)
{
	return (struct phase_facts){
		.workload_exists = true,
		.workload_current = true,
		.update_revision = revision_of(world),
		.unready = world->record,
		.pods = world->pods,
		.n_pods = world->n_pods,
		.servers = world->replicas,
		.cluster = true,
		.survey = survey,
		.names = &names,
		.removing = removing ? "so" : NULL,
	};
}

// The template has changed: of now on some pods are outdated, and those that are not ready were so before.
static void begin_roll(struct world *world)
{
	struct phase_facts facts;

	world->revision++;
	facts = phase_of(world, NULL, false);
	world->record = roll_record(&facts, world->arena);
	for (size_t i = 0; i < world->n_pods; i++)
		world->waited[i] = !world->pods[i].ready;
}

static void roll(struct world *world, const struct survey *survey, const struct scale_decision *scale)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct phase_facts facts = phase_of(world, survey, scale_is_removing(scale));
	struct roll_decision first, second;
	size_t evicted;

	must(same_text(roll_record(&facts, arena), world->record));
	roll_decide(&facts, arena, &first);
	roll_decide(&facts, arena, &second);
	must(first.evict == second.evict && same_text(first.waiting, second.waiting));
	if (!first.evict)
		return;
	check_evicted(world, &facts, first.evict);
	evicted = (size_t)(first.evict - world->pods);
	world->pods[evicted] = new_pod(world, (int)evicted);
	world->waited[evicted] = false;
}

// As operator/cluster/cluster_steps.h asks: one that stays, if it can.
static const char *whom_to_ask(const struct world *world)
{
	for (size_t i = 0; i < world->n_pods; i++) {
		if (world->pods[i].ready)
			return world->pods[i].name;
	}
	return NULL;
}

static void play_round(struct world *world, struct input *input)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(survey_freep) struct survey *survey = NULL;
	unsigned unready = take(input), events = take(input);
	struct scale_decision decision;
	const char *asked;
	size_t said = 0;

	set_pods(world);
	set_ready(world, unready);
	if (events & 1)
		begin_roll(world);
	if (events & 2)
		world->wanted = 1 + (int)(events >> 4) % ORDINALS;
	asked = whom_to_ask(world);
	if (asked)
		survey = survey_of(input, asked, &said);
	for (int i = 0; i < ORDINALS && survey; i++)
		world->leaves[i] = world->leaves[i] || says_it_leaves(survey, i);
	decide(world, survey, said, arena, &decision);
	roll(world, survey, &decision);
	carry_out(world, &decision);
	world->round++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct input input = {data, size};
	struct world world = {.arena = arena};
	unsigned shape = take(&input), marks = take(&input), claims = take(&input), condemned = take(&input);

	world.replicas = 1 + (int)(shape % ORDINALS);
	world.wanted = 1 + (int)(shape / ORDINALS % ORDINALS);
	for (int i = 0; i < ORDINALS; i++) {
		if (claims >> i & 1)
			add_volume(&world, i, marks >> i & 1, condemned >> i & 1);
	}
	for (int i = 0; i < ROUNDS_MAX && input.size > 0; i++)
		play_round(&world, &input);
	return 0;
}
