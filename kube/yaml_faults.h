// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Collects libfyaml's errors about a text, so that the caller can word them, and prints nothing. libfyaml would print the line itself,
// credentials and all.

struct fy_diag;

// Free it with fy_diag_destroy().
struct fy_diag *yaml_faults_new(void);
