{{/*
SPDX-FileCopyrightText: The neofleet authors
SPDX-License-Identifier: Apache-2.0

Names and labels. One process watches all namespaces or one, so a list of namespaces is a list of operators: each template ranges over
neofleet.operators. An operator is a dict: root (the chart's $), watches (a namespace, "" for all), name.
*/}}

{{- define "neofleet.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "neofleet.fullname" -}}
{{- $name := include "neofleet.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "neofleet.operators" -}}
{{- $operators := list -}}
{{- $fullname := include "neofleet.fullname" . -}}
{{- range .Values.watchNamespaces | default (list "") -}}
{{- $operators = append $operators (dict "watches" . "name" (ternary (printf "%s-%s" $fullname .) $fullname (ne . ""))) -}}
{{- end -}}
{{ toJson $operators }}
{{- end }}

{{/* The operator's own default for --lease-name, whatever the release's name: two that watch the same then wait for each other. */}}
{{- define "neofleet.lease" -}}
{{ ternary (printf "neofleet-%s" .watches) "neofleet" (ne .watches "") }}
{{- end }}

{{- define "neofleet.account" -}}
{{ .root.Values.serviceAccount.name | default .name }}
{{- end }}

{{- define "neofleet.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ . }}/{{ end -}}
{{ .repository }}
{{- if or .tag (not .digest) }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end -}}
{{- end }}

{{/* They never change: a Deployment's selector cannot. */}}
{{- define "neofleet.selector" -}}
{{- if .root.Values.plain -}}
app.kubernetes.io/name: {{ ternary "neofleet-namespaced" "neofleet" (ne .watches "") }}
{{- with .watches }}
app.kubernetes.io/instance: {{ . }}
{{- end }}
{{- else -}}
app.kubernetes.io/name: {{ include "neofleet.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .watches }}
neofleet.neo4j.com/watches: {{ . }}
{{- end }}
{{- end -}}
{{- end }}

{{- define "neofleet.marks" -}}
{{- if not .Values.plain }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Of an operator's objects. */}}
{{- define "neofleet.labels" -}}
{{ include "neofleet.selector" . }}
{{- include "neofleet.marks" .root }}
{{- end }}

{{/* Of what all operators of the release share. */}}
{{- define "neofleet.shared" -}}
{{ include "neofleet.selector" (dict "root" . "watches" "") }}
{{- include "neofleet.marks" . }}
{{- end }}
