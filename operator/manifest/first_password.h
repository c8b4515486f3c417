// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The script of the init container that sets the first password of user neo4j (B5). Pure.

#include "base/arena.h"

// The key in the ConfigMap; and in the init container the folders of the script, of the admin Secret (one file for each of its keys
// that counts), and of what is written for a moment, which is memory.
#define FIRST_PASSWORD_KEY "first-password.sh"
#define FIRST_PASSWORD_FOLDER "/neofleet"
#define FIRST_PASSWORD_SECRET_FOLDER "/neofleet-admin"
#define FIRST_PASSWORD_SCRATCH_FOLDER "/neofleet-scratch"

// For the image's bash and neo4j-admin. It leaves a volume alone that has users already; it ends with status 1 and a word why where the
// password cannot be set. least: dbms.security.auth_minimum_password_length. The folders of data, Secret and scratch may be given
// as arguments, for tests.
const char *first_password_script(int least, struct arena *arena);
