{{/* A variable of the environment from a Secret. Takes its name, the Secret's and the key. */}}
{{- define "waxseal.secretVariable" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef: {name: {{ index . 1 | quote }}, key: {{ index . 2 | quote }}}
{{- end }}

{{/* The environment that the chart sets. */}}
{{- define "waxseal.environment" -}}
{{- $administrator := include "waxseal.administratorSecret" . -}}
{{ include "waxseal.secretVariable" (list "WAXSEAL_ACCESS_KEY_ID" $administrator .Values.administrator.accessKeyIdKey) }}
{{ include "waxseal.secretVariable" (list "WAXSEAL_SECRET_ACCESS_KEY" $administrator .Values.administrator.secretAccessKeyKey) }}
- name: WAXSEAL_LOG
  value: {{ .Values.logLevel }}
{{- range $index, $user := .Values.users }}
{{ include "waxseal.secretVariable" (list (printf "WAXSEAL_USER_%d" $index) $user.existingSecret (default "secret-access-key" $user.key)) }}
{{- end }}
{{- $credentials := .Values.backend.s3.credentials }}
{{- if and (eq .Values.backend.kind "s3") (eq $credentials.source "keys") }}
{{ include "waxseal.secretVariable" (list "AWS_ACCESS_KEY_ID" $credentials.existingSecret $credentials.accessKeyIdKey) }}
{{ include "waxseal.secretVariable" (list "AWS_SECRET_ACCESS_KEY" $credentials.existingSecret $credentials.secretAccessKeyKey) }}
{{- end }}
{{- if include "waxseal.ownToken" . }}
- name: AWS_ROLE_ARN
  value: {{ $credentials.webIdentity.roleArn | quote }}
- name: AWS_WEB_IDENTITY_TOKEN_FILE
  value: /var/run/secrets/waxseal/token
- name: AWS_ROLE_SESSION_NAME
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
{{- with $credentials.webIdentity.stsEndpoint }}
- name: AWS_ENDPOINT_URL_STS
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether the pod asks for a token of its service account itself, and no webhook does. */}}
{{- define "waxseal.ownToken" -}}
{{- $credentials := .Values.backend.s3.credentials -}}
{{- if and (eq .Values.backend.kind "s3") (eq $credentials.source "web_identity") $credentials.webIdentity.roleArn -}}
yes
{{- end -}}
{{- end }}

{{/* The configuration and every file that it names, in one folder. Only the pod's group can read them. */}}
{{- define "waxseal.files" -}}
- name: waxseal
  projected:
    defaultMode: 0440
    sources:
      - configMap:
          name: {{ include "waxseal.fullname" . }}
      - secret:
          name: {{ include "waxseal.rootSecret" . | quote }}
          items: [{key: {{ .Values.rootKey.key | quote }}, path: root.key}]
      {{- range $index, $key := .Values.kmsKeys }}
      - secret:
          name: {{ $key.existingSecret | quote }}
          items: [{key: {{ default "root.key" $key.key | quote }}, path: kms-{{ $index }}.key}]
      {{- end }}
      {{- if .Values.tls.enabled }}
      - secret:
          name: {{ include "waxseal.tlsSecret" . | quote }}
          items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]
      {{- end }}
      {{- $ca := .Values.backend.s3.ca }}
      {{- if eq .Values.backend.kind "s3" }}
      {{- with $ca.existingSecret }}
      - secret:
          name: {{ . | quote }}
          items: [{key: {{ $ca.key | quote }}, path: backend-ca.pem}]
      {{- end }}
      {{- with $ca.existingConfigMap }}
      - configMap:
          name: {{ . | quote }}
          items: [{key: {{ $ca.key | quote }}, path: backend-ca.pem}]
      {{- end }}
      {{- end }}
{{- if include "waxseal.ownToken" . }}
- name: token
  projected:
    sources:
      - serviceAccountToken:
          audience: {{ .Values.backend.s3.credentials.webIdentity.audience | quote }}
          path: token
{{- end }}
{{- end }}

{{- define "waxseal.mounts" -}}
- {name: waxseal, mountPath: /etc/waxseal, readOnly: true}
{{- if include "waxseal.ownToken" . }}
- {name: token, mountPath: /var/run/secrets/waxseal, readOnly: true}
{{- end }}
{{- end }}

{{/* What Kubernetes calls restricted, for a pod; nothing of it can be taken away by values. */}}
{{- define "waxseal.podSecurity" -}}
{{- merge (dict "runAsNonRoot" true "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault")) .Values.podSecurityContext | toYaml -}}
{{- end }}

{{/* The same for a container. */}}
{{- define "waxseal.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* What every pod of the chart has of its image and its account. */}}
{{- define "waxseal.podBasics" -}}
serviceAccountName: {{ include "waxseal.serviceAccount" . }}
automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
# Names of Services would come as WAXSEAL_... into the environment, which the program reads.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- include "waxseal.podSecurity" . | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* The gateway's pods. */}}
{{- define "waxseal.podTemplate" -}}
metadata:
  labels: {{- merge (include "waxseal.selector" . | fromYaml) .Values.podLabels .Values.commonLabels | toYaml | nindent 4 }}
  annotations:
    # Another configuration makes other pods.
    checksum/config: {{ include "waxseal.config" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "waxseal.podBasics" . | nindent 2 }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  {{- $own := dict "labelSelector" (dict "matchLabels" (include "waxseal.selector" $ | fromYaml)) }}
  {{- $all := list }}
  {{- range . }}
  {{- $all = append $all (hasKey . "labelSelector" | ternary . (merge (deepCopy .) $own)) }}
  {{- end }}
  topologySpreadConstraints: {{- toYaml $all | nindent 4 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ include "waxseal.grace" . }}
  containers:
    - name: waxseal
      image: {{ include "waxseal.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, {{ if .Values.init }}--init, {{ end }}--config, /etc/waxseal/waxseal.toml]
      env:
        {{- include "waxseal.environment" . | nindent 8 }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: s3, containerPort: 9000}
        - {name: admin, containerPort: 9001}
      # Answers once the store is open. Reading the index of a large one takes its time.
      startupProbe:
        httpGet: {path: /healthz, port: admin}
        periodSeconds: 2
        failureThreshold: {{ divf .Values.startupSeconds 2 | ceil | int64 }}
      # Asks the process alone: no backend that is away ends a pod.
      livenessProbe:
        httpGet: {path: /healthz, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      # Asks the backend too, and waits longer than the program does for it.
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        periodSeconds: 10
        timeoutSeconds: 6
      {{- if gt (include "waxseal.preStop" . | int64) 0 }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ include "waxseal.preStop" . }}}
      {{- end }}
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext: {{- include "waxseal.containerSecurity" . | nindent 8 }}
      volumeMounts:
        {{- include "waxseal.mounts" . | nindent 8 }}
        {{- if eq .Values.backend.kind "disk" }}
        - {name: store, mountPath: /var/lib/waxseal}
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "waxseal.files" . | nindent 4 }}
    {{- with .Values.backend.disk.existingClaim }}
    {{- if eq $.Values.backend.kind "disk" }}
    - name: store
      persistentVolumeClaim: {claimName: {{ . | quote }}}
    {{- end }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
