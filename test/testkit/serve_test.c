// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "test/testkit/serve.h"

// The features of testkit (its nutkit/protocol/feature.py) that the library has. A test that needs another one is skipped, and
// test/testkit/skips.tsv says why.
static const char *const features[] = {
	"Feature:API:BookmarkManager",
	"Feature:API:ConnectionAcquisitionTimeout",
	"Feature:API:Driver.ExecuteQuery",
	"Feature:API:Driver.ExecuteQuery:WithAuth",
	"Feature:API:Driver.IsEncrypted",
	"Feature:API:Driver.SupportsSessionAuth",
	"Feature:API:Driver.VerifyAuthentication",
	"Feature:API:Driver.VerifyConnectivity",
	"Feature:API:Driver:GetServerInfo",
	"Feature:API:Driver:NotificationsConfig",
	"Feature:API:Liveness.Check",
	"Feature:API:Result.List",
	"Feature:API:Result.Peek",
	"Feature:API:Result.Single",
	"Feature:API:RetryableExceptions",
	"Feature:API:SSLClientCertificate",
	"Feature:API:SSLConfig",
	"Feature:API:SSLSchemes",
	"Feature:API:Session:AuthConfig",
	"Feature:API:Session:NotificationsConfig",
	"Feature:API:Summary:GqlStatusObjects",
	"Feature:API:Type.Spatial",
	"Feature:API:Type.Temporal",
	"Feature:Auth:Bearer",
	"Feature:Auth:Custom",
	"Feature:Auth:Kerberos",
	"Feature:Auth:Managed",
	"Feature:Bolt:4.3",
	"Feature:Bolt:4.4",
	"Feature:Bolt:5.0",
	"Feature:Bolt:5.1",
	"Feature:Bolt:5.2",
	"Feature:Bolt:5.3",
	"Feature:Bolt:5.4",
	"Feature:Bolt:5.6",
	"Feature:Bolt:5.7",
	"Feature:Bolt:Patch:UTC",
	"Feature:Impersonation",
	"Feature:TLS:1.2",
	"Feature:TLS:1.3",
	"AuthorizationExpiredTreatment",
	"ConfHint:connection.recv_timeout_seconds",
	"Optimization:ConnectionReuse",
	"Optimization:EagerTransactionBegin",
	"Optimization:ExecuteQueryPipelining",
	"Optimization:ImplicitDefaultArguments",
	"Optimization:MinimalBookmarksSet",
	"Optimization:MinimalResets",
	"Optimization:MinimalVerifyAuthentication",
	"Optimization:PullPipelining",
	"Optimization:ResultListFetchAll",
	"Backend:MockTime",
	"Backend:RTFetch",
	"Backend:RTForceUpdate",
};

// Tests that do not fit the library although it holds what they need; each needs a reason.
static const struct {
	const char *part; // of the test's name
	const char *reason;
} unfit[] = {
	{"TestClientCertificateRotation", "the client certificate is an option of the driver and stays what it is"},
	{"test_explicit_config_and_scheme_config", "an option that switches the TLS of a scheme off does not exist"},
};

static int start_test(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	const char *name = read_text(data, "testName");

	(void)talk;
	(void)err;
	reply->name = "RunTest";
	for (size_t i = 0; name && i < sizeof(unfit) / sizeof(unfit[0]); i++)
		if (strstr(name, unfit[i].part)) {
			reply->name = "SkipTest";
			yyjson_mut_obj_add_str(reply->doc, reply->data, "reason", unfit[i].reason);
		}
	return 0;
}

static int get_features(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(reply->doc, reply->data, "features");

	(void)talk;
	(void)data;
	(void)err;
	reply->name = "FeatureList";
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		yyjson_mut_arr_add_str(reply->doc, list, features[i]);
	return 0;
}

static int fake_time(struct talk *talk, bool stopped, struct reply *reply)
{
	talk->stopped = false;
	talk->stopped_monotonic_ms = clock_monotonic_ms(&talk->clock);
	talk->stopped_wall_ms = clock_wall_ms(&talk->clock);
	talk->stopped = stopped;
	reply->name = "FakeTimeAck";
	return 0;
}

static int fake_time_install(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	(void)data;
	(void)err;
	return fake_time(talk, true, reply);
}

static int fake_time_uninstall(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	(void)data;
	(void)err;
	return fake_time(talk, false, reply);
}

static int fake_time_tick(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	const int64_t ms = read_whole(data, "incrementMs", 0);

	(void)err;
	talk->stopped_monotonic_ms += ms;
	talk->stopped_wall_ms += ms;
	reply->name = "FakeTimeAck";
	return 0;
}

const struct request_kind requests_test[] = {
	{"StartTest", start_test},
	{"GetFeatures", get_features},
	{"FakeTimeInstall", fake_time_install},
	{"FakeTimeUninstall", fake_time_uninstall},
	{"FakeTimeTick", fake_time_tick},
	{NULL, NULL},
};
