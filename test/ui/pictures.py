#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of docs/pictures, inside the cluster's network; script/pictures calls this."""
import argparse
import html
import os
import pathlib
import pty
import re
import subprocess
import sys

import page
import world
from playwright.sync_api import expect, sync_playwright

COLOURS = {"31": "#ff8c8c", "32": "#58d6a0", "33": "#f3bd5b", "90": "#9ba5bf", "2": "#9ba5bf", "1": "#ffffff"}
TERMINAL = """<!doctype html><meta charset="utf-8"><style>body { margin: 0; padding: 22px; background: #0d1017; }
pre { margin: 0; padding: 18px 22px; display: inline-block; border-radius: 12px; background: #161a24; color: #e8ebf4; font: 14px/1.5 "DejaVu Sans Mono", monospace; }</style><pre>"""


def on_a_terminal(program, *arguments):
    """What a command writes there, colours and all."""
    main_side, terminal = pty.openpty()
    process = subprocess.Popen([program, *arguments], stdout=terminal, stderr=subprocess.STDOUT, env=os.environ | {"TERM": "xterm-256color"})
    os.close(terminal)
    said = b""
    while True:
        try:
            piece = os.read(main_side, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    process.wait()
    return said.decode().replace("\r\n", "\n")


def coloured(text):
    """Its escape sequences as markup."""
    out, is_open = [], False
    for piece in re.split(r"(\x1b\[[0-9;]*m)", text):
        match = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if not match:
            out.append(html.escape(piece))
            continue
        if is_open:
            out.append("</span>")
        colour = next((COLOURS[code] for code in match.group(1).split(";") if code in COLOURS), None)
        is_open = colour is not None
        if is_open:
            out.append(f'<span style="color: {colour}">')
    return "".join(out)


def pretend_operator(api):
    """A deployment by its name, so that the page sees one running."""
    api.tell("POST", "/api/v1/namespaces", {"metadata": {"name": "neofleet-system"}})
    labels = {"app.kubernetes.io/name": "neofleet"}
    path = "/apis/apps/v1/namespaces/neofleet-system/deployments"
    api.tell("POST", path, {"metadata": {"name": "neofleet", "labels": labels}, "spec": {
        "replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "neofleet", "image": "neofleet"}]}}}})
    page.wait_for("the operator's pod", lambda: api.call("GET", path + "/neofleet")["status"].get("readyReplicas") == 1)


def take_terminal(test, folder):
    text = "$ kubectl neofleet status -A\n" + on_a_terminal(test.arguments.program, "status", "-A")
    shot = test.browser.new_context(viewport={"width": 1300, "height": 400}, device_scale_factor=1.5).new_page()
    shot.set_content(TERMINAL + coloured(text) + "</pre>")
    size = shot.evaluate("(() => { const box = document.querySelector('pre').getBoundingClientRect(); return [box.width + 44, box.height + 44]; })()")
    shot.set_viewport_size({"width": int(size[0]) + 1, "height": int(size[1]) + 1})
    shot.screenshot(path=str(folder / "status.png"))
    shot.context.close()


def take_page(test, folder):
    ui = test.ui("-A")
    view = test.page(ui, device_scale_factor=1.5, reduced_motion="reduce")
    view.set_viewport_size({"width": 1320, "height": 1080})
    expect(view.locator(".notice")).to_have_count(0)
    for scheme in ("light", "dark"):
        view.emulate_media(color_scheme=scheme)
        view.goto(f"{ui.origin}{ui.parts.path}#/")
        expect(view.locator("tbody tr")).to_have_count(len(world.FLEET))
        view.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
        view.screenshot(path=str(folder / f"fleet-{scheme}.png"))
        view.goto(f"{ui.origin}{ui.parts.path}#/clusters/shop/orders")
        expect(view.locator("#panel-events")).to_contain_text("Roll stopped")
        view.screenshot(path=str(folder / f"deployment-{scheme}.png"))


def main():
    options = argparse.ArgumentParser()
    for name in ("program", "cluster", "pictures"):
        options.add_argument("--" + name, type=pathlib.Path)
    arguments = options.parse_args()
    api = world.Api(arguments.cluster)
    page.prepare(api)
    pretend_operator(api)
    arguments.pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=page.CHROMIUM, args=["--no-sandbox"])
        test = page.Test(arguments, browser, api)
        take_page(test, arguments.pictures)
        take_terminal(test, arguments.pictures)
        test.close()
        browser.close()
    return 0


sys.exit(main())
