"""SLURM's commands as shell scripts: jobs are processes of this machine.

A file `hold` in their folder keeps new jobs in the queue; with `broken`, sbatch and sacct fail.
"""

from itertools import count

COMMANDS = {
    "sbatch": """
if [ -e "$STATE/broken" ]; then echo "sbatch: error: invalid partition specified" >&2; exit 1; fi
id=$(ls "$STATE" | grep -c '[.]job$'); id=$((id + {first}))
cp "$1" "$STATE/$id.job"
if [ -e "$STATE/hold" ]; then echo PENDING > "$STATE/$id.state"; else start_job $id; fi
echo "Submitted batch job $id"
""",
    # srun --unbuffered --output FILE --error FILE COMMAND...
    "srun": """
output=${3//%j/$SLURM_JOB_ID} error=${5//%j/$SLURM_JOB_ID}
shift 5
exec "$@" >> "${output//%t/0}" 2>> "${error//%t/0}"
""",
    "sacct": """
if [ -e "$STATE/broken" ]; then echo "slurmdbd: connection refused" >&2; exit 1; fi
echo "JobID|State|NodeList"
for file in "$STATE"/*.state; do
    [ -e "$file" ] && echo "$(basename "$file" .state)|$(cat "$file")|here"
done
exit 0
""",
    "scancel": """
echo CANCELLED > "$STATE/$1.state"
[ -e "$STATE/$1.pid" ] && kill -KILL -- -"$(cat "$STATE/$1.pid")" 2> /dev/null
exit 0
""",
    "scontrol": """
echo "$@" >> "$STATE/scontrol"
echo REQUEUED > "$STATE/$2.state"
""",
}
START = """#!/bin/bash
export STATE={state}
start_job() {{
    echo RUNNING > "$STATE/$1.state"
    SLURM_JOB_ID=$1 SLURM_NTASKS=1 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 \\
    SLURM_JOB_NUM_NODES=1 setsid bash -c '
        echo $$ > "$STATE/$0.pid"
        while true; do
            bash "$STATE/$0.job"
            code=$?
            [ "$(cat "$STATE/$0.state")" = REQUEUED ] || break
            echo RUNNING > "$STATE/$0.state"
        done
        if [ $code = 0 ]; then echo COMPLETED; else echo FAILED; fi > "$STATE/$0.state"
    ' "$1" > /dev/null 2>&1 &
}}
"""


_numbers = count(100, 100)  # submitit remembers the jobs of a process


def install(folder):
    """Write the commands; return their folder, for PATH, and that of their jobs."""
    commands, state = folder / "commands", folder / "state"
    commands.mkdir()
    state.mkdir()
    first = str(next(_numbers))
    for name, text in COMMANDS.items():
        (commands / name).write_text(START.format(state=state) + text.replace("{first}", first))
        (commands / name).chmod(0o755)
    return commands, state
