{{- define "pannier.name" -}}
{{- default (printf "%s-webhook" .Release.Name) .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "pannier.selector" -}}
app.kubernetes.io/name: {{ default "pannier-webhook" .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "pannier.labels" -}}
{{ include "pannier.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: pannier
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "pannier.secret" -}}
{{- default (include "pannier.name" .) .Values.certificate.secretName -}}
{{- end -}}

{{/* What signs its certificate, with cert-manager. */}}
{{- define "pannier.authority" -}}
{{- printf "%s-ca" (include "pannier.name" . | trunc 55 | trimSuffix "-") -}}
{{- end -}}

{{- define "pannier.host" -}}
{{- printf "%s.%s.svc" (include "pannier.name" .) .Release.Namespace -}}
{{- end -}}

{{/* native or ordinary. */}}
{{- define "pannier.mode" -}}
{{- if ne .Values.sidecar.mode "auto" -}}
{{- .Values.sidecar.mode -}}
{{- else if semverCompare ">=1.29.0-0" .Capabilities.KubeVersion.Version -}}
native
{{- else -}}
ordinary
{{- end -}}
{{- end -}}

{{/* An image's whole name: a dict of root, image. */}}
{{- define "pannier.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .root.Chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end -}}

{{/* One webhook of the configuration: a dict of root, name, caBundle, namespaceSelector, objectSelector. */}}
{{- define "pannier.webhook" -}}
- name: {{ .name }}
  clientConfig:
    service:
      name: {{ include "pannier.name" .root | quote }}
      namespace: {{ .root.Release.Namespace | quote }}
      path: /mutate
    {{- with .caBundle }}
    caBundle: {{ . | quote }}
    {{- end }}
  rules:
    - apiGroups: [""]
      apiVersions: [v1]
      operations: [CREATE]
      resources: [pods]
      scope: Namespaced
  namespaceSelector:
    {{- toYaml .namespaceSelector | nindent 4 }}
  objectSelector:
    {{- toYaml .objectSelector | nindent 4 }}
  failurePolicy: {{ .root.Values.webhook.failurePolicy }}
  reinvocationPolicy: IfNeeded
  sideEffects: None
  admissionReviewVersions: [v1]
  timeoutSeconds: {{ .root.Values.webhook.timeoutSeconds }}
{{- end -}}
