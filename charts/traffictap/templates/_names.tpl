{{- /* What the names of all objects begin with. */ -}}
{{- define "traffictap.fullname" -}}
{{ .Values.fullnameOverride | default (include "traffictap.name" .) }}
{{- end }}

{{- define "traffictap.name" -}}
{{ .Values.nameOverride | default "traffictap" }}
{{- end }}

{{- define "traffictap.ownLabels" -}}
app.kubernetes.io/part-of: traffictap
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "traffictap.labels" -}}
{{ include "traffictap.ownLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* With labels of the object's own, which win over commonLabels. usage: (list $ .labels) */ -}}
{{- define "traffictap.labelsWith" -}}
{{- $root := index . 0 }}
{{- merge (fromYaml (include "traffictap.ownLabels" $root)) (index . 1) $root.Values.commonLabels | toYaml }}
{{- end }}

{{- /* Of one component. usage: include "traffictap.componentLabels" (list . "operator") */ -}}
{{- define "traffictap.componentLabels" -}}
app.kubernetes.io/name: {{ include "traffictap.name" (index . 0) }}-{{ index . 1 }}
app.kubernetes.io/component: {{ index . 1 }}
{{ include "traffictap.labels" (index . 0) }}
{{- end }}

{{- /* The annotations of an object: its own and commonAnnotations. usage: (list $ (dict of its own)) */ -}}
{{- define "traffictap.annotations" -}}
{{- with merge (dict) (index . 1) (index . 0).Values.commonAnnotations }}
{{- dict "annotations" . | toYaml | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The values of one component, as text. usage: include "traffictap.own" (list . "receiver") | fromYaml */ -}}
{{- define "traffictap.own" -}}
{{- $values := (index . 0).Values }}
{{- $all := dict "operator" $values.operator "collector" $values.collector "receiver" $values.shuffle.receivers "pairer" $values.shuffle.pairers "reader" $values.shuffle.reader }}
{{- get $all (index . 1) | toYaml }}
{{- end }}

{{- /* The name of the pods that take access logs: those behind the collector's Service. */ -}}
{{- define "traffictap.alsName" -}}
{{ include "traffictap.name" . }}-{{ ternary "receiver" "collector" .Values.shuffle.enabled }}
{{- end }}

{{- /* The ServiceAccount of one component. usage: include "traffictap.account" (list . "operator") */ -}}
{{- define "traffictap.account" -}}
{{- $root := index . 0 }}
{{- (include "traffictap.own" . | fromYaml).serviceAccount.name | default (printf "%s-%s" (include "traffictap.fullname" $root) (index . 1)) }}
{{- end }}

{{- define "traffictap.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 }}
{{- with (($root.Values.global).imageRegistry | default $root.Values.image.registry) }}{{ trimSuffix "/" . }}/{{ end }}{{ $image.repository }}
{{- with $image.digest }}@{{ . }}{{ else }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "traffictap.meshed" -}}
{{- if ne .Values.als.mtls "Disabled" }}true{{ end }}
{{- end }}

{{- /* usage: include "traffictap.serviceHost" (list . "operator") */ -}}
{{- define "traffictap.serviceHost" -}}
{{ include "traffictap.fullname" (index . 0) }}-{{ index . 1 }}.{{ (index . 0).Release.Namespace }}.svc.{{ (index . 0).Values.istio.clusterDomain }}
{{- end }}

{{- /* The address families of a Service; empty where the cluster decides. */ -}}
{{- define "traffictap.ipFamilies" -}}
{{- $lines := list }}
{{- with .Values.service.ipFamilyPolicy }}
{{- $lines = append $lines (printf "ipFamilyPolicy: %s" .) }}
{{- end }}
{{- with .Values.service.ipFamilies }}
{{- $lines = append $lines (printf "ipFamilies: %s" (toJson .)) }}
{{- end }}
{{- join "\n" $lines }}
{{- end }}
