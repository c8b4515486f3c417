# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""How soon one sees a thousand deployments."""
import pathlib
import statistics
import subprocess
import tempfile
import time

import world

SPENT = pathlib.Path(__file__).resolve().parents[2] / "bench/spent.py"


def wait_for_change(test, page, number):
    """Milliseconds from the API server's answer to a patch until the page shows it."""
    name = f"graph-{number:04}"
    namespace, wanted = f"team-{number % 20:02}", f"State{number}-{int(time.time())}"
    page.evaluate("""([id, wanted]) => {
        const cell = document.querySelector(`tr[data-id="${id}"] td:nth-child(3)`);
        window.seen = new Promise((resolve) => {
            const observer = new MutationObserver(() => {
                if (cell.textContent === wanted) {
                    observer.disconnect();
                    resolve(Date.now());
                }
            });
            observer.observe(cell, {subtree: true, childList: true, characterData: true});
        });
    }""", [f"clusters/{namespace}/{name}", wanted])
    test.patch_phase(namespace, world.CLUSTER, name, wanted)
    done = time.time() * 1000
    return page.evaluate("window.seen") - done


def measure_status(test, total):
    """status -A, as the shell sees it; the processor's time tells more than the clock's on a busy machine."""
    figures = []
    with tempfile.NamedTemporaryFile("r") as out:
        for _ in range(5):
            done = subprocess.run([SPENT, out.name, test.arguments.program, "status", "-A"], env={"KUBECONFIG": test.kubeconfig}, stdout=subprocess.PIPE, text=True, check=True)
            status, *spent = map(float, done.stdout.split())
            out.seek(0)
            assert status == 0 and f"{total} deployments:" in out.read(), "status -A shows them all"
            figures.append(spent)
    walls, processors, sizes = zip(*figures)
    print(f"    status -A with {total} deployments: {statistics.median(walls):.2f} s (wanted: 1.5 at most), {statistics.median(processors):.2f} s of a processor, {max(sizes):.0f} MiB (wanted: 32 at most); of {len(walls)}", flush=True)
