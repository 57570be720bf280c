{{- /* Values that become flags, of which values.schema.json cannot say the bounds, or not in words that help. Without this the
       programs would refuse them, and their pods would not start. */ -}}

{{- define "traffictap.flagChecks" -}}
{{- include "traffictap.durationCheck" (list "operator.standing.openStreams" .Values.operator.standing.openStreams "1s" "1h") }}
{{- range $name := list "requestHeaders" "responseHeaders" }}
{{- range get $.Values.operator.standing $name }}
{{- if has (lower .) (list "authorization" "cookie" "set-cookie" "proxy-authorization" "x-api-key" "x-forwarded-client-cert" "x-amz-security-token") }}
{{- fail (printf "operator.standing.%s: %s carries credentials and is in no record: remove it" $name .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.shuffle.enabled }}
{{- include "traffictap.durationCheck" (list "shuffle.receivers.streamMaxAge" .Values.shuffle.receivers.streamMaxAge "1s" "24h") }}
{{- include "traffictap.memoryCheck" (list "shuffle.receivers" .Values.shuffle.receivers) }}
{{- include "traffictap.memoryCheck" (list "shuffle.pairers" .Values.shuffle.pairers) }}
{{- else }}
{{- include "traffictap.memoryCheck" (list "collector" .Values.collector) }}
{{- end }}
{{- end }}

{{- /* "1h30m" in milliseconds. */ -}}
{{- define "traffictap.milliseconds" -}}
{{- $sum := 0 }}{{ $factors := dict "h" 3600000 "m" 60000 "s" 1000 "ms" 1 }}
{{- range regexFindAll "[0-9]+(ms|[hms])" (toString .) -1 }}
{{- $sum = add $sum (mul (atoi (regexFind "^[0-9]+" .)) (get $factors (regexFind "[a-z]+" .))) }}
{{- end }}
{{- $sum }}
{{- end }}

{{- /* usage: include "traffictap.durationCheck" (list "its.name" .its.value "1s" "1h") */ -}}
{{- define "traffictap.durationCheck" -}}
{{- $value := include "traffictap.milliseconds" (index . 1) | atoi }}
{{- $least := include "traffictap.milliseconds" (index . 2) | atoi }}
{{- $most := include "traffictap.milliseconds" (index . 3) | atoi }}
{{- if and $value (or (lt $value $least) (gt $value $most)) }}
{{- fail (printf "%s is %v: it must be 0, or from %s to %s" (index . 0) (index . 1) (index . 2) (index . 3)) }}
{{- end }}
{{- end }}

{{- /* "256mb" in bytes. */ -}}
{{- define "traffictap.bytes" -}}
{{- mul (atoi (regexFind "^[0-9]+" .)) (get (dict "b" 1 "k" 1024 "m" 1048576 "g" 1073741824 "t" 1099511627776) (regexFind "[a-z]" .)) }}
{{- end }}

{{- /* Where memory is given: whether it holds its parts. usage: include "traffictap.memoryCheck" (list "collector" .Values.collector) */ -}}
{{- define "traffictap.memoryCheck" -}}
{{- $own := index . 1 }}
{{- if $own.memory }}
{{- $memory := include "traffictap.bytes" $own.memory | atoi }}
{{- $parts := add (div $memory 8) (div $memory 16) }}
{{- range $name, $default := dict "queueSize" 16 "waitingSize" 4 "liveBacklogSize" 8 }}
{{- $given := get $own $name }}
{{- $size := div $memory $default }}
{{- if $given }}{{ $size = include "traffictap.bytes" $given | atoi }}{{ end }}
{{- $parts = add $parts (mul $size (ternary 2 1 (eq $name "queueSize"))) }}
{{- end }}
{{- if gt $parts (int64 $memory) }}
{{- fail (printf "%s.memory is %s: that does not hold twice queueSize, waitingSize, liveBacklogSize, an eighth for streams and a sixteenth for outputs: raise it or lower the others" (index . 0) $own.memory) }}
{{- end }}
{{- end }}
{{- end }}
