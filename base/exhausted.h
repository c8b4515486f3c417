// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The system has no memory: what cannot go on says so and ends. Small things only: a size that a peer or a user chooses is checked before
// memory is asked for.

// Writes a line to standard error, without memory, and aborts.
__attribute__((noreturn)) void memory_is_exhausted(void);
