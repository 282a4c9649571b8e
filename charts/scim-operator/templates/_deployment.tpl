{{/*
What the three Deployments have in common. Call with a dict of root, component (operator, server, worker), env,
ports (of the container, beside that of metrics) and hasPepper.
*/}}
{{- define "scim-operator.deployment" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "scim-operator.fullname" $root }}-{{ .component }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "scim-operator.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  replicas: {{ $values.replicas }}
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      {{- include "scim-operator.selectorLabels" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  template:
    metadata:
      labels:
        {{- include "scim-operator.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
      {{- with $root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "scim-operator.fullname" $root }}-{{ .component }}
      # Only the operator talks to Kubernetes.
      automountServiceAccountToken: {{ eq .component "operator" }}
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # What is under way gets 25 seconds, giving back a Lease and closing the rest; a server goes on accepting before that.
      terminationGracePeriodSeconds: {{ add 40 (default 5 $values.drainSeconds) }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: {{ .component }}
          image: {{ include "scim-operator.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command: [node, src/{{ .component }}/main.ts]
          env:
            {{- .env | nindent 12 }}
            {{- include "scim-operator.commonEnv" $root | nindent 12 }}
          ports:
            {{- with .ports }}
            {{- . | nindent 12 }}
            {{- end }}
            - name: metrics
              containerPort: 9090
          startupProbe:
            httpGet: {path: /livez, port: metrics}
            periodSeconds: 2
            failureThreshold: 30
          livenessProbe:
            httpGet: {path: /livez, port: metrics}
            periodSeconds: 10
            timeoutSeconds: 5
          readinessProbe:
            httpGet: {path: /readyz, port: metrics}
            periodSeconds: 3
            timeoutSeconds: 3
            failureThreshold: 2
          {{- with $values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- if .hasPepper }}
            - name: pepper
              mountPath: {{ include "scim-operator.pepperPath" $root }}
              readOnly: true
            {{- end }}
            {{- if $root.Values.database.caSecret }}
            - name: database-ca
              mountPath: /etc/scim-operator/database-ca
              readOnly: true
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- if .hasPepper }}
        - name: pepper
          secret:
            secretName: {{ required "pepper.existingSecret is missing: name the Secret with the pepper keyring." $root.Values.pepper.existingSecret }}
            defaultMode: 0440
        {{- end }}
        {{- with $root.Values.database.caSecret }}
        - name: database-ca
          secret:
            secretName: {{ . }}
        {{- end }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "scim-operator.selectorLabels" $root | nindent 14 }}
              app.kubernetes.io/component: {{ .component }}
          matchLabelKeys: [pod-template-hash]
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
