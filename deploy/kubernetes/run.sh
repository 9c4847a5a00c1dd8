#!/bin/sh
# One audit of the fleet: the shards, then the merge. The Markdown report goes to stdout; the exit code is the gate.
set -eu
cd "$(dirname "$0")"

# kubectl ends with 1 when it fails, which would look like violations.
kube() { kubectl "$@" || exit 4; }

# Waits until a Job has succeeded or failed.
ended() {
  while :; do
    conditions=$(kube get job "$1" -o 'jsonpath={.status.conditions[*].type}')
    case " $conditions " in
    *" Complete "* | *" Failed "*) return ;;
    esac
    sleep 10
  done
}

# Nothing of an earlier run may be merged into this one.
kube delete --ignore-not-found -f merge.yaml -f shards.yaml >&2
kube apply -f shards.yaml >&2
ended driftgate-shards
# Also when a shard failed: the merge names the missing one.
kube apply -f merge.yaml >&2
ended driftgate-merge
kube logs job/driftgate-merge
code=$(kube get pods -l batch.kubernetes.io/job-name=driftgate-merge \
  -o 'jsonpath={.items[0].status.containerStatuses[0].state.terminated.exitCode}')
# Without a code the container never ran.
exit "${code:-4}"
