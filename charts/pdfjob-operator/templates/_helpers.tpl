{{- define "pdfjob.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pdfjob.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "pdfjob.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "pdfjob.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pdfjob.labels" -}}
{{ include "pdfjob.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: pdfjob
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "pdfjob.redisName" -}}
{{ include "pdfjob.fullname" . | trunc 57 | trimSuffix "-" }}-redis
{{- end }}

{{- define "pdfjob.redisSelectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-redis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pdfjob.redisLabels" -}}
{{ include "pdfjob.redisSelectorLabels" . }}
app.kubernetes.io/component: redis
app.kubernetes.io/part-of: pdfjob
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "pdfjob.redisUrl" -}}
{{- if .Values.redis.url }}{{ .Values.redis.url }}
{{- else if .Values.redis.enabled }}{{ printf "redis://%s.%s.svc:6379/0" (include "pdfjob.redisName" .) .Release.Namespace }}
{{- end }}
{{- end }}

{{- /* Helm takes a large whole number for 1e+06; what is no number goes on as it is, for the operator to refuse. */}}
{{- define "pdfjob.limit" -}}
{{- if kindIs "float64" . }}{{ if eq (float64 (int64 .)) . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else if not (kindIs "invalid" .) }}{{ . }}
{{- end }}
{{- end }}

{{- /* What the operator may do, and nothing else: no wildcard, no Secrets. */}}
{{- define "pdfjob.rules" -}}
- apiGroups: [pdfjob.dev]
  resources: [pdfjobs]
  verbs: [get, list, watch, delete]  # delete: spec.ttlSecondsAfterFinished
- apiGroups: [pdfjob.dev]
  resources: [pdfjobs/status]
  verbs: [update]
# Some clusters ask for this of whoever makes an object that holds up its owner's deletion.
- apiGroups: [pdfjob.dev]
  resources: [pdfjobs/finalizers]
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, list]  # list: why pods do not start
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]  # a namespace that is being deleted waits for Jobs, unless they are deleted
{{- end }}
