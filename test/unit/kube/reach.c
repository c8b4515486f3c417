// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct kube_config *make_config(unsigned port)
{
	char path[] = "/tmp/neofleet-test-XXXXXX";
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(dprintf(fd,
			    "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
			    "contexts: [{name: test, context: {cluster: test, user: test, namespace: here}}]\n"
			    "clusters: [{name: test, cluster: {server: 'http://127.0.0.1:%u/'}}]\n"
			    "users: [{name: test, user: {token: " REACH_TOKEN "}}]\n",
			    port) > 0);
	(void)close(fd);
	assert_int_equal(kube_config_load(path, NULL, &config, &err), 0);
	(void)unlink(path);
	return config;
}

void reach_to_port(struct reach *reach, unsigned port)
{
	struct err err = ERR_INIT;

	reach->actor = NULL;
	reach->config = make_config(port);
	assert_int_equal(loop_new(&reach->loop, &err), 0);
	assert_int_equal(loop_start(reach->loop, &err), 0);
	assert_int_equal(kube_client_new(reach->config, reach->loop, &reach->client, &err), 0);
}

void reach_begin(struct reach *reach, actor_handler handler, void *user)
{
	struct actor *actor = actor_start(handler, user);

	reach_to_port(reach, actor_port(actor));
	reach->actor = actor;
}

void reach_end(struct reach *reach)
{
	loop_stop(reach->loop);
	if (reach->actor)
		actor_stop(reach->actor);
	kube_client_free(reach->client);
	loop_free(reach->loop);
	kube_config_free(reach->config);
}
