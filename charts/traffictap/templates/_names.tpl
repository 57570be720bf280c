{{- define "traffictap.labels" -}}
app.kubernetes.io/part-of: traffictap
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- /* Of one component. usage: include "traffictap.componentLabels" (list . "operator") */ -}}
{{- define "traffictap.componentLabels" -}}
app.kubernetes.io/name: traffictap-{{ index . 1 }}
app.kubernetes.io/component: {{ index . 1 }}
{{ include "traffictap.labels" (index . 0) }}
{{- end }}

{{- define "traffictap.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 }}
{{- with $root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository }}
{{- with $image.digest }}@{{ . }}{{ else }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "traffictap.meshed" -}}
{{- if ne .Values.als.mtls "Disabled" }}true{{ end }}
{{- end }}

{{- define "traffictap.serviceHost" -}}
{{ index . 1 }}.{{ (index . 0).Release.Namespace }}.svc.{{ (index . 0).Values.istio.clusterDomain }}
{{- end }}
