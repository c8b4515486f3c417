// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Crashes on demand, for the tests that prove that the operator may die at any instant (D7). Only builds configured with NEOFLEET_FAULTS have
// it; the build of a release checks that no trace of it is left.

#ifdef NEOFLEET_FAULTS

// Ends the process at once, as a kill would, when the environment variable NEOFLEET_FAULT names this step.
void fault_point(const char *step);

#else

#define fault_point(step) ((void)0)

#endif
