#!/bin/sh
# Run by the runner when a job starts (ACTIONS_RUNNER_HOOK_JOB_STARTED): tells the journal whose job it is.
# Its exit code is the job's, so it is always 0; and it never takes longer than 2 seconds.
PATH=/usr/bin:/bin
timeout --kill-after=0.2 1.8 pawsctl hook job-started </dev/null || :
exit 0
