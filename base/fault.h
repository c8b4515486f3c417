// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Crashes on demand, for the tests that prove that any instant is a good one to die at (D7). Only in builds that are configured
// with NEOFLEET_FAULTS; a release has no trace of it, which its build checks.

#ifdef NEOFLEET_FAULTS

// Ends the process at once, as a kill would, when the environment's NEOFLEET_FAULT names this step.
void fault_point(const char *step);

#else

#define fault_point(step) ((void)0)

#endif
