// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The beginning of every request to the API server, and the end of every refusal: the URL, the token, the certificates; and the server's own
// words.

#include "base/buf.h"
#include "base/err.h"
#include "kube/config.h"
#include "net/http.h"

struct kube_head {
	struct buf url;	  // kube_config_server() and the path
	struct buf token; // secret; empty for none
	const struct kube_config *config;
	const struct http_tls *tls;
};

void kube_head_release(struct kube_head *head);

// Fills the parts of a request that all calls share; head must outlive the request's start. ERR_TOO_LARGE when the path, or the whole URL, is
// over its limit.
int kube_head_make(const struct kube_config *config, const struct buf *path, struct kube_head *head, struct http_request *request,
		   struct err *err);

// Turns an answer of 400 and more into an error with the server's own words.
int kube_status_error(const struct http_response *response, struct err *err);
