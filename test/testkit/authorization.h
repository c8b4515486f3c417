// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Credentials in testkit's JSON, and its managers of credentials that change: providers of ours that ask testkit.

#include "bolt/driver.h"
#include "test/testkit/talk.h"

// An AuthorizationToken, in the arena. JSON's null gives {.scheme = NULL}, ret->scheme says whether there was one.
int authorization_read(yyjson_val *json, struct arena *arena, struct bolt_auth *ret, struct err *err);

// The provider that a manager is; lives as long as the conversation.
int authorization_provider(const struct talk *talk, yyjson_val *id, const struct bolt_auth_provider **ret, struct err *err);
