// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/pod_log.h"

#include "kube/client.h"
#include "kube/head.h"
#include "kube/path.h"

#define LOG_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define PATH_MAX_BYTES ((size_t)4096)

void pod_log_path(const struct pod_log *log, bool follow, struct buf *ret)
{
	kube_path(ret, &kube_pods, log->namespace, log->pod);
	buf_add(ret, "/log");
	kube_query(ret, "container", log->container);
	kube_query(ret, "tailLines", log->tail);
	kube_query(ret, "previous", log->previous ? "true" : NULL);
	kube_query(ret, "follow", follow ? "true" : NULL);
}

int pod_log_read(struct program *program, const struct pod_log *log, struct buf *ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct http_request request = {.method = "GET", .timeout_ms = program->timeout_s * 1000, .max_bytes = LOG_MAX_BYTES};
	struct http_response response = {0};
	_cleanup_(kube_head_release) struct kube_head head = {0};
	int r;

	pod_log_path(log, false, &path);
	r = kube_head_make(kube_client_config(program->client), &path, &head, &request, err);
	if (r == 0)
		r = http_perform(program->loop, &request, &response, err);
	if (r < 0)
		return r;
	if (response.status < 300) {
		*ret = response.body;
		return 0;
	}
	r = kube_status_error(&response, err);
	buf_release(&response.body);
	return r;
}
