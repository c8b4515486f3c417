// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins cosign, with which people verify what they have downloaded.
package tools

import _ "github.com/sigstore/cosign/v3/cmd/cosign"
