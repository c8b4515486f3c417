// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One setting of neo4j.conf as somebody wrote it. field says where, for errors: "spec.config[server.http.enabled]".
struct conf_setting {
	const char *name;
	const char *value;
	const char *field;
};

#define CONF_PASSWORD_LENGTH "dbms.security.auth_minimum_password_length"
