{{- /* What the pods have in common: restricted in the sense of Pod Security Standards. */ -}}
{{- define "traffictap.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "traffictap.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* usage: include "traffictap.podLabels" (list . "operator") */ -}}
{{- define "traffictap.podLabels" -}}
{{- $root := index . 0 }}
{{- $own := dict "sidecar.istio.io/inject" (include "traffictap.meshed" $root | eq "true" | toString) }}
{{- with $root.Values.istio.revision }}{{ $_ := set $own "istio.io/rev" . }}{{ end }}
{{- $component := fromYaml (include "traffictap.componentLabels" .) }}
{{- range $name, $_ := $root.Values.commonLabels }}{{ $component = omit $component $name }}{{ end }}
{{- merge $own $component (include "traffictap.own" . | fromYaml).podLabels $root.Values.commonLabels | toYaml }}
{{- end }}

{{- /*
  The sidecar stays away from what is not the mesh's: probes and metrics, the API server's calls and the calls to it,
  istiod's debug port. It starts first and ends last. Who takes access logs believes its sidecar's x-forwarded-client-cert: the
  sidecar replaces what a client sends there instead of appending to it.
  usage: include "traffictap.podAnnotations" (list . "operator" "9814" "443,15014")
*/ -}}
{{- define "traffictap.podAnnotations" -}}
{{- $root := index . 0 }}
{{- if include "traffictap.meshed" $root }}
traffic.sidecar.istio.io/excludeInboundPorts: {{ index . 2 | quote }}
traffic.sidecar.istio.io/excludeOutboundPorts: {{ index . 3 | quote }}
sidecar.istio.io/rewriteAppHTTPProbers: "false"
proxy.istio.io/config: |
  holdApplicationUntilProxyStarts: true
{{- if has (index . 1) (list "collector" "receiver") }}
  proxyHeaders: {forwardedClientCert: SANITIZE_SET}
{{- end }}
  proxyMetadata:
    EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"
{{- if and (has (index . 1) (list "collector" "receiver")) (eq $root.Values.als.mtls "Certificates") }}
    OUTPUT_CERTS: /etc/istio-certs
sidecar.istio.io/userVolumeMount: '[{"name": "istio-certs", "mountPath": "/etc/istio-certs"}]'
{{- end }}
{{- end }}
{{- with (include "traffictap.own" . | fromYaml).podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Where the pods run. usage: include "traffictap.placement" .Values.operator */ -}}
{{- define "traffictap.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "traffictap.pullSecrets" -}}
{{- $names := .Values.image.pullSecrets }}
{{- range (.Values.global).imagePullSecrets }}
{{- if kindIs "map" . }}{{ $names = append $names .name }}{{ else }}{{ $names = append $names . }}{{ end }}
{{- end }}
{{- with uniq $names }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- /* usage: include "traffictap.probes" "http-metrics" */ -}}
{{- define "traffictap.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: {{ . }}}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end }}
