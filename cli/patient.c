// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/patient.h"

#include <string.h>

#include "cli/rendering.h"

void diagnosis_add(struct diagnosis *diagnosis, const struct diagnosis_finding *finding)
{
	// Each deployment of a namespace would report the namespace's finding again.
	for (size_t i = 0; i < diagnosis->n; i++) {
		if (strcmp(diagnosis->findings[i].subject, finding->subject) == 0 && strcmp(diagnosis->findings[i].cause, finding->cause) == 0)
			return;
	}
	diagnosis->findings = arena_grow(diagnosis->program->arena, diagnosis->findings, diagnosis->n, &diagnosis->room);
	diagnosis->findings[diagnosis->n++] = *finding;
}

void diagnosis_unread(struct diagnosis *diagnosis, const char *what, const struct err *err)
{
	const char *text = arena_printf(diagnosis->program->arena, "%s: %s", what, err->text);

	for (size_t i = 0; i < diagnosis->n_unread; i++) {
		if (strcmp(diagnosis->unread[i], text) == 0)
			return;
	}
	if (diagnosis->n_unread < sizeof(diagnosis->unread) / sizeof(diagnosis->unread[0]))
		diagnosis->unread[diagnosis->n_unread++] = text;
}

void patient_add(const struct patient *patient, bool error, const char *cause, const char *cure, const char *command)
{
	diagnosis_add(patient->diagnosis, &(struct diagnosis_finding){
						  .error = error,
						  .subject = patient->subject,
						  .cause = rendering_shown(patient->arena, cause, ""),
						  .cure = rendering_shown(patient->arena, cure, ""),
						  .command = command ? rendering_shown(patient->arena, command, "") : NULL,
					  });
}
