{{- /* Receivers, pairers and the reader, which take the place of the collector where shuffle.enabled is set. */ -}}

{{- /* What values.schema.json cannot say, or not in words that help. */ -}}
{{- define "traffictap.shuffleChecks" -}}
{{- $shuffle := .Values.shuffle }}
{{- if not $shuffle.brokers }}
{{- fail "shuffle.enabled needs shuffle.brokers: the bootstrap brokers of your Kafka cluster, such as [kafka-0.kafka:9092]" }}
{{- end }}
{{- if and .Values.api.enabled (not $shuffle.pairers.replicas) }}
{{- fail "shuffle.pairers.replicas is 0, so the records are in another cluster: set api.enabled=false, and watch them there" }}
{{- end }}
{{- with $shuffle.reader }}
{{- if and $.Values.api.enabled (not (and .pairersSecret .readerSecret)) }}
{{- fail "shuffle.enabled with api.enabled needs shuffle.reader.pairersSecret and readerSecret, so that pairers believe the reader who the user is; or set api.enabled=false" }}
{{- end }}
{{- end }}
{{- range list (list "topic" "checkpoints") (list "topic" "proxies") (list "checkpoints" "proxies") }}
{{- $name := get $shuffle (first .) }}
{{- if eq $name (get $shuffle (last .)) }}
{{- fail (printf "shuffle.%s and shuffle.%s are both %q: they must be two topics" (first .) (last .) $name) }}
{{- end }}
{{- end }}
{{- if gt (int $shuffle.pairers.replicas) (int $shuffle.partitions) }}
{{- fail (printf "shuffle.pairers.replicas is %d and shuffle.partitions %d: a pairer without a partition has nothing to do" (int $shuffle.pairers.replicas) (int $shuffle.partitions)) }}
{{- end }}
{{- include "traffictap.shuffleLoginChecks" . }}
{{- with $shuffle.receivers }}
{{- if .autoscaling.enabled }}
{{- if gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas) }}
{{- fail (printf "shuffle.receivers.autoscaling.minReplicas is %d, more than its maxReplicas, %d" (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas)) }}
{{- end }}
{{- if not (.resources.requests).cpu }}
{{- fail "shuffle.receivers.autoscaling needs shuffle.receivers.resources.requests.cpu: its target is a percentage of that" }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* A file of alerts. Without pairers here, none that looks for them. usage: include "traffictap.alerts" (list . "files/…") */ -}}
{{- define "traffictap.alerts" -}}
{{- $root := index . 0 }}{{ $text := $root.Files.Get (index . 1) }}
{{- if or (not $root.Values.shuffle.enabled) $root.Values.shuffle.pairers.replicas }}
{{- $text }}
{{- else }}
groups:
{{- range (fromYaml $text).groups }}
- name: {{ .name }}
  rules:
  {{- range .rules }}
  {{- if ne .alert "TrafficTapPairersAbsent" }}
  - {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "traffictap.shuffleLoginChecks" -}}
{{- $shuffle := .Values.shuffle }}
{{- $sasl := hasPrefix "Sasl" $shuffle.security }}
{{- if and $sasl (not $shuffle.sasl.mechanism) }}
{{- fail (printf "shuffle.security %s needs shuffle.sasl.mechanism" $shuffle.security) }}
{{- end }}
{{- if and $shuffle.sasl.mechanism (not $sasl) }}
{{- fail (printf "shuffle.sasl.mechanism needs shuffle.security SaslPlaintext or SaslSsl; it is %s" $shuffle.security) }}
{{- end }}
{{- if and $sasl (not $shuffle.credentialsSecret) }}
{{- fail "shuffle.sasl needs shuffle.credentialsSecret: the Secret with its user name and password, or with what OAUTHBEARER needs" }}
{{- end }}
{{- if and $shuffle.credentialsSecret (eq $shuffle.security "Plaintext") }}
{{- fail "shuffle.security Plaintext has no use for shuffle.credentialsSecret: remove it, or set shuffle.security" }}
{{- end }}
{{- if and $shuffle.encryption.acceptPlain (not $shuffle.encryption.keysSecret) }}
{{- fail "shuffle.encryption.acceptPlain needs shuffle.encryption.keysSecret: without it no entry is encrypted" }}
{{- end }}
{{- end }}

{{- define "traffictap.shuffleArgs" -}}
{{- with .Values.shuffle }}
{{- range .brokers }}
- --shuffle-brokers={{ . }}
{{- end }}
- --shuffle-topic={{ .topic }}
- --shuffle-checkpoints={{ .checkpoints }}
- --shuffle-proxies={{ .proxies }}
- --shuffle-group={{ .group }}
- --shuffle-partitions={{ .partitions }}
- --shuffle-security={{ .security }}
{{- with .sasl.mechanism }}
- --shuffle-sasl={{ . }}
{{- end }}
{{- if .credentialsSecret }}
- --shuffle-credentials=/etc/traffictap/shuffle
{{- end }}
{{- if .encryption.keysSecret }}
- --shuffle-encryption=/etc/traffictap/shuffle-keys
{{- end }}
{{- end }}
{{- end }}

{{- /* What one role alone is told. usage: include "traffictap.roleArgs" (list . "receiver") */ -}}
{{- define "traffictap.roleArgs" -}}
{{- $root := index . 0 }}
{{- if eq (index . 1) "receiver" -}}
- --als=0.0.0.0:9811
- --als-identity={{ get (dict "Sidecar" "xfcc" "Certificates" "certificate" "Disabled" "none") $root.Values.als.mtls }}
{{- range $root.Values.als.trustDomains }}
- --als-trust-domain={{ . }}
{{- end }}
{{- if eq $root.Values.als.mtls "Certificates" }}
- --als-cert=/etc/istio-certs/cert-chain.pem
- --als-key=/etc/istio-certs/key.pem
- --als-client-ca=/etc/istio-certs/root-cert.pem
{{- end }}
{{- with $root.Values.shuffle.receivers.queueSize }}
- --queue-size={{ . }}
{{- end }}
- --als-stream-max-age={{ $root.Values.shuffle.receivers.streamMaxAge }}
{{- else -}}
- --output-dir=/var/lib/traffictap/records
- --spool-dir=/var/lib/traffictap/spool
{{- if $root.Values.shuffle.encryption.acceptPlain }}
- --shuffle-accept-plain
{{- end }}
{{- with $root.Values.shuffle.pairers.waitingSize }}
- --waiting-size={{ . }}
{{- end }}
{{- with $root.Values.shuffle.pairers.liveBacklogSize }}
- --live-backlog-size={{ . }}
{{- end }}
{{- if $root.Values.api.enabled }}
- --api=0.0.0.0:9815
- --api-cert=/etc/traffictap/pairer/tls.crt
- --api-key=/etc/traffictap/pairer/tls.key
- --api-readers-ca=/etc/traffictap/reader/ca.crt
{{- with $root.Values.api.traceUrl }}
- {{ printf "--trace-url=%s" . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What one role alone mounts, as (dict "mounts" … "volumes" …). usage: (list . "pairer") */ -}}
{{- define "traffictap.roleVolumes" -}}
{{- $root := index . 0 }}{{ $pairers := $root.Values.shuffle.pairers }}
mounts:
  - {name: state, mountPath: /var/lib/traffictap/state}
  {{- if $root.Values.shuffle.credentialsSecret }}
  - {name: shuffle, mountPath: /etc/traffictap/shuffle, readOnly: true}
  {{- end }}
  {{- if $root.Values.shuffle.encryption.keysSecret }}
  - {name: shuffle-keys, mountPath: /etc/traffictap/shuffle-keys, readOnly: true}
  {{- end }}
  {{- if eq (index . 1) "pairer" }}
  - {name: records, mountPath: /var/lib/traffictap/records}
  - {name: spool, mountPath: /var/lib/traffictap/spool}
  {{- if $root.Values.api.enabled }}
  - {name: pairer-certificate, mountPath: /etc/traffictap/pairer, readOnly: true}
  - {name: reader-ca, mountPath: /etc/traffictap/reader, readOnly: true}
  {{- end }}
  {{- range $root.Values.collector.destinationSecrets }}
  - {name: destination-{{ . }}, mountPath: /etc/traffictap/destinations/{{ . }}, readOnly: true}
  {{- end }}
  {{- else if eq $root.Values.als.mtls "Certificates" }}
  - {name: istio-certs, mountPath: /etc/istio-certs, readOnly: true}
  {{- end }}
volumes:
  - {name: state, emptyDir: {}}
  {{- with $root.Values.shuffle.credentialsSecret }}
  - {name: shuffle, secret: {secretName: {{ . }}}}
  {{- end }}
  {{- with $root.Values.shuffle.encryption.keysSecret }}
  - {name: shuffle-keys, secret: {secretName: {{ . }}}}
  {{- end }}
  {{- if eq (index . 1) "pairer" }}
  {{- if not $pairers.persistence.enabled }}
  - {name: records, emptyDir: {}}
  {{- end }}
  {{- if not $pairers.spool.persistent }}
  - {name: spool, emptyDir: {}}
  {{- end }}
  {{- if $root.Values.api.enabled }}
  - name: pairer-certificate
    secret:
      secretName: {{ $root.Values.shuffle.reader.pairersSecret }}
      items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]
  - name: reader-ca
    secret:
      secretName: {{ $root.Values.shuffle.reader.readerSecret }}
      items: [{key: ca.crt, path: ca.crt}]
  {{- end }}
  {{- range $root.Values.collector.destinationSecrets }}
  - {name: destination-{{ . }}, secret: {secretName: {{ . }}}}
  {{- end }}
  {{- else if eq $root.Values.als.mtls "Certificates" }}
  - {name: istio-certs, emptyDir: {medium: Memory}}
  {{- end }}
{{- end }}

{{- /* The pod template. Only a pairer that asks what users may read has a token. usage: include "traffictap.rolePod" (list . "receiver") */ -}}
{{- define "traffictap.rolePod" -}}
{{- $root := index . 0 }}{{ $role := index . 1 }}
{{- $receives := eq $role "receiver" }}
{{- $own := ternary $root.Values.shuffle.receivers $root.Values.shuffle.pairers $receives }}
{{- $direct := ternary "9811,9812" "9812" (and $receives (eq $root.Values.als.mtls "Certificates")) }}
{{- $shows := and (not $receives) $root.Values.api.enabled }}
{{- if $shows }}{{ $direct = "9812,9815" }}{{ end }}
{{- $parts := include "traffictap.roleVolumes" . | fromYaml }}
metadata:
  labels: {{- include "traffictap.podLabels" . | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ $role }}
    {{- include "traffictap.podAnnotations" (list $root $role $direct "443") | nindent 4 }}
spec:
  serviceAccountName: {{ include "traffictap.account" . }}
  {{- if not $shows }}
  automountServiceAccountToken: false
  {{- end }}
  {{- include "traffictap.pullSecrets" $root | nindent 2 }}
  securityContext: {{- include "traffictap.podSecurity" $root | nindent 4 }}
  terminationGracePeriodSeconds: {{ $own.terminationGracePeriodSeconds }}
  topologySpreadConstraints:
    {{- with $own.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector: {matchLabels: {app.kubernetes.io/name: {{ include "traffictap.name" $root }}-{{ $role }}}}
    {{- end }}
  {{- include "traffictap.placement" $own | nindent 2 }}
  containers:
    - name: {{ $role }}
      image: {{ include "traffictap.image" (list $root $root.Values.collector.image) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args:
        - --role={{ $role }}
        - --name=$(POD_NAME)
        - --http=0.0.0.0:9812
        - --operator={{ include "traffictap.serviceHost" (list $root "operator") }}:9813
        - --tap-cache=/var/lib/traffictap/state/taps
        {{- include "traffictap.shuffleArgs" $root | nindent 8 }}
        {{- include "traffictap.roleArgs" . | nindent 8 }}
        {{- with $own.memory }}
        - --memory={{ . }}
        {{- end }}
        - --log-level={{ $root.Values.logging.level }}
        - --log-format={{ $root.Values.logging.format }}
        {{- with $own.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: POD_NAME
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        {{- with $own.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        {{- if $receives }}
        - {name: grpc-als, containerPort: 9811}
        {{- end }}
        - {name: http-metrics, containerPort: 9812}
        {{- if $shows }}
        - {name: https-readers, containerPort: 9815}
        {{- end }}
      {{- include "traffictap.probes" "http-metrics" | nindent 6 }}
      securityContext: {{- include "traffictap.containerSecurity" $root | nindent 8 }}
      resources: {{- toYaml $own.resources | nindent 8 }}
      volumeMounts:
        {{- toYaml $parts.mounts | nindent 8 }}
        {{- with $own.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- toYaml $parts.volumes | nindent 4 }}
    {{- with $own.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- /* usage: include "traffictap.roleAccount" (list . "receiver") */ -}}
{{- define "traffictap.roleAccount" -}}
{{- $root := index . 0 }}{{ $account := (include "traffictap.own" . | fromYaml).serviceAccount }}
{{- if $account.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "traffictap.account" . }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "traffictap.labels" $root | nindent 4 }}
  {{- include "traffictap.annotations" (list $root $account.annotations) }}
---
{{- end }}
{{- end }}

{{- /* A drain of nodes takes one pod at a time. usage: include "traffictap.roleBudget" (list . "receiver") */ -}}
{{- define "traffictap.roleBudget" -}}
{{- $root := index . 0 }}{{ $role := index . 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "traffictap.fullname" $root }}-{{ $role }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "traffictap.componentLabels" . | nindent 4 }}
  {{- include "traffictap.annotations" (list $root dict) }}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app.kubernetes.io/name: {{ include "traffictap.name" $root }}-{{ $role }}}}
{{- end }}
