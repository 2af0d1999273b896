{{/* The faults of Secrets, as far as the cluster can be asked: what is made, and what is in those that are named. */}}
{{- define "waxseal.secretFaults" -}}
{{- $faults := list -}}
{{- $namespace := .Release.Namespace -}}
{{- $root := lookup "v1" "Secret" $namespace (include "waxseal.rootSecret" .) -}}
{{- $administrator := lookup "v1" "Secret" $namespace (include "waxseal.administratorSecret" .) -}}
{{- $made := list -}}
{{- if not (or .Values.rootKey.existingSecret $root) -}}
{{- $made = append $made "rootKey" -}}
{{- end -}}
{{- if not (or .Values.administrator.existingSecret $administrator) -}}
{{- $made = append $made "administrator" -}}
{{- end -}}
{{- if and $made (not (lookup "v1" "Secret" $namespace "")) -}}
{{- range $made -}}
{{- $faults = append $faults (printf "%s.existingSecret: is empty, and nothing can be made: without a cluster to ask (helm template, and what renders charts for GitOps) every rendering would make another: name a Secret" .) -}}
{{- end -}}
{{- else if and (has "rootKey" $made) .Release.IsUpgrade -}}
{{- $faults = append $faults (printf "rootKey.existingSecret: is empty, and the Secret %s is gone, without which nothing that was stored opens: bring it back from your copy of the root key. If nothing was stored yet, uninstall the release and install it again" (include "waxseal.rootSecret" .)) -}}
{{- end -}}

{{- $named := list (list "rootKey" (include "waxseal.rootSecret" .) .Values.rootKey.key "root") -}}
{{- range $key := list "accessKeyIdKey" "secretAccessKeyKey" -}}
{{- $named = append $named (list "administrator" (include "waxseal.administratorSecret" $) (get $.Values.administrator $key) "") -}}
{{- end -}}
{{- range $index, $key := .Values.kmsKeys -}}
{{- $named = append $named (list (printf "kmsKeys[%d]" $index) $key.existingSecret (default "root.key" $key.key) "root") -}}
{{- end -}}
{{- range $index, $user := .Values.users -}}
{{- $named = append $named (list (printf "users[%d]" $index) $user.existingSecret (default "secret-access-key" $user.key) "") -}}
{{- end -}}
{{- if and (eq .Values.backend.kind "s3") (eq .Values.backend.s3.credentials.source "keys") -}}
{{- with .Values.backend.s3.credentials -}}
{{- $named = concat $named (list (list "backend.s3.credentials" .existingSecret .accessKeyIdKey "") (list "backend.s3.credentials" .existingSecret .secretAccessKeyKey "")) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.tls.enabled .Values.tls.existingSecret -}}
{{- $named = concat $named (list (list "tls" .Values.tls.existingSecret "tls.crt" "") (list "tls" .Values.tls.existingSecret "tls.key" "")) -}}
{{- end -}}
{{- range $named -}}
{{- $where := index . 0 -}}{{- $name := index . 1 -}}{{- $key := index . 2 -}}{{- $form := index . 3 -}}
{{- $found := ternary (lookup "v1" "Secret" $namespace $name) dict (ne $name "") -}}
{{- if $found -}}
{{- $data := default dict $found.data -}}
{{- if not (hasKey $data $key) -}}
{{- $faults = append $faults (printf "%s: the Secret %s has no key %s, only %s: write which it is" $where $name $key (keys $data | sortAlpha | join ", " | default "none at all")) -}}
{{- else if and (eq $form "root") (not (regexMatch "\\Awaxseal-root-v1:[0-9a-f]{64}\n?\\z" (get $data $key | b64dec))) -}}
{{- $faults = append $faults (printf "%s: what the Secret %s has under %s is no root key: make one with `waxseal keyring new-root root.key`, and the Secret from that file" $where $name $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $faults -}}
{{- end }}
