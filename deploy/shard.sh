#!/bin/sh
# Audits one shard and puts its result into S3, where merge.sh looks for it. Takes the flags of `driftgate audit`.
# RESULTS is a prefix of this run alone, as s3://bucket/run. SHARD is I/N; in an array job of AWS Batch it is not needed.
set -u
: "${RESULTS:?is where the results go: s3://bucket/run}"

code=0
driftgate audit --shard "${SHARD:-auto}" --report json=result.json "$@" || code=$?
# 1 and 3 are verdicts on this shard: its work is done, and the merge gives the verdict on the whole.
case $code in
0 | 1 | 3) ;;
*) exit "$code" ;;
esac
aws s3 cp --only-show-errors result.json "$RESULTS/shards/${AWS_BATCH_JOB_ARRAY_INDEX:-${SHARD%/*}}.json" || exit 4
