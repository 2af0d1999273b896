{{/* `500ms`, `15s`, `5 min`, `1h`, `7d` in seconds, rounded up. */}}
{{- define "waxseal.seconds" -}}
{{- $text := nospace . -}}
{{- $number := regexFind "^[0-9]+" $text -}}
{{- $unit := trimPrefix $number $text -}}
{{- if eq $unit "ms" -}}
{{- div (add (int64 $number) 999) 1000 -}}
{{- else -}}
{{- mul (int64 $number) (get (dict "s" 1 "min" 60 "h" 3600 "d" 86400) $unit) -}}
{{- end -}}
{{- end }}

{{/* `512 MiB` of the program, `1Gi` of Kubernetes, or a number: bytes. Nothing of what is neither. */}}
{{- define "waxseal.bytes" -}}
{{- if not (kindIs "string" .) -}}
{{- int64 . -}}
{{- else -}}
{{- $text := nospace . | trimSuffix "B" -}}
{{- $number := regexFind "^[0-9]+(\\.[0-9]+)?" $text -}}
{{- $units := dict "" 1 "K" 1000 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 -}}
{{- $units = merge $units (dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776) -}}
{{- $unit := trimPrefix $number $text -}}
{{- if and $number (hasKey $units $unit) -}}
{{- mulf (float64 $number) (get $units $unit) | int64 -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* How long a pod serves on after it was told to stop: something only from Kubernetes 1.30, which can wait by itself. */}}
{{- define "waxseal.preStop" -}}
{{- semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version | ternary .Values.preStopSeconds 0 | int64 -}}
{{- end }}

{{/* The least time that a pod needs to end: both waits, and 5 seconds to stop. */}}
{{- define "waxseal.leastGrace" -}}
{{- add .Values.preStopSeconds (include "waxseal.seconds" .Values.config.limits.drain) 5 -}}
{{- end }}

{{- define "waxseal.grace" -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{- add (include "waxseal.leastGrace" .) 5 -}}
{{- else -}}
{{- int64 .Values.terminationGracePeriodSeconds -}}
{{- end -}}
{{- end }}

{{/* The memory that the settings let the program take, in bytes: what they name, and 64 MiB for itself. */}}
{{- define "waxseal.memory" -}}
{{- $config := .Values.config -}}
{{- $heads := include "waxseal.bytes" $config.cache.heads | int64 -}}
{{- if eq .Values.backend.kind "s3" -}}
{{- add 67108864 (mul 2 $heads) (include "waxseal.bytes" $config.limits.body_memory) -}}
{{- else -}}
{{- add 67108864 $heads (include "waxseal.bytes" $config.cache.index) -}}
{{- end -}}
{{- end }}

{{/* The port of a URL. */}}
{{- define "waxseal.port" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- default (ternary "80" "443" (eq $url.scheme "http")) $port | int64 -}}
{{- end }}
