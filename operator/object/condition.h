// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The types of the conditions that the operator writes.

#define CONDITION_READY "Ready"
#define CONDITION_RECONCILING "Reconciling"
#define CONDITION_STALLED "Stalled"
#define CONDITION_PAUSED "Paused"
#define CONDITION_CREDENTIALS_REFUSED "CredentialsRefused"
#define CONDITION_CERTIFICATE_UNUSABLE "CertificateUnusable"
#define CONDITION_PLUGINS_MALFORMED "PluginsMalformed"
#define CONDITION_FLEET_REGISTERED "FleetRegistered"
#define CONDITION_FLEET_CONNECTED "FleetConnected"
#define CONDITION_FLEET_TWINS "FleetTwins"
#define CONDITION_FLEET_TOKEN_EXPIRING "FleetTokenExpiring"
