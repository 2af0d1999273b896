{{/* A value in TOML: a text as JSON has it, which TOML reads too; a whole number; true or false; or a list of these. */}}
{{- define "waxseal.tomlValue" -}}
{{- if kindIs "slice" . -}}
[{{- range $index, $item := . }}{{ if $index }}, {{ end }}{{ include "waxseal.tomlValue" $item }}{{ end -}}]
{{- else if or (kindIs "string" .) (kindIs "bool" .) -}}
{{- toJson . -}}
{{- else -}}
{{- int64 . -}}
{{- end -}}
{{- end }}

{{/* The keys of a table with their values, a line each. What is null or an empty text is not said. */}}
{{- define "waxseal.tomlLines" -}}
{{- range $key, $value := . }}
{{- if not (or (kindIs "invalid" $value) (kindIs "map" $value) (and (kindIs "string" $value) (eq $value ""))) }}
{{ $key }} = {{ include "waxseal.tomlValue" $value }}
{{- end }}
{{- end }}
{{- end }}

{{/* The program's configuration. No secret is in it: those are files beside it and variables of the environment. */}}
{{- define "waxseal.config" -}}
{{- $address := contains ":" .Values.listenAddress | ternary (printf "[%s]" .Values.listenAddress) .Values.listenAddress -}}
{{- $top := dict "root_key" "/etc/waxseal/root.key" "domains" .Values.domains -}}
{{- $_ := set $top "listen" (printf "%s:9000" $address) -}}
{{- $_ := set $top "admin_listen" (printf "%s:9001" $address) -}}
{{- if eq .Values.backend.kind "disk" -}}
{{- $_ := set $top "data" "/var/lib/waxseal/store" -}}
{{- end -}}
{{- include "waxseal.tomlLines" (merge $top .Values.config) | trim }}

[backend]
kind = {{ .Values.backend.kind | toJson }}
{{- if eq .Values.backend.kind "s3" }}
{{- $s3 := .Values.backend.s3 }}
{{- $backend := dict "endpoint" $s3.endpoint "region" $s3.region "bucket" $s3.bucket "prefix" $s3.prefix "own_buckets" $s3.ownBuckets }}
{{- $_ := set $backend "path_style" $s3.pathStyle }}
{{- $_ := set $backend "max_connections" $s3.maxConnections }}
{{- $_ := set $backend "danger_allow_http" $s3.dangerAllowHttp }}
{{- $_ := set $backend "credentials" $s3.credentials.source }}
{{- if or $s3.ca.existingSecret $s3.ca.existingConfigMap }}
{{- $_ := set $backend "ca_file" "/etc/waxseal/backend-ca.pem" }}
{{- end }}
{{- include "waxseal.tomlLines" $backend }}
{{- end }}
{{- range $section, $values := .Values.config }}
{{- if kindIs "map" $values }}
{{- with include "waxseal.tomlLines" $values }}

[{{ $section }}]
{{- . }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.tls.enabled }}

[tls]
certificate = "/etc/waxseal/tls.crt"
key = "/etc/waxseal/tls.key"
{{- end }}
{{- range $index, $key := .Values.kmsKeys }}

[[kms_key]]
{{- include "waxseal.tomlLines" (dict "id" $key.id "root_key" (printf "/etc/waxseal/kms-%d.key" $index)) }}
{{- end }}
{{- range $index, $user := .Values.users }}

[[user]]
{{- $lines := dict "name" $user.name "id" $user.id "access_key" $user.accessKey }}
{{- $_ := set $lines "display_name" $user.displayName }}
{{- $_ := set $lines "email" $user.email }}
{{- $_ := set $lines "secret_env" (printf "WAXSEAL_USER_%d" $index) }}
{{- include "waxseal.tomlLines" $lines }}
{{- end }}
{{- end }}
