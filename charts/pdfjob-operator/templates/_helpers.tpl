{{- define "pdfjob.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "pdfjob.fullname" -}}
{{- $name := include "pdfjob.name" . }}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- /* With a suffix it still fits into a label. */}}
{{- define "pdfjob.shortname" -}}
{{ include "pdfjob.fullname" . | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- /* Of an object that belongs to no namespace, where another release of the same name must not clash with it. */}}
{{- define "pdfjob.clusterName" -}}
{{ printf "%s-%s" (include "pdfjob.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "pdfjob.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "pdfjob.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- /*
Labels that select pods. Takes a dict with root, and component if it is not the operator: what is not the operator has
another name, too, so that nothing that selects the operator's pods takes it for one.
*/}}
{{- define "pdfjob.selectorLabels" -}}
app.kubernetes.io/name: {{ list (include "pdfjob.name" .root) .component | compact | join "-" | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end }}

{{- /* Takes what selectorLabels takes, and labels, which the chart's own win over. */}}
{{- define "pdfjob.labels" -}}
{{- $own := include "pdfjob.selectorLabels" . | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" (.root.Chart.AppVersion | trunc 63) }}
{{- $_ := set $own "app.kubernetes.io/component" (.component | default "operator") }}
{{- $_ := set $own "app.kubernetes.io/part-of" "pdfjob" }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- merge $own (.labels | default dict) (.root.Values.commonLabels | default dict) | toYaml }}
{{- end }}

{{- /* Metadata of an object. Takes what labels takes, and name, namespace and annotations. */}}
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

{{- /* Takes root, image (the values), and tag, its default. */}}
{{- define "pdfjob.image" -}}
{{- with (.root.Values.global).imageRegistry | default .image.registry }}{{ . }}/{{ end }}{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .tag }}{{ end }}
{{- end }}

{{- /* The names of all pull Secrets, with commas between them. */}}
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

{{- /* Where the chart's pods run. */}}
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

{{- define "pdfjob.redisName" -}}
{{ include "pdfjob.shortname" . }}-redis
{{- end }}

{{- define "pdfjob.redisUrl" -}}
{{- if .Values.redis.url }}{{ .Values.redis.url }}
{{- else if .Values.redis.enabled }}{{ printf "redis://%s.%s.svc:6379/0" (include "pdfjob.redisName" .) .Release.Namespace }}
{{- end }}
{{- end }}

{{- /* The Secret with the URL of Redis, and the key in it, as NAME/KEY. */}}
{{- define "pdfjob.redisSecret" -}}
{{- with .Values.redis.urlSecretRef }}{{ if .name }}{{ .name }}/{{ .key }}{{ end }}{{ end }}
{{- end }}

{{- /* Helm takes a large whole number for 1e+06; what is no number goes on as it is. */}}
{{- define "pdfjob.limit" -}}
{{- if kindIs "float64" . }}{{ if eq (float64 (int64 .)) . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else if not (kindIs "invalid" .) }}{{ . }}
{{- end }}
{{- end }}

{{- /*
"true", if an object of a kind that not every cluster has is to be made. Takes root, kind, path (its values' name) and
mode.
*/}}
{{- define "pdfjob.renders" -}}
{{- $known := .root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" .kind) }}
{{- if and (eq .mode "failIfMissing") (not $known) }}
{{- fail (printf "the cluster knows no %s: install the Prometheus Operator first, or set %s.renderMode to skipIfMissing" .kind .path) }}
{{- end }}
{{- if or $known (eq .mode "alwaysRender") }}true{{ end }}
{{- end }}

{{- /* To anywhere: a cache of DNS on each node has an address that no selector finds. */}}
{{- define "pdfjob.egressDns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

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

{{- /* Pods prefer the Redis that the Secret names, where it is there; the operator never reads it. */}}
{{- define "pdfjob.egressSecretRedis" -}}
{{- if .Values.redis.urlSecretRef.name }}
- ports:
    - {port: 6379, protocol: TCP}
{{- end }}
{{- end }}

{{- /* Where helm test runs: PdfJobs must be processed there. */}}
{{- define "pdfjob.testNamespace" -}}
{{- if .Values.helmTest.namespace }}{{ .Values.helmTest.namespace }}
{{- else if or (not .Values.watchNamespaces) (has .Release.Namespace .Values.watchNamespaces) }}{{ .Release.Namespace }}
{{- else }}{{ first .Values.watchNamespaces }}
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
