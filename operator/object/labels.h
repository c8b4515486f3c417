// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Labels and metadata of child objects. Pure. Nothing here may ever change for a deployment, since a StatefulSet's selector and claims cannot
// change (B3).

#include <yyjson.h>

#include "api/dbms.h"

#define LABEL_NAME "app.kubernetes.io/name"
#define LABEL_NAME_VALUE "neo4j"
#define LABEL_INSTANCE "app.kubernetes.io/instance"
#define LABEL_COMPONENT "app.kubernetes.io/component"
#define LABEL_MANAGED_BY "app.kubernetes.io/managed-by"
#define LABEL_MANAGED_BY_VALUE "neofleet"

// For server-side apply.
#define FIELD_MANAGER "neofleet"

// "cluster" or "standalone".
const char *labels_component(enum dbms_kind kind);

// The labels that select a deployment's pods; the labels that its children carry.
yyjson_mut_val *labels_selector(yyjson_mut_doc *doc, const struct dbms *dbms);
yyjson_mut_val *labels_all(yyjson_mut_doc *doc, const struct dbms *dbms);

// Makes the deployment the only owner and the controller of the object with this metadata.
void labels_add_owner(yyjson_mut_doc *doc, yyjson_mut_val *metadata, const struct dbms *dbms);

// A document whose root has apiVersion, kind and metadata: name, namespace, labels and the owner reference. *ret_metadata is for annotations;
// pass NULL where there are none.
yyjson_mut_val *labels_object(yyjson_mut_doc *doc, const struct dbms *dbms, const char *const type[2], const char *name,
			      yyjson_mut_val **ret_metadata);
