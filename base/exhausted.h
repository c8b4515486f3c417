// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Ends the process when the system has no memory. For small allocations only: check a size that a peer or a user chooses before you ask for
// memory.

// Writes a line to standard error, without memory, and aborts.
__attribute__((noreturn)) void memory_is_exhausted(void);
