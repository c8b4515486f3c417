// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/reason.h"

#include <assert.h>
#include <string.h>

static const char *const names[REASONS] = {
	[REASON_DELETION_HELD] = "DeletionHeld",
	[REASON_DENIED] = "Denied",
	[REASON_DOMAIN_DIFFERS] = "DomainDiffers",
	[REASON_DOWNGRADE_REFUSED] = "DowngradeRefused",
	[REASON_EVICTION_REFUSED] = "EvictionRefused",
	[REASON_FORMING] = "Forming",
	[REASON_INVALID_SPEC] = "InvalidSpec",
	[REASON_NAME_TAKEN] = "NameTaken",
	[REASON_OFFLINE] = "Offline",
	[REASON_POD_NOT_CREATED] = "PodNotCreated",
	[REASON_POD_STUCK] = "PodStuck",
	[REASON_READY] = "Ready",
	[REASON_REMOVING_SERVERS] = "RemovingServers",
	[REASON_ROLL_STOPPED] = "RollStopped",
	[REASON_SCALE_IN_REFUSED] = "ScaleInRefused",
	[REASON_SCALE_IN_STOPPED] = "ScaleInStopped",
	[REASON_SERVER_FAILS] = "ServerFails",
	[REASON_SERVER_LOST] = "ServerLost",
	[REASON_SERVERS_NOT_ENABLED] = "ServersNotEnabled",
	[REASON_SERVERS_NOT_READY] = "ServersNotReady",
	[REASON_SURVEY_UNREADABLE] = "SurveyUnreadable",
	[REASON_UPDATING] = "Updating",
	[REASON_WAITING_FOR_DELETION] = "WaitingForDeletion",
	[REASON_WAITING_FOR_SECRET] = "WaitingForSecret",
	[REASON_WORKLOAD_NOT_OBSERVED] = "WorkloadNotObserved",
	[REASON_CERTIFICATE_UNUSABLE] = "CertificateUnusable",
	[REASON_CREDENTIALS_REFUSED] = "CredentialsRefused",
	[REASON_LOGINS_LIMITED] = "LoginsLimited",
	[REASON_SECRET_NOT_FOUND] = "SecretNotFound",
	[REASON_SECRET_UNREADABLE] = "SecretUnreadable",
	[REASON_SERVER_ERROR] = "ServerError",
	[REASON_UNREACHABLE] = "Unreachable",
	[REASON_API_UNAVAILABLE] = "ApiUnavailable",
	[REASON_AURA_NAME_TAKEN] = "AuraNameTaken",
	[REASON_AURA_REFUSED] = "AuraRefused",
	[REASON_AURA_UNAVAILABLE] = "AuraUnavailable",
	[REASON_CONNECTED] = "Connected",
	[REASON_CONNECTING] = "Connecting",
	[REASON_DISABLED] = "Disabled",
	[REASON_FLEET_PLUGIN_WITHDRAWN] = "FleetPluginWithdrawn",
	[REASON_NO_LEADER] = "NoLeader",
	[REASON_NOT_ASKED] = "NotAsked",
	[REASON_NOT_CONNECTED] = "NotConnected",
	[REASON_PLUGINS_MALFORMED] = "PluginsMalformed",
	[REASON_PROCEDURE_MISSING] = "ProcedureMissing",
	[REASON_PROVISION_CHANGED] = "ProvisionChanged",
	[REASON_PROVISIONING] = "Provisioning",
	[REASON_REGISTERED] = "Registered",
	[REASON_RIGHTS_MISSING] = "RightsMissing",
	[REASON_SECRET_KEY_NOT_FOUND] = "SecretKeyNotFound",
	[REASON_TOKEN_DEFERRED] = "TokenDeferred",
	[REASON_TOKEN_EMPTY] = "TokenEmpty",
	[REASON_TOKEN_EXPIRED] = "TokenExpired",
	[REASON_TOKEN_GONE] = "TokenGone",
	[REASON_TOKEN_MALFORMED] = "TokenMalformed",
	[REASON_TOKEN_REFUSED] = "TokenRefused",
	[REASON_VERSION_UNKNOWN] = "VersionUnknown",
	[REASON_VERSION_UNSUPPORTED] = "VersionUnsupported",
	[REASON_WAITING_FOR_READY] = "WaitingForReady",
	[REASON_PAUSED] = "Paused",
	[REASON_RESUMED] = "Resumed",

	[REASON_ACCEPTED] = "Accepted",
	[REASON_APART] = "Apart",
	[REASON_EXPIRES_SOON] = "ExpiresSoon",
	[REASON_MERGED] = "Merged",
	[REASON_NOT_A_LIST] = "NotAList",
	[REASON_ONE_IN_AURA] = "OneInAura",
	[REASON_ONE_TOKEN] = "OneToken",
	[REASON_REFUSED] = "Refused",
	[REASON_RENEWED] = "Renewed",
	[REASON_SECRET_UNUSABLE] = "SecretUnusable",
	[REASON_USABLE] = "Usable",
	[REASON_CLAIMED_TWICE] = "ClaimedTwice",
	[REASON_INSTALLING] = "Installing",
	[REASON_PROCEDURES_MISSING] = "ProceduresMissing",
	[REASON_TARGET_NOT_FOUND] = "TargetNotFound",
	[REASON_TARGET_NOT_READY] = "TargetNotReady",
	[REASON_UNKNOWN_PLUGIN] = "UnknownPlugin",
	[REASON_ADMIN_SECRET_UNUSABLE] = "AdminSecretUnusable",
	[REASON_ADOPTED] = "Adopted",
	[REASON_AURA_DISABLED] = "AuraFleetManagementDisabled",
	[REASON_AURA_DISCONNECTED] = "AuraFleetManagementDisconnected",
	[REASON_AURA_FAILED] = "AuraFleetManagementFailed",
	[REASON_AURA_REGISTERED] = "AuraFleetManagementRegistered",
	[REASON_CLAIM_DELETED] = "ClaimDeleted",
	[REASON_DEPLOYMENT_DELETED] = "FleetDeploymentDeleted",
	[REASON_DEPLOYMENT_LEFT] = "FleetDeploymentLeft",
	[REASON_FLEET_STATUS_RESTORED] = "FleetStatusRestored",
	[REASON_LICENSE_AGREEMENT] = "LicenseAgreement",
	[REASON_ONLINE] = "Online",
	[REASON_PATCH_BACK] = "PatchBack",
	[REASON_PLUGIN_FAILED] = "PluginFailed",
	[REASON_PLUGIN_READY] = "PluginReady",
	[REASON_PUT_BACK] = "PutBack",
	[REASON_ROLL_BEGUN] = "RollBegun",
	[REASON_ROLL_ENDED] = "RollEnded",
	[REASON_SERVER_DROPPED] = "ServerDropped",
	[REASON_SERVERS_DRAINING] = "ServersDraining",
	[REASON_SERVERS_ENABLED] = "ServersEnabled",
	[REASON_STORAGE_GROWING] = "StorageGrowing",
	[REASON_STORAGE_GROWTH_REFUSED] = "StorageGrowthRefused",
	[REASON_OTHER] = "Other",
};

const char *reason_name(enum reason reason)
{
	assert(reason < REASONS);
	return names[reason];
}

enum reason reason_of(const char *name)
{
	if (!name)
		return REASON_NONE;
	for (enum reason reason = REASON_NONE + 1; reason < REASON_OTHER; reason++) {
		if (strcmp(names[reason], name) == 0)
			return reason;
	}
	return REASON_OTHER;
}
