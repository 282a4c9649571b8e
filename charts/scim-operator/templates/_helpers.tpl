{{- define "scim-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for the longest suffix, -directory, in a name of 63 characters. */}}
{{- define "scim-operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* Labels that a selector relies on: they never change in the life of a release. */}}
{{- define "scim-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "scim-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "scim-operator.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "scim-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "scim-operator.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Where the operator may work beside its own namespace: with scope Namespaced it has to be told. */}}
{{- define "scim-operator.watchNamespaces" -}}
{{- if and (eq .Values.rbac.scope "Namespaced") (empty .Values.watchNamespaces) -}}
{{- fail "watchNamespaces is empty: rbac.scope Namespaced needs the namespaces in which the operator may work." -}}
{{- end -}}
{{- join "," .Values.watchNamespaces -}}
{{- end }}

{{/* A URL of the database: call with a dict of root, the variable's name and the key of the Secret. */}}
{{- define "scim-operator.databaseEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ required "database.existingSecret is missing: name the Secret with the URLs of the database." .root.Values.database.existingSecret }}
      key: {{ .key }}
{{- end }}

{{/* A variable that is left out where its value is empty: call with a dict of name and value. */}}
{{- define "scim-operator.optionalEnv" -}}
{{- if .value }}
- name: {{ .name }}
  value: {{ .value | toString | quote }}
{{- end }}
{{- end }}

{{- define "scim-operator.commonEnv" -}}
- name: LOG_LEVEL
  value: {{ .Values.logLevel }}
- name: METRICS_TENANT_LIMIT
  value: {{ .Values.metrics.tenantLimit | quote }}
{{- end }}

{{- define "scim-operator.pepperPath" -}}
/etc/scim-operator/pepper
{{- end }}
