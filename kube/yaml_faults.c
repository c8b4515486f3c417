// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/yaml_faults.h"

#include <libfyaml.h>
#include <stdlib.h>

static void swallow(struct fy_diag *diag, void *user, const char *text, size_t len)
{
	(void)diag, (void)user, (void)text, (void)len;
}

struct fy_diag *yaml_faults_new(void)
{
	struct fy_diag_cfg silent;
	struct fy_diag *diag;

	fy_diag_cfg_default(&silent);
	silent.fp = NULL;
	silent.output_fn = swallow;
	diag = fy_diag_create(&silent);
	if (!diag)
		abort();
	fy_diag_set_collect_errors(diag, true);
	return diag;
}
