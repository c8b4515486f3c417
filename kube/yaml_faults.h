// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Where libfyaml puts what is wrong with a text: kept, so that the caller words it, and printed nowhere. libfyaml would print the line
// itself, credentials and all.

struct fy_diag;

// To be freed with fy_diag_destroy().
struct fy_diag *yaml_faults_new(void);
