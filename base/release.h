// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which release this build is, from the file VERSION in the root of the tree.

extern const char release_version[];	// "0.1.0"
extern const char release_user_agent[]; // "neofleet/0.1.0": how we name ourselves to servers
extern const char release_cli_user_agent[]; // the same of kubectl-neofleet, so that the API server tells its writes from the operator's
