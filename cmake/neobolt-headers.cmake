# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# What a program may include. All else of bolt/ is the library's own.
set(neobolt_headers
	base/arena.h base/budget.h base/buf.h base/cleanup.h base/clock.h base/err.h
	bolt/address.h bolt/auth.h bolt/bookmarks.h bolt/calendar.h bolt/cancel.h bolt/chunk.h bolt/codes.h bolt/conn.h bolt/driver.h bolt/failure.h bolt/handshake.h bolt/limits.h bolt/link.h bolt/logging.h
	bolt/notifications.h bolt/options.h bolt/protocol.h bolt/result.h bolt/session.h bolt/structure.h bolt/summary.h bolt/target.h bolt/text.h bolt/uri.h bolt/value.h)
