// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The script of the init container that sets the first password of user neo4j (B5). Pure.

#include "base/arena.h"

// The script's key in the ConfigMap; and the folders in the init container: of the script, of the admin Secret (one file for each key that
// counts), and of scratch, which is memory.
#define FIRST_PASSWORD_KEY "first-password.sh"
#define FIRST_PASSWORD_FOLDER "/neofleet"
#define FIRST_PASSWORD_SECRET_FOLDER "/neofleet-admin"
#define FIRST_PASSWORD_SCRATCH_FOLDER "/neofleet-scratch"

// For the image's bash and neo4j-admin. The script leaves a volume alone that has users already. Where it cannot set the password, it says why
// and ends with status 1. least: dbms.security.auth_minimum_password_length. Tests may pass the folders of data, Secret and scratch as
// arguments.
const char *first_password_script(int least, struct arena *arena);
