// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The messages by their tags on the wire. For bolt/conn.c alone. Source: Bolt message specification.

enum tag {
	TAG_HELLO = 0x01,
	TAG_GOODBYE = 0x02,
	TAG_RESET = 0x0F,
	TAG_RUN = 0x10,
	TAG_BEGIN = 0x11,
	TAG_COMMIT = 0x12,
	TAG_ROLLBACK = 0x13,
	TAG_DISCARD = 0x2F,
	TAG_PULL = 0x3F,
	TAG_TELEMETRY = 0x54,
	TAG_ROUTE = 0x66,
	TAG_LOGON = 0x6A,
	TAG_LOGOFF = 0x6B,
	TAG_SUCCESS = 0x70,
	TAG_RECORD = 0x71,
	TAG_IGNORED = 0x7E,
	TAG_FAILURE = 0x7F,
};
