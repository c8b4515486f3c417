# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The alerts and the dashboards, said once; script/monitoring makes of it what Prometheus, Grafana, the chart and docs/runbooks hold.

An alert wakes somebody for a reason: each has a page of its name in docs/runbooks. Operators of one job tell the same (one works, one stands ready), so
that is joined over them; operators that look after a namespace each are a job each, and are added up. Names that other programs give to their metrics, too, are taken of our operators alone (OURS).
"""

OURS = "and on (job, instance) neofleet_fleet_enabled"
ONE = "max by (kind, namespace, name)"
# What the operator or Kubernetes brings to an end by itself.
BUSY = "Forming|Updating|RemovingServers|WorkloadNotObserved"
WAITS = "TokenDeferred|WaitingForReady|Connecting|Provisioning|Disabled"
WHO = "{{ $labels.kind }} {{ $labels.namespace }}/{{ $labels.name }}"

# (group, name, severity, for, expression, summary, description, what it means, for the index)
ALERTS = [
    ("neofleet-fleet", "NeofleetNotConnected", "warning", "10m",
     f'{ONE} (neofleet_deployment_trouble{{condition="FleetConnected"}}) > 0',
     f"{WHO} is registered and does not talk to Aura",
     "The deployment is missing in the Aura console, or what is shown there is old. Condition FleetConnected has the server's own words.",
     "a deployment is registered, and its servers do not talk to Aura"),
    ("neofleet-fleet", "NeofleetTokenExpires", "warning", "1h",
     f'{ONE} (neofleet_deployment_trouble{{condition="FleetTokenExpiring"}}) > 0',
     f"The token of {WHO} expires soon",
     "The token that its servers hold ends within spec.auraFleetManagement.expiryWarning and was not renewed. Condition FleetTokenExpiring has the date.",
     "the token that a deployment's servers hold ends soon and was not renewed"),
    ("neofleet-fleet", "NeofleetRegistrationFails", "warning", "15m",
     f'{ONE} (neofleet_deployment_trouble{{condition="FleetRegistered", reason!~"{WAITS}"}}) > 0',
     f"{WHO} cannot be registered",
     "Fleet Management is enabled, and the registration fails. status.auraFleetManagement.message says why, and what to do.",
     "Fleet Management is asked for, and the registration fails"),
    ("neofleet-fleet", "NeofleetTwins", "warning", "15m",
     f'{ONE} (neofleet_deployment_trouble{{condition="FleetTwins"}}) > 0',
     f"{WHO} and another deployment have one identity or one token in Aura",
     "Its servers run on a copy of another deployment's volume and hold the same token, or its Secret holds another deployment's token.",
     "two deployments have one identity or one token in Aura"),
    ("neofleet-deployments", "NeofleetNotReady", "critical", "15m",
     f'{ONE} (neofleet_deployment_trouble{{condition="Ready", reason!~"{BUSY}"}}) > 0',
     f"{WHO} is not ready",
     "Servers are missing or cannot be asked, or the spec cannot be carried out. No change is under way that would explain it. "
     "status.message names the server and the cause.",
     "a deployment is degraded or has failed, and no change explains it"),
    ("neofleet-deployments", "NeofleetStalled", "critical", "5m",
     f'{ONE} (neofleet_deployment_trouble{{condition="Stalled"}}) > 0',
     f"{WHO} waits for a person",
     "A roll, a scale-in or a change of the spec goes no further, and will not without help. status.message says what it waits for.",
     "a roll or another change is stuck, and only a person can end it"),
    ("neofleet-deployments", "NeofleetChangeTakesLong", "warning", "2h",
     f'{ONE} (neofleet_deployment_trouble{{condition="Ready", reason=~"{BUSY}"}}) > 0',
     f"A change of {WHO} has taken two hours",
     "The deployment forms, rolls or removes servers, and is not through. status.message says how far it is.",
     "a change has been under way for two hours"),
    ("neofleet-deployments", "NeofleetSecretUnusable", "warning", "15m",
     f'{ONE} (neofleet_deployment_trouble{{condition=~"CredentialsRefused|CertificateUnusable"}}) > 0',
     f"The admin password or the certificate of {WHO} cannot be used",
     "Servers run on as they are, but the operator cannot log in, or pods that start anew will not come up. The conditions "
     "CredentialsRefused and CertificateUnusable say which.",
     "the admin password or the certificate does not fit"),
    ("neofleet-operator", "NeofleetOperatorDown", "critical", "10m",
     "count by (job) (count_over_time(neofleet_fleet_enabled[1d])) unless on (job) neofleet_fleet_enabled "
     "or absent_over_time(neofleet_fleet_enabled[1d])",
     "An operator is not scraped any more, or never was: {{ $labels.job }}",
     "Prometheus has no metrics of it: it does not run, or cannot be reached. Servers run on; nobody repairs, rolls or registers them, "
     "and all other alerts about its deployments are silent.",
     "an operator that was there within the last day cannot be asked, or none ever could"),
    ("neofleet-operator", "NeofleetOperatorNotLeading", "critical", "5m",
     f"max by (job, name) (leader_election_master_status {OURS}) == 0",
     "No operator holds the Lease {{ $labels.name }}",
     "Operators run, and none of them works: each waits for the Lease.",
     "operators run, and none works"),
    ("neofleet-operator", "NeofleetOperatorBlind", "critical", "15m",
     f'sum by (job, instance) (rate(rest_client_requests_total{{code=~"<error>|401|403|5.."}}[5m]) {OURS}) '
     f"/ sum by (job, instance) (rate(rest_client_requests_total[5m]) {OURS}) > 0.05",
     "The operator {{ $labels.instance }} is refused by the Kubernetes API, or does not reach it",
     "{{ $value | humanizePercentage }} of its requests fail, so it may not see what changes, or cannot write.",
     "the Kubernetes API refuses the operator, or does not answer it"),
    ("neofleet-operator", "NeofleetReconcileErrors", "warning", "10m",
     f"sum by (job, instance) (increase(controller_runtime_reconcile_errors_total[30m]) {OURS}) > 10",
     "Reconciles of the operator {{ $labels.instance }} end with errors",
     "{{ $value | humanize }} reconciles of half an hour ended with an error. The log says which, and why.",
     "the operator's passes over deployments end with errors"),
]


def p95(histogram, ours=""):
    return f"histogram_quantile(0.95, sum by (le) (rate({histogram}_bucket[5m]){ours}))"


# A panel: (title, kind, width of 24, unit, [(query, legend)]). Kinds: stat, timeseries, table.
DASHBOARDS = {
    "fleet": ("neofleet: fleet", [
        ("Deployments", "stat", 4, "short", [("sum(max by (job, kind, phase) (neofleet_deployments))", "")]),
        ("Ready", "stat", 4, "short", [('sum(max by (job, kind) (neofleet_deployments{phase="Ready"}))', "")]),
        ("Fleet Management enabled", "stat", 4, "short", [("sum(max by (job) (neofleet_fleet_enabled))", "")]),
        ("Registered", "stat", 4, "short", [("sum(max by (job) (neofleet_fleet_registered))", "")]),
        ("Not connected", "stat", 4, "short", [("sum(max by (job) (neofleet_fleet_disconnected))", "")]),
        ("Next token expires in", "stat", 4, "s", [("min(neofleet_fleet_token_expiry_timestamp_seconds) - time()", "")]),
        ("What is not as it should be", "table", 24, "short",
         [("max by (namespace, name, kind, condition, reason) (neofleet_deployment_trouble)", "")]),
        ("Deployments by phase", "timeseries", 12, "short", [("sum by (phase) (max by (job, kind, phase) (neofleet_deployments))", "{{phase}}")]),
        ("Not registered, by reason", "timeseries", 12, "short", [("sum by (reason) (max by (job, reason) (neofleet_fleet_unregistered))", "{{reason}}")]),
        ("Tokens: time left", "table", 12, "s",
         [("sort(min by (namespace, name, kind) (neofleet_fleet_token_expiry_timestamp_seconds) - time())", "")]),
        ("Plugins by phase", "timeseries", 12, "short", [("sum by (phase) (max by (job, phase) (neofleet_plugins))", "{{phase}}")]),
        ("Neo4j over Bolt, 95th percentile", "timeseries", 24, "s",
         [(p95("neofleet_bolt_login_seconds"), "log in"), (p95("neofleet_bolt_query_seconds"), "statement")]),
    ]),
    "operator": ("neofleet: operator", [
        ("Operators that work", "stat", 6, "short", [(f"sum(leader_election_master_status {OURS})", "")]),
        ("Operators", "stat", 6, "short", [("count(neofleet_fleet_enabled)", "")]),
        ("Waiting for the Lease", "stat", 6, "s", [("max(neofleet_lease_wait_seconds)", "")]),
        ("Oldest running reconcile", "stat", 6, "s", [(f"max(workqueue_longest_running_processor_seconds {OURS})", "")]),
        ("Reconciles a second, by result", "timeseries", 12, "ops",
         [(f"sum by (result) (rate(controller_runtime_reconcile_total[5m]) {OURS})", "{{result}}")]),
        ("Reconciles, 95th percentile", "timeseries", 12, "s",
         [(p95("controller_runtime_reconcile_time_seconds", f" {OURS}"), "reconcile"),
          (p95("workqueue_queue_duration_seconds", f" {OURS}"), "wait in the queue")]),
        ("Queue", "timeseries", 12, "short", [(f"sum(workqueue_depth {OURS})", "due"), (f"sum(controller_runtime_active_workers {OURS})", "running")]),
        ("Put off by a back-off", "timeseries", 12, "ops", [(f"sum(rate(workqueue_retries_total[5m]) {OURS})", "retries")]),
        ("Requests to the Kubernetes API, by answer", "timeseries", 12, "reqps",
         [(f"sum by (code) (rate(rest_client_requests_total[5m]) {OURS})", "{{code}}")]),
        ("Calls to the Kubernetes API, by method", "timeseries", 12, "reqps", [("sum by (method) (rate(neofleet_api_calls_total[5m]))", "{{method}}")]),
        ("Memory", "timeseries", 24, "bytes",
         [(f"process_resident_memory_bytes {OURS}", "resident, {{instance}}"), ("neofleet_heap_in_use_bytes", "in use, {{instance}}")]),
    ]),
}
