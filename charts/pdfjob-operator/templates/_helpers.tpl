{{- define "pdfjob.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "pdfjob.fullname" -}}
{{- $name := include "pdfjob.name" . }}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- /* The full name, short enough for a label even with a suffix. */}}
{{- define "pdfjob.shortname" -}}
{{ include "pdfjob.fullname" . | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- /* The name of a cluster-scoped resource, which differs between releases of the same name in other namespaces. */}}
{{- define "pdfjob.clusterName" -}}
{{ printf "%s-%s" (include "pdfjob.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "pdfjob.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "pdfjob.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- /*
Labels that select pods. Expects a dict with root and, except for the operator, component. Other components also have
another name, so that selectors of the operator pod never match them.
*/}}
{{- define "pdfjob.selectorLabels" -}}
app.kubernetes.io/name: {{ list (include "pdfjob.name" .root) .component | compact | join "-" | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end }}

{{- /* Labels of a resource. Expects the dict of selectorLabels, and labels, which the chart's own labels override. */}}
{{- define "pdfjob.labels" -}}
{{- $own := include "pdfjob.selectorLabels" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" (.root.Chart.AppVersion | trunc 63) }}
{{- $_ := set $own "app.kubernetes.io/component" (.component | default "operator") }}
{{- $_ := set $own "app.kubernetes.io/part-of" "pdfjob" }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- merge $own (.labels | default dict) (.root.Values.commonLabels | default dict) | toYaml }}
{{- end }}

{{- /* Metadata of a resource. Expects the dict of labels, and name, namespace and annotations. */}}
{{- define "pdfjob.metadata" -}}
name: {{ .name | default (include "pdfjob.fullname" .root) | quote }}
{{- with .namespace }}
namespace: {{ . | quote }}
{{- end }}
labels: {{- include "pdfjob.labels" . | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) (.root.Values.commonAnnotations | default dict) }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The reference of an image. Expects a dict with root, image (its values) and tag (the default). As in any reference of
an image, what comes before the first slash is a registry if it has a dot or a port, or is localhost. */}}
{{- define "pdfjob.image" -}}
{{- $repository := .image.repository }}
{{- with (.root.Values.global).imageRegistry }}
{{- $repository = printf "%s/%s" . (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") }}
{{- end }}
{{- $repository }}{{ if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .tag }}{{ end }}
{{- end }}

{{- /* The comma-separated names of all pull secrets. */}}
{{- define "pdfjob.pullSecretNames" -}}
{{- $names := list }}
{{- range concat ((.Values.global).imagePullSecrets | default list) (.Values.imagePullSecrets | default list) }}
{{- $names = append $names (kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") .) }}
{{- end }}
{{- $names | uniq | join "," }}
{{- end }}

{{- define "pdfjob.pullSecrets" -}}
{{- with include "pdfjob.pullSecretNames" . }}
imagePullSecrets:
  {{- range splitList "," . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* Scheduling of the chart's pods. */}}
{{- define "pdfjob.placement" -}}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* runnerPod as JSON. Without ids in its security context, none are set, in place of the operator's default. */}}
{{- define "pdfjob.runnerPod" -}}
{{- $ids := .Values.runnerPod.securityContext | default dict }}
{{- toJson (merge (dict "securityContext" $ids) (omit .Values.runnerPod "securityContext")) }}
{{- end }}

{{- /* podPolicy as JSON: quantities as strings, and a list that is null as an empty one, which allows nothing. */}}
{{- define "pdfjob.podPolicy" -}}
{{- $most := dict }}
{{- range $resource, $quantity := .Values.podPolicy.maxResources | default dict }}
{{- $_ := set $most $resource (include "pdfjob.limit" $quantity) }}
{{- end }}
{{- $policy := dict "maxResources" $most }}
{{- range list "nodeLabels" "taints" "priorityClassNames" "serviceAccountNames" "labels" "annotations" }}
{{- $_ := set $policy . (get $.Values.podPolicy . | default list) }}
{{- end }}
{{- toJson $policy }}
{{- end }}

{{- /* The message of a list in podPolicy. Expects a dict with field (of spec.pod), names and list (of podPolicy). */}}
{{- define "pdfjob.onlyListed" -}}
spec.pod.{{ .field }}{{ with .names }}: only {{ join ", " . }} may be used: remove everything else{{ else }} is not allowed: remove it{{ end }}, or ask an administrator to change podPolicy.{{ .list }}
{{- end }}

{{- define "pdfjob.redisName" -}}
{{ include "pdfjob.shortname" . }}-redis
{{- end }}

{{- define "pdfjob.redisUrl" -}}
{{- if .Values.redis.url }}{{ .Values.redis.url }}
{{- else if .Values.redis.enabled }}{{ printf "redis://%s.%s.svc:6379/0" (include "pdfjob.redisName" .) .Release.Namespace }}
{{- end }}
{{- end }}

{{- /* The Secret that contains the URL of Redis, and the key in it, as NAME/KEY. */}}
{{- define "pdfjob.redisSecret" -}}
{{- with .Values.redis.urlSecretRef }}{{ if .name }}{{ .name }}/{{ .key }}{{ end }}{{ end }}
{{- end }}

{{- /* A number without an exponent: Helm prints a large integer as 1e+06. Other values are printed unchanged. */}}
{{- define "pdfjob.limit" -}}
{{- if kindIs "float64" . }}{{ if eq (float64 (int64 .)) . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else if not (kindIs "invalid" .) }}{{ . }}
{{- end }}
{{- end }}

{{- /*
The alerts in files/rules.yaml, with the thresholds and times of metrics.prometheusRule. A comment behind a threshold is the
name of its value.
*/}}
{{- define "pdfjob.alerts" -}}
{{- $values := .Values.metrics.prometheusRule }}
{{- $rules := fromYaml (.Files.Get "files/rules.yaml") }}
{{- range $rules.groups }}
{{- range $rule := .rules }}
{{- range $name, $value := get $values.alerts .alert }}
{{- if eq $name "for" }}
{{- $_ := set $rule $name $value }}
{{- else }}
{{- $threshold := printf "(?m)[0-9.]+(,?  # %s)$" $name }}
{{- $_ := set $rule "expr" (regexReplaceAll $threshold $rule.expr (printf "%s${1}" (include "pdfjob.limit" $value))) }}
{{- end }}
{{- end }}
{{- with $values.runbookBaseUrl }}
{{- $page := base $rule.annotations.runbook }}
{{- $_ := set $rule "annotations" (merge (dict "runbook_url" (printf "%s/%s" (trimSuffix "/" .) $page)) (omit $rule.annotations "runbook")) }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml $rules }}
{{- end }}

{{- /*
"true" if a resource of the Prometheus Operator is rendered, otherwise empty. Expects a dict with root, kind, path (of
its values) and mode (renderMode).
*/}}
{{- define "pdfjob.renders" -}}
{{- $known := .root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) }}
{{- if and (eq .mode "failIfMissing") (not $known) }}
{{- fail (printf "the cluster has no %s CRD: install the Prometheus Operator first, or set %s.renderMode to skipIfMissing" .kind .path) }}
{{- end }}
{{- if or $known (eq .mode "alwaysRender") }}true{{ end }}
{{- end }}

{{- /* Egress to DNS, at any address: no selector matches a node-local DNS cache. */}}
{{- define "pdfjob.egressDns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{- /* Egress to port 443 outside the cluster. */}}
{{- define "pdfjob.egressOutside" -}}
{{- $four := list }}
{{- $six := list }}
{{- range .Values.networkPolicy.privateNetworks }}
{{- if contains ":" . }}{{ $six = append $six . }}{{ else }}{{ $four = append $four . }}{{ end }}
{{- end }}
- to:
    - ipBlock: {cidr: 0.0.0.0/0, except: {{ toJson $four }}}
    - ipBlock: {cidr: "::/0", except: {{ toJson $six }}}
  ports:
    - {port: 443, protocol: TCP}
{{- end }}

{{- /* Egress to the Redis of redis.url or redis.enabled. */}}
{{- define "pdfjob.egressRedis" -}}
{{- if .Values.redis.url }}
- ports:
    - {port: {{ regexFind ":[0-9]+$" (get (urlParse .Values.redis.url) "host") | trimPrefix ":" | default 6379 }}, protocol: TCP}
{{- else if .Values.redis.enabled }}
- to:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: {{ .Release.Namespace | quote }}}
      podSelector:
        matchLabels: {{- include "pdfjob.selectorLabels" (dict "root" . "component" "redis") | nindent 10 }}
  ports:
    - {port: 6379, protocol: TCP}
{{- end }}
{{- end }}

{{- /* Egress to the Redis of redis.urlSecretRef, for pods only: the operator never reads the Secret. */}}
{{- define "pdfjob.egressSecretRedis" -}}
{{- if .Values.redis.urlSecretRef.name }}
- ports:
    - {port: 6379, protocol: TCP}
{{- end }}
{{- end }}

{{- /* The namespace of helm test, in which PdfJobs must be processed. */}}
{{- define "pdfjob.testNamespace" -}}
{{- if .Values.helmTest.namespace }}{{ .Values.helmTest.namespace }}
{{- else if or (not .Values.watchNamespaces) (has .Release.Namespace .Values.watchNamespaces) }}{{ .Release.Namespace }}
{{- else }}{{ first .Values.watchNamespaces }}
{{- end }}
{{- end }}

{{- /* The spec of a claim with the configuration in workspace. */}}
{{- define "pdfjob.claimSpec" -}}
accessModes: [{{ .Values.workspace.accessMode }}]
{{- with .Values.workspace.storageClassName }}
storageClassName: {{ . | quote }}
{{- end }}
resources: {requests: {storage: {{ include "pdfjob.limit" .Values.workspace.size | quote }}}}
{{- end }}

{{- /* All permissions of the operator: no wildcards, no Secrets. */}}
{{- define "pdfjob.rules" -}}
- apiGroups: [pdfjob.dev]
  resources: [pdfjobs]
  verbs: [get, list, watch, delete]  # delete: for spec.ttlSecondsAfterFinished
- apiGroups: [pdfjob.dev]
  resources: [pdfjobs/status]
  verbs: [update]
# Clusters with OwnerReferencesPermissionEnforcement require this to create resources that block their owner's deletion.
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
  verbs: [create, list]  # list: to find out why pods do not start
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]  # running Jobs block the deletion of their namespace, so the operator deletes them
# get: the uid of a claim tells its workspaces from those of a backup, and its access mode whether pods must share a node
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get{{ if .Values.workspace.createPerJob }}, create{{ end }}]
{{- end }}
