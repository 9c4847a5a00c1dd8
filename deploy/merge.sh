#!/bin/sh
# Merges the results that shard.sh put into S3 and puts the whole beside them. The exit code is the gate.
set -u
: "${RESULTS:?is where the results are: s3://bucket/run}"

aws s3 cp --only-show-errors --recursive "$RESULTS/shards/" shards/ || exit 4
code=0
driftgate report merge shards/*.json --report text --report json=all.json --report markdown=all.md || code=$?
for file in all.json all.md; do
  [ ! -e "$file" ] || aws s3 cp --only-show-errors "$file" "$RESULTS/$file" || exit 4
done
exit "$code"
