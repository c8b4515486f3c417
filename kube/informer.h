// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// List, then watch, for ever: keeps a store of one resource and tells a handler which object changed. Runs on the loop thread. It asks for
// bookmarks, compares resource versions only for equality, and lists again after a 410 anywhere. A list goes into the store object by object as
// it comes; a re-list never empties the store, and objects that it lacks go when it is complete. It gives a silent connection up after a time
// and resumes; errors back off with jitter. Source: "Efficient detection of changes".

#include <stdbool.h>

#include "kube/client.h"
#include "kube/store.h"

struct kube_informer;

// Called on the loop thread, after the store has changed; must not block. object is NULL for a removal (then previous is the last state);
// previous is NULL for an addition. Both are borrowed, and as the store keeps them.
typedef void (*kube_informer_handler)(void *user, const struct kube_resource *resource,
				      struct kube_object *object, struct kube_object *previous);

struct kube_informer_options {
	const struct kube_resource *resource;
	const char *namespace;	    // NULL: all
	const char *label_selector; // NULL: none
	const char *field_selector; // "metadata.name=x"; NULL: none
	const char *const *parts;   // JSON pointers of the parts to keep beside metadata, ended with NULL; NULL: keep all
	bool (*keep)(yyjson_val *object); // false: treat the object as if it did not exist; NULL: keep all
	struct kube_store_options store;
	bool metadata_only;	    // PartialObjectMetadata; annotations and managedFields dropped unparsed, buffers wiped
	int64_t silent_ms;	    // gives up and resumes a watch that was silent for so long; 0: 150 s
	int64_t retry_ms;	    // after a first failure, doubled each time up to 30 s; 0: 500
	kube_informer_handler handler;
	void *user;
};

int kube_informer_new(struct kube_client *client, const struct kube_informer_options *options, struct kube_informer **ret,
		      struct err *err);

// Starts on the loop thread; any thread may call it once.
void kube_informer_start(struct kube_informer *informer);

// True once the first list is in the store; stays true. Any thread.
bool kube_informer_synced(const struct kube_informer *informer);

// The store, owned by the informer; any thread may read it.
struct kube_store *kube_informer_store(struct kube_informer *informer);

// Stops the watch and frees; call it after the loop has ended.
void kube_informer_free(struct kube_informer *informer);
