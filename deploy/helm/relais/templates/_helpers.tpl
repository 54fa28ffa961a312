{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "relais.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "relais.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "relais.labels" -}}
{{ include "relais.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The parts that run, by the mode. */}}
{{- define "relais.parts" -}}
{{- if eq .Values.mode "one" }}one{{ else }}ingest search share{{ end -}}
{{- end }}

{{- define "relais.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "relais.fullname" .) -}}
{{- end }}

{{- define "relais.image" -}}
{{- printf "%s/%s:%s" .root.Values.image.registry .command (.root.Values.image.tag | default .root.Chart.AppVersion) -}}
{{- end }}

{{/* What holds for every container: no privilege, nothing to write on but its volumes. */}}
{{- define "relais.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "relais.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* How a user of the log gets in; .root and .user. */}}
{{- define "relais.natsEnv" -}}
- {name: RELAIS_NATS_URL, value: {{ .root.Values.nats.url | quote }}}
- {name: RELAIS_NATS_REPLICAS, value: {{ .root.Values.nats.replicas | quote }}}
{{- if .root.Values.nats.seeds.existingSecret }}
- {name: RELAIS_NATS_SEED, value: /etc/relais/nats/{{ .user }}}
{{- end }}
{{- if .root.Values.nats.tls.existingSecret }}
- {name: RELAIS_NATS_CA, value: /etc/relais/nats-tls/ca.crt}
{{- if .root.Values.nats.tls.clientCertificate }}
- {name: RELAIS_NATS_CERT, value: /etc/relais/nats-tls/tls.crt}
- {name: RELAIS_NATS_KEY, value: /etc/relais/nats-tls/tls.key}
{{- end }}
{{- end }}
{{- end }}

{{- define "relais.natsMounts" -}}
{{- if .Values.nats.seeds.existingSecret }}
- {name: nats-seed, mountPath: /etc/relais/nats, readOnly: true}
{{- end }}
{{- if .Values.nats.tls.existingSecret }}
- {name: nats-tls, mountPath: /etc/relais/nats-tls, readOnly: true}
{{- end }}
{{- end }}

{{/* The seed of one user alone, and the certificates; .root and .user. */}}
{{- define "relais.natsVolumes" -}}
{{- with .root.Values.nats.seeds.existingSecret }}
- name: nats-seed
  secret: {secretName: {{ . | quote }}, defaultMode: 288, items: [{key: {{ $.user | quote }}, path: {{ $.user | quote }}}]}
{{- end }}
{{- with .root.Values.nats.tls.existingSecret }}
- name: nats-tls
  secret: {secretName: {{ . | quote }}, defaultMode: 288}
{{- end }}
{{- end }}
