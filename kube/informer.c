// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/informer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "kube/head.h"
#include "kube/listing.h"
#include "kube/path.h"
#include "kube/redact.h"
#include "kube/watch.h"

#define PATH_MAX_BYTES ((size_t)16 * 1024)
#define LIST_TIMEOUT_MS 60000
#define WATCH_MIN_S 290U
#define WATCH_SPREAD_S 290U
// The server ends a watch by itself. A watch that outlives its time by this much hangs.
#define WATCH_GRACE_MS 30000
// A bookmark comes about once a minute. After more than one missing bookmark the watch is soon given up; but a server that sends none is
// disturbed at most twice in five minutes.
#define SILENT_MS 150000

#define METADATA_LIST "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
#define METADATA_WATCH "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

struct kube_informer {
	struct kube_client *client;
	struct kube_informer_options options;
	char *namespace, *label_selector, *field_selector;
	struct kube_store *store;
	struct watch watch;
	struct http_stream *stream;
	struct listing listing; // the page of a list that is being read
	struct err fault; // a fault in a stream, reported at its end
	unsigned seed;
	int64_t asked_ms, heard_ms; // by the monotonic clock
	_Atomic bool synced;
};

static void ask(void *user);

static char *copy(const char *text)
{
	char *out = text ? strdup(text) : NULL;

	if (text && !out)
		abort();
	return out;
}

int kube_informer_new(struct kube_client *client, const struct kube_informer_options *options, struct kube_informer **ret,
		      struct err *err)
{
	struct kube_informer *informer = calloc(1, sizeof(*informer));

	if (!informer)
		return err_set(err, ERR_INTERNAL, "out of memory");
	informer->client = client;
	informer->options = *options;
	if (!informer->options.silent_ms)
		informer->options.silent_ms = SILENT_MS;
	informer->namespace = copy(options->namespace);
	informer->label_selector = copy(options->label_selector);
	informer->field_selector = copy(options->field_selector);
	informer->store = kube_store_new(&options->store);
	listing_init(&informer->listing, options->metadata_only);
	informer->seed = (unsigned)clock_monotonic_ms(&clock_system) ^ (unsigned)(uintptr_t)informer;
	watch_init(&informer->watch, options->metadata_only);
	if (options->retry_ms)
		informer->watch.first_delay_ms = options->retry_ms;
	*ret = informer;
	return 0;
}

void kube_informer_free(struct kube_informer *informer)
{
	if (!informer)
		return;
	http_stream_close(informer->stream);
	watch_deinit(&informer->watch);
	listing_deinit(&informer->listing);
	kube_store_free(informer->store);
	free(informer->namespace);
	free(informer->label_selector);
	free(informer->field_selector);
	free(informer);
}

bool kube_informer_synced(const struct kube_informer *informer)
{
	return atomic_load(&informer->synced);
}

struct kube_store *kube_informer_store(struct kube_informer *informer)
{
	return informer->store;
}

static void tell(struct kube_informer *informer, struct kube_object *object, struct kube_object *previous)
{
	informer->options.handler(informer->options.user, informer->options.resource, object, previous);
}

static struct kube_name name_of(const struct kube_object *object)
{
	return (struct kube_name){.namespace = kube_object_namespace(object), .name = kube_object_name(object)};
}

static void put(struct kube_informer *informer, struct kube_object *object)
{
	struct kube_object *previous = kube_store_put(informer->store, object), *kept = kube_object_ref(object);

	if (kube_store_has_cut(informer->store, name_of(object))) {
		kube_object_unref(kept);
		kept = kube_store_get(informer->store, name_of(object));
	}
	// A known version that is read again is no change, unless another part of it is kept.
	if (!previous || strcmp(kube_object_resource_version(previous), kube_object_resource_version(object)) != 0 ||
	    kube_object_cut_bytes(previous) != kube_object_cut_bytes(kept))
		tell(informer, kept, previous);
	kube_object_unref(previous);
	kube_object_unref(kept);
}

static void drop(struct kube_informer *informer, yyjson_val *object)
{
	yyjson_val *metadata = yyjson_obj_get(object, "metadata");
	struct kube_name name = {.namespace = yyjson_get_str(yyjson_obj_get(metadata, "namespace")),
				 .name = yyjson_get_str(yyjson_obj_get(metadata, "name"))};
	struct kube_object *previous = kube_store_remove(informer->store, name);

	if (previous)
		tell(informer, NULL, previous);
	kube_object_unref(previous);
}

static struct kube_object *take(const struct kube_informer *informer, yyjson_val *val)
{
	if (informer->options.metadata_only)
		return kube_object_copy_metadata(val);
	return informer->options.parts ? kube_object_copy_parts(val, informer->options.parts) : kube_object_copy(val);
}

// An object that was added or changed.
static void receive(struct kube_informer *informer, yyjson_val *val)
{
	struct kube_object *object;

	if (informer->options.keep && !informer->options.keep(val)) {
		drop(informer, val);
		return;
	}
	object = take(informer, val);
	if (object)
		put(informer, object);
	kube_object_unref(object);
}

// A whole list has come: objects that it lacks are gone. Readers never see an empty store in between.
static void sweep(struct kube_informer *informer)
{
	struct kube_object *stale;

	while ((stale = kube_store_remove_stale(informer->store))) {
		tell(informer, NULL, stale);
		kube_object_unref(stale);
	}
	atomic_store(&informer->synced, true);
}

static yyjson_doc *parse(const struct kube_informer *informer, struct buf *text, unsigned depth)
{
	yyjson_alc alc = kube_wiping_alc;

	if (!informer->options.metadata_only)
		return yyjson_read(buf_str(text), text->len, 0);
	redact(text->data, text->len, depth);
	return yyjson_read_opts(text->data, text->len, 0, &alc, NULL);
}

// An object of a list.
static int on_item(void *user, struct buf *text, struct err *err)
{
	struct kube_informer *informer = user;
	yyjson_doc *doc = parse(informer, text, REDACT_OBJECT);

	if (!doc)
		return err_set(err, ERR_PROTOCOL, "an object of a list is no JSON");
	if (yyjson_is_obj(yyjson_doc_get_root(doc)))
		receive(informer, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	return 0;
}

// The objects of a page are in the store; this is the rest of the page.
static int end_page(struct kube_informer *informer, struct err *err)
{
	yyjson_doc *doc = parse(informer, &informer->listing.head, REDACT_OBJECT);
	bool complete;
	int r = watch_page(&informer->watch, yyjson_doc_get_root(doc), &complete, err);

	yyjson_doc_free(doc);
	if (r == 0 && complete)
		sweep(informer);
	return r;
}

static int on_line(void *user, const char *line, size_t len, struct err *err)
{
	struct kube_informer *informer = user;
	yyjson_doc *doc = parse(informer, &informer->watch.line, REDACT_EVENT); // the line lies there
	enum watch_change change = WATCH_NOTHING;
	yyjson_val *val = NULL;
	int r;

	assert(line == informer->watch.line.data && len == informer->watch.line.len);
	r = watch_event(&informer->watch, yyjson_doc_get_root(doc), &change, &val, err);

	if (r == 0 && change == WATCH_PUT)
		receive(informer, val);
	else if (r == 0 && change == WATCH_REMOVE)
		drop(informer, val);
	yyjson_doc_free(doc);
	return r;
}

static bool on_data(void *user, const char *data, size_t len)
{
	struct kube_informer *informer = user;

	informer->heard_ms = clock_monotonic_ms(&clock_system);
	if (informer->watch.phase == WATCH_WATCHING)
		return watch_feed(&informer->watch, data, len, on_line, informer, &informer->fault) == 0;
	return listing_feed(&informer->listing, data, len, on_item, informer, &informer->fault) == 0;
}

// What the end of a request means: a fault that we found in its answer, the transfer's own error, the server's refusal, or success.
static void conclude(struct kube_informer *informer, const struct http_response *response, const struct err *err, struct err *ret)
{
	if (err_is_set(&informer->fault))
		*ret = informer->fault;
	else if (err_is_set(err))
		*ret = *err;
	else if (response->status >= 400)
		(void)kube_status_error(response, ret);
	else if (informer->watch.phase == WATCH_LISTING)
		(void)end_page(informer, ret);
	err_clear(&informer->fault);
}

static void on_end(void *user, const struct http_response *response, const struct err *err)
{
	struct kube_informer *informer = user;
	struct loop *loop = kube_client_loop(informer->client);
	bool listing = informer->watch.phase == WATCH_LISTING;
	struct err fault = ERR_INIT;
	int64_t delay = 0;

	// Without a stream there was no request.
	if (informer->stream)
		kube_client_note(informer->client, "GET", response);
	informer->stream = NULL;
	if (loop_is_stopping(loop))
		return;
	watch_lasted(&informer->watch, clock_monotonic_ms(&clock_system) - informer->asked_ms);
	conclude(informer, response, err, &fault);
	if (!listing || err_is_set(&fault))
		delay = watch_ended(&informer->watch, &fault, (unsigned)rand_r(&informer->seed));
	// A broken watch is resumed, but a list that fails keeps the operator from working.
	if (err_is_set(&fault) && listing && fault.class != ERR_GONE)
		log_warning("cannot list", "resource", informer->options.resource->plural, "error", fault.text);
	else if (err_is_set(&fault))
		log_debug("watch ended", "resource", informer->options.resource->plural, "error", fault.text);
	loop_timer(loop, delay, ask, informer);
}

static void ask(void *user)
{
	struct kube_informer *informer = user;
	_cleanup_(kube_head_release) struct kube_head head = {0};
	_cleanup_buf_ struct buf path = BUF_INIT(PATH_MAX_BYTES);
	unsigned seconds = WATCH_MIN_S + (unsigned)rand_r(&informer->seed) % WATCH_SPREAD_S;
	bool watching = informer->watch.phase == WATCH_WATCHING;
	struct http_stream_events events = {.on_data = on_data, .on_end = on_end, .user = informer};
	struct http_response none = {0};
	struct err err = ERR_INIT;
	struct http_request request = {
		.method = "GET",
		.headers = {!informer->options.metadata_only ? "Accept: application/json"
			    : watching			     ? METADATA_WATCH
							     : METADATA_LIST},
		.timeout_ms = watching ? (int)seconds * 1000 + WATCH_GRACE_MS : LIST_TIMEOUT_MS,
		.secret = informer->options.metadata_only,
	};

	// Two answers would be mixed in one store.
	assert(!informer->stream);
	informer->asked_ms = informer->heard_ms = clock_monotonic_ms(&clock_system);
	listing_begin(&informer->listing);
	if (!watching && !informer->watch.continue_token.len)
		kube_store_begin_round(informer->store);
	kube_path(&path, informer->options.resource, informer->namespace, NULL);
	kube_query(&path, "labelSelector", informer->label_selector);
	kube_query(&path, "fieldSelector", informer->field_selector);
	watch_query(&informer->watch, &path, seconds);
	if (kube_head_make(kube_client_config(informer->client), &path, &head, &request, &err) < 0) {
		on_end(informer, &none, &err);
		return;
	}
	informer->stream = http_stream_open(kube_client_loop(informer->client), &request, &events);
}

// One timer per informer, set anew each time it rings: nothing else finds a peer that is gone without a word.
static void listen_for_silence(void *user)
{
	struct kube_informer *informer = user;
	int64_t silent_ms = clock_monotonic_ms(&clock_system) - informer->heard_ms;

	if (informer->stream && informer->watch.phase == WATCH_WATCHING && silent_ms >= informer->options.silent_ms)
		http_stream_give_up(informer->stream, silent_ms);
	silent_ms = clock_monotonic_ms(&clock_system) - informer->heard_ms;
	loop_timer(kube_client_loop(informer->client),
		   silent_ms < informer->options.silent_ms ? informer->options.silent_ms - silent_ms : informer->options.silent_ms,
		   listen_for_silence, informer);
}

static void start(void *user)
{
	struct kube_informer *informer = user;

	informer->heard_ms = clock_monotonic_ms(&clock_system);
	ask(informer);
	listen_for_silence(informer);
}

void kube_informer_start(struct kube_informer *informer)
{
	loop_post(kube_client_loop(informer->client), start, informer);
}
