{{/* What objects are called. 48 characters leave room for every ending, and for what Kubernetes adds to names of pods. */}}
{{- define "waxseal.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 48 | trimSuffix "-" -}}
{{- end }}

{{- define "waxseal.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains (include "waxseal.name" .) .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "waxseal.name" .) | replace "." "-" | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* What selectors hold. It can never change for an object that is there. */}}
{{- define "waxseal.selector" -}}
app.kubernetes.io/name: {{ include "waxseal.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end }}

{{/* Labels of everything, of which those above count most. */}}
{{- define "waxseal.labels" -}}
{{- $own := include "waxseal.selector" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- merge $own .Values.commonLabels | toYaml -}}
{{- end }}

{{- define "waxseal.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end }}

{{- define "waxseal.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "waxseal.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{- define "waxseal.rootSecret" -}}
{{- default (printf "%s-root-key" (include "waxseal.fullname" .)) .Values.rootKey.existingSecret -}}
{{- end }}

{{- define "waxseal.administratorSecret" -}}
{{- default (printf "%s-administrator" (include "waxseal.fullname" .)) .Values.administrator.existingSecret -}}
{{- end }}

{{- define "waxseal.tlsSecret" -}}
{{- default (printf "%s-tls" (include "waxseal.fullname" .)) .Values.tls.existingSecret -}}
{{- end }}

{{/* The domains, and `*.` before each if so wanted, as a list. Takes the context and whether. */}}
{{- define "waxseal.hosts" -}}
{{- $wildcard := index . 1 -}}
{{- range (index . 0).Values.domains }}
- {{ . | quote }}
{{- if $wildcard }}
- {{ printf "*.%s" . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* How many pods there are if nothing scales them. */}}
{{- define "waxseal.replicas" -}}
{{- $usual := ternary 2 1 (eq .Values.backend.kind "s3") -}}
{{- kindIs "invalid" .Values.replicas | ternary $usual .Values.replicas | int64 -}}
{{- end }}
