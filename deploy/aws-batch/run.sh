#!/bin/sh
# One audit of the fleet: run.sh [SHARDS], from 2 to 10,000. The Markdown report goes to stdout; the exit code is the gate.
set -eu
stack=${STACK:-driftgate} shards=${1:-8}

# An error of the AWS CLI must not look like a verdict.
cli() { aws "$@" || exit 4; }
output() {
  cli cloudformation describe-stacks --stack-name "$stack" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}
job() { cli batch describe-jobs --jobs "$merge" --output text --query "jobs[0].$1"; }

queue=$(output Queue) bucket=$(output Bucket)
# A prefix of this run alone: nothing of an earlier one may be merged into it.
results=s3://$bucket/runs/$(date -u +%Y%m%dT%H%M%SZ)
environment="environment=[{name=RESULTS,value=$results}]"

array=$(cli batch submit-job --job-name driftgate-shard --job-queue "$queue" --job-definition "$(output Shard)" \
  --array-properties size="$shards" --container-overrides "$environment" --query jobId --output text)
merge=$(cli batch submit-job --job-name driftgate-merge --job-queue "$queue" --job-definition "$(output Merge)" \
  --depends-on jobId="$array" --container-overrides "$environment" --query jobId --output text)
echo "array job $array, then $merge; results in $results" >&2

while :; do
  status=$(job status)
  case $status in
  SUCCEEDED | FAILED) break ;;
  esac
  sleep 15
done
code=$(job container.exitCode)
# A merge that never began has no code: a shard failed, and its job has the reason.
case $code in
'' | None) echo "not merged: $(job statusReason)" >&2; exit 4 ;;
esac
# Results that cannot be merged have no report.
[ "$code" -eq 2 ] || cli s3 cp --only-show-errors "$results/all.md" -
exit "$code"
