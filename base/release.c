// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The version is compiled into this file alone, so that a new one compiles nothing else anew.

#include "base/release.h"

const char release_version[] = NEOFLEET_VERSION;
const char release_user_agent[] = "neofleet/" NEOFLEET_VERSION;
const char release_cli_user_agent[] = "kubectl-neofleet/" NEOFLEET_VERSION;
