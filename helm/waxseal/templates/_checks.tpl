{{/* What cannot work, though each value by itself is well-formed: a list of sentences, each with key, value and remedy. */}}
{{- define "waxseal.faults" -}}
{{- $faults := list -}}
{{- $s3 := .Values.backend.s3 -}}
{{- $isS3 := eq .Values.backend.kind "s3" -}}
{{- $replicas := include "waxseal.replicas" . | int64 -}}

{{- $name := include "waxseal.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $faults = append $faults (printf "fullnameOverride: %s, which follows from the release, is no name of a Service: write one of small letters, digits and dashes that begins with a letter" $name) -}}
{{- end -}}

{{- if not $isS3 -}}
{{- if gt $replicas 1 -}}
{{- $faults = append $faults (printf "replicas: %d pods cannot share a store on disk: leave it empty, or set backend.kind to s3" $replicas) -}}
{{- end -}}
{{- if .Values.autoscaling.enabled -}}
{{- $faults = append $faults "autoscaling.enabled: a store on disk has one pod: set it to false, or backend.kind to s3" -}}
{{- end -}}
{{- else -}}
{{- if not $s3.bucket -}}
{{- $faults = append $faults "backend.s3.bucket: is empty: write the name of the backend's bucket, which must be there" -}}
{{- end -}}
{{- if and (hasPrefix "http://" $s3.endpoint) (not $s3.dangerAllowHttp) -}}
{{- $faults = append $faults (printf "backend.s3.endpoint: %s is plain HTTP: write https, or set backend.s3.dangerAllowHttp" $s3.endpoint) -}}
{{- end -}}
{{- if and (eq $s3.credentials.source "keys") (not $s3.credentials.existingSecret) -}}
{{- $faults = append $faults "backend.s3.credentials.existingSecret: is empty: name a Secret with the backend's access key, or set backend.s3.credentials.source to web_identity, container or instance" -}}
{{- end -}}
{{- if and (eq $s3.credentials.source "web_identity") (not $s3.credentials.webIdentity.roleArn) .Values.serviceAccount.create (not (hasKey .Values.serviceAccount.annotations "eks.amazonaws.com/role-arn")) -}}
{{- $faults = append $faults "backend.s3.credentials.webIdentity.roleArn: is empty: write the role, or give serviceAccount.annotations the annotation eks.amazonaws.com/role-arn" -}}
{{- end -}}
{{- if and $s3.ca.existingSecret $s3.ca.existingConfigMap -}}
{{- $faults = append $faults "backend.s3.ca: names both a Secret and a ConfigMap: empty backend.s3.ca.existingSecret or backend.s3.ca.existingConfigMap" -}}
{{- end -}}
{{- end -}}

{{- with .Values.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int64 .minReplicas) (int64 .maxReplicas) -}}
{{- $faults = append $faults (printf "autoscaling.minReplicas: %d is above autoscaling.maxReplicas, %d: lower it" (int64 .minReplicas) (int64 .maxReplicas)) -}}
{{- end -}}
{{- if not (or .targetCPU .targetMemory) -}}
{{- $faults = append $faults "autoscaling.targetCPU: is null, and so is targetMemory: write a percentage for one of them, or set autoscaling.enabled to false" -}}
{{- end -}}
{{- $requests := $.Values.resources.requests | default dict -}}
{{- if and .targetCPU (not (hasKey $requests "cpu")) -}}
{{- $faults = append $faults "autoscaling.targetCPU: is a percentage of resources.requests.cpu, which is not there: write it, or set targetCPU to null" -}}
{{- end -}}
{{- if and .targetMemory (not (hasKey $requests "memory")) -}}
{{- $faults = append $faults "autoscaling.targetMemory: is a percentage of resources.requests.memory, which is not there: write it, or set targetMemory to null" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- if .Values.tls.enabled -}}
{{- if and .Values.tls.existingSecret .Values.tls.certManager.enabled -}}
{{- $faults = append $faults (printf "tls.existingSecret: is %s, and tls.certManager.enabled too: empty the one or set the other to false" .Values.tls.existingSecret) -}}
{{- else if not (or .Values.tls.existingSecret .Values.tls.certManager.enabled) -}}
{{- $faults = append $faults "tls.existingSecret: is empty: name a Secret with tls.crt and tls.key, or set tls.certManager.enabled" -}}
{{- end -}}
{{- if and .Values.tls.certManager.enabled (not .Values.tls.certManager.issuer.name) -}}
{{- $faults = append $faults "tls.certManager.issuer.name: is empty: write the name of an Issuer or ClusterIssuer" -}}
{{- end -}}
{{- end -}}

{{- range $kind := list "ingress" "httpRoute" -}}
{{- if and (get (get $.Values $kind) "enabled") (not $.Values.domains) -}}
{{- $faults = append $faults (printf "domains: is empty, and %s.enabled needs a host: write one like s3.example.org" $kind) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- $faults = append $faults "httpRoute.parentRefs: is empty: name a gateway, as [{name: gateway, namespace: infra}]" -}}
{{- end -}}

{{- $least := include "waxseal.leastGrace" . | int64 -}}
{{- if lt (include "waxseal.grace" . | int64) $least -}}
{{- $faults = append $faults (printf "terminationGracePeriodSeconds: %s is less than preStopSeconds, config.limits.drain and 5 more: write %d or more, or leave it empty" (include "waxseal.grace" .) $least) -}}
{{- end -}}
{{- if gt (include "waxseal.bytes" .Values.config.max_upload | int64) 5368709120 -}}
{{- $faults = append $faults (printf "config.max_upload: %s is above 5 GiB, the most of one request in S3: write at most 5 GiB" .Values.config.max_upload) -}}
{{- end -}}
{{- $limit := dig "limits" "memory" "" .Values.resources -}}
{{- $room := include "waxseal.bytes" $limit | int64 -}}
{{- $needed := include "waxseal.memory" . | int64 -}}
{{- if and $limit $room (lt $room $needed) -}}
{{- $what := ternary "config.limits.body_memory or config.cache.heads" "config.cache.index or config.cache.heads" $isS3 -}}
{{- $faults = append $faults (printf "resources.limits.memory: %v is less than the %d MiB that the settings let the program take: raise it, or lower %s" $limit (div (add $needed 1048575) 1048576) $what) -}}
{{- end -}}

{{- range $list, $keys := dict "users" (list "name" "id" "accessKey") "kmsKeys" (list "id") -}}
{{- range $key := $keys -}}
{{- $seen := list -}}
{{- range $index, $item := get $.Values $list -}}
{{- $value := get $item $key -}}
{{- if has $value $seen -}}
{{- $faults = append $faults (printf "%s[%d].%s: %s is another's already: write another" $list $index $key $value) -}}
{{- end -}}
{{- $seen = append $seen $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- $own := include "waxseal.selector" . | fromYaml -}}
{{- range $name, $labels := dict "podLabels" .Values.podLabels "commonLabels" .Values.commonLabels -}}
{{- range $label, $value := $labels -}}
{{- if hasKey $own $label -}}
{{- $faults = append $faults (printf "%s: %s is a label by which the chart finds its pods: remove it" $name $label) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $set := list -}}
{{- range include "waxseal.environment" . | fromYamlArray -}}
{{- $set = append $set .name -}}
{{- end -}}
{{- range $index, $variable := .Values.extraEnv -}}
{{- if has $variable.name $set -}}
{{- $faults = append $faults (printf "extraEnv[%d].name: %s is set by the chart: remove it" $index $variable.name) -}}
{{- end -}}
{{- end -}}
{{- range $index, $volume := .Values.extraVolumes -}}
{{- if has $volume.name (list "waxseal" "token" "store") -}}
{{- $faults = append $faults (printf "extraVolumes[%d].name: %s is a volume of the chart: take another name" $index $volume.name) -}}
{{- end -}}
{{- end -}}
{{- range $index, $mount := .Values.extraVolumeMounts -}}
{{- if or (hasPrefix "/etc/waxseal" $mount.mountPath) (hasPrefix "/var/lib/waxseal" $mount.mountPath) -}}
{{- $faults = append $faults (printf "extraVolumeMounts[%d].mountPath: %s hides what the chart mounts: take another path" $index $mount.mountPath) -}}
{{- end -}}
{{- end -}}

{{- $faults = concat $faults (include "waxseal.secretFaults" . | fromJsonArray) -}}
{{- toJson $faults -}}
{{- end }}
